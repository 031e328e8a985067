import { type Client, errors, types } from 'cassandra-driver'
import type { OpenOptions } from '../open-store.ts'
import { type SegmentStore, StoreError, unobserved } from '../segment-store.ts'
import type { StoreConfig } from '../store-config.ts'
import { CassandraStore } from './cassandra-store.ts'
import { reason } from './retry-budget.ts'
import { keyspaceStatement, schemaVersion, tableStatements } from './schema.ts'
import { makeClient } from './session.ts'

// From a configuration to a store that can be read and written, or to words that say what to check.

export type CassandraConfig = Extract<StoreConfig, { is: 'cassandra' }>

/** Throws StoreError: `unavailable` when it cannot be reached, `schema` when its tables or copies are not as wanted. */
export async function openCassandra(config: CassandraConfig, options: OpenOptions): Promise<SegmentStore> {
  const { observer = unobserved, budgetMs, keepMs } = options
  const [writer, reader] = [
    makeClient({ ...config, budgetMs, observer }),
    makeClient({ ...config, budgetMs, observer }),
  ]
  try {
    await connect(writer, config)
    await prepareKeyspace(writer, config, options)
    await connect(reader, config)
  } catch (error) {
    await Promise.all([writer.shutdown(), reader.shutdown()])
    throw error
  }
  const { keyspace, localDataCentre } = config
  return new CassandraStore({ writer, reader, keyspace, localDataCentre, budgetMs, keepMs, observer })
}

async function connect(client: Client, { contactPoints, localDataCentre }: CassandraConfig): Promise<void> {
  try {
    await client.connect()
  } catch (error) {
    const where = contactPoints.join(', ')
    if (error instanceof errors.NoHostAvailableError) {
      throw new StoreError(
        'unavailable',
        `Cassandra cannot be reached at ${where} (${reason(error)}). Check that its nodes run and that contactPoints name them; "npm run services" starts some`,
        { cause: error },
      )
    }
    // The driver's words name the data centres that there are.
    throw new StoreError(
      'unavailable',
      `Cassandra at ${where} does not take us as a client in data centre ${localDataCentre}: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** Makes what is not there yet, and refuses what is there and is not ours. */
async function prepareKeyspace(client: Client, config: CassandraConfig, { keepMs }: OpenOptions): Promise<void> {
  const { keyspace, replication } = config
  try {
    // Never prepared: these are sent once.
    const run = (statement: string) => client.execute(statement, [], { prepare: false })
    if (!(await copiesOf(client, keyspace))) {
      if (!replication) {
        throw new StoreError(
          'unavailable',
          `there is no keyspace ${keyspace}: make it, or say how many copies each data centre is to have (replication: {${config.localDataCentre}: 3})`,
        )
      }
      await run(keyspaceStatement(keyspace, replication))
    }
    checkCopies(config, await copiesOf(client, keyspace))
    if (await hasVersion(client, keyspace)) return
    for (const statement of tableStatements(keyspace, keepMs)) await run(statement)
    await run(`INSERT INTO ${keyspace}.schema_version (id, version) VALUES ('tidegate', ${schemaVersion})`)
  } catch (error) {
    if (error instanceof StoreError) throw error
    throw new StoreError('unavailable', `keyspace ${keyspace} cannot be prepared: ${reason(error as Error)}`, {
      cause: error,
    })
  }
}

/** True when the tables are there and of our version; false when they must be made. Throws `schema` for another one. */
async function hasVersion(client: Client, keyspace: string): Promise<boolean> {
  const tables = await client.execute(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?',
    [keyspace, 'schema_version'],
    { consistency: types.consistencies.localOne },
  )
  if (tables.rowLength === 0) return false
  const { rows } = await client.execute(`SELECT version FROM ${keyspace}.schema_version WHERE id = 'tidegate'`)
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
  there: Readonly<Record<string, string>> = {},
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
