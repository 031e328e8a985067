import { setTimeout as pause } from 'node:timers/promises'
import { type Client, types } from 'cassandra-driver'
import type { Ms } from '../../../live/units.ts'
import { StoreError } from '../segment-store.ts'
import type { CassandraConfig } from './open-cassandra.ts'
import { reason, withinBudget } from './retry-budget.ts'
import { keyspaceStatement, schemaVersion, tableStatements } from './schema.ts'

// The keyspace and its tables: made when they are not there, refused when they are not as wanted.

/** How long the nodes that are up may take to agree on new tables; one that is down learns of them later. */
const agreeWithinMs = 30_000
const askEveryMs = 50
/** For one statement with its retries: a node that has just heard of a table may still fail on it. */
const statementWithinMs = 20_000

/** Makes what is not there yet. Throws StoreError: `schema` for what is there and is not ours or not as wanted. */
export async function prepareKeyspace(client: Client, config: CassandraConfig, keepMs: Ms): Promise<void> {
  const { keyspace, replication, localDataCentre } = config
  try {
    const there = await copiesOf(client, keyspace)
    if (there) checkCopies(config, there)
    else if (!replication) {
      throw new StoreError(
        'unavailable',
        `there is no keyspace ${keyspace}: make it, or say how many copies each data centre is to have (replication: {${localDataCentre}: 3})`,
      )
    }
    if (there && (await hasVersion(client, keyspace))) return
    await makeTables(client, localDataCentre, [
      ...(replication && !there ? [keyspaceStatement(keyspace, replication)] : []),
      ...tableStatements(keyspace, keepMs),
    ])
    const version = `INSERT INTO ${keyspace}.schema_version (id, version) VALUES ('tidegate', ${schemaVersion})`
    await patiently(keyspace, () => client.execute(version))
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError('unavailable', `keyspace ${keyspace} cannot be prepared: ${reason(error as Error)}`, {
      cause: error,
    })
  }
}

const patiently = <Result>(what: string, act: () => Promise<Result>): Promise<Result> =>
  withinBudget({ what, deadline: performance.now() + statementWithinMs, onRetry: () => {} }, act)

/** All by one node, which knows what it has made; then the others are waited for, once. */
async function makeTables(client: Client, localDataCentre: string, statements: readonly string[]): Promise<void> {
  const host = client.hosts.values().find(each => each.datacenter === localDataCentre && each.isUp())
  const execute = (statement: string) => client.execute(statement, [], { prepare: false, ...(host && { host }) })
  for (const statement of statements) await execute(statement)
  const end = performance.now() + agreeWithinMs
  while (!(await agree(client, execute))) {
    if (performance.now() > end) {
      throw new StoreError('unavailable', `the nodes did not agree on the new tables within ${agreeWithinMs} ms`)
    }
    await pause(askEveryMs)
  }
}

/** Whether every node that is up has the tables of the one that is asked. */
async function agree(client: Client, execute: (statement: string) => Promise<types.ResultSet>): Promise<boolean> {
  const [local, peers] = await Promise.all([
    execute('SELECT schema_version FROM system.local'),
    execute('SELECT peer, schema_version FROM system.peers'),
  ])
  const down = client.hosts.values().filter(host => !host.isUp())
  const isUp = (row: types.Row) => !down.some(({ address }) => address.startsWith(`${row.peer}:`))
  const versions = [...local.rows, ...peers.rows.filter(isUp)].map(row => String(row.schema_version))
  return new Set(versions).size === 1
}

/** True when the tables are there and of our version; false when they must be made. Throws `schema` for another one. */
async function hasVersion(client: Client, keyspace: string): Promise<boolean> {
  const tables = await client.execute(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, 'schema_version'],
    { consistency: types.consistencies.localOne },
  )
  if (tables.rowLength === 0) return false
  const { rows } = await patiently(keyspace, () =>
    client.execute(`SELECT version FROM ${keyspace}.schema_version WHERE id = 'tidegate'`),
  )
  const version = rows[0]?.version as number | undefined
  if (version === undefined) return false
  if (version === schemaVersion) return true
  throw new StoreError(
    'schema',
    `keyspace ${keyspace} was made by a Tidegate with schema version ${version}, this one has ${schemaVersion}: name another keyspace, or migrate it (docs/storage.md, "Another version")`,
  )
}

/** Copies in each data centre as the keyspace has them; undefined when there is no such keyspace. */
async function copiesOf(client: Client, keyspace: string): Promise<Readonly<Record<string, string>> | undefined> {
  const { rows } = await client.execute(
    'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?',
    [keyspace],
    { consistency: types.consistencies.localOne },
  )
  return rows[0]?.replication
}

function checkCopies(
  { keyspace, replication, localDataCentre }: CassandraConfig,
  there: Readonly<Record<string, string>>,
): void {
  const { class: strategy = '', ...copies } = there
  if (!strategy.endsWith('NetworkTopologyStrategy') || !(localDataCentre in copies)) {
    throw new StoreError(
      'schema',
      `keyspace ${keyspace} has no copies in data centre ${localDataCentre} (${JSON.stringify(there)}): ALTER KEYSPACE with NetworkTopologyStrategy, or name another data centre`,
    )
  }
  for (const [dataCentre, wanted] of Object.entries(replication ?? {})) {
    if (copies[dataCentre] === String(wanted)) continue
    throw new StoreError(
      'schema',
      `keyspace ${keyspace} keeps ${copies[dataCentre] ?? 'no'} copies in data centre ${dataCentre}, the configuration wants ${wanted}: ALTER KEYSPACE and repair, or leave replication out`,
    )
  }
}
