import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, types } from 'cassandra-driver'
import { type CassandraService, findCassandra, startCassandra } from '../../../../services/cassandra/cassandra.ts'
import { AbsentError } from '../../../../services/service.ts'
import type { StoreConfig } from '../../store-config.ts'

// Real clusters for tests, or one loud line when this machine cannot have any.

/** Why there is no Cassandra here; undefined when there is. The jars are fetched, once a machine. */
export async function whyAbsent(): Promise<string | undefined> {
  try {
    await findCassandra()
    return undefined
  } catch (error) {
    if (!(error instanceof AbsentError)) throw error
    process.stderr.write(`NOT TESTED: ${error.message}\n`)
    return error.message
  }
}

type CassandraConfig = Extract<StoreConfig, { is: 'cassandra' }>

export interface TestCluster {
  readonly service: CassandraService
  readonly folder: string
  /** A client of its own, for what the store does not do: another version, a broken chunk, an empty table. */
  readonly admin: Client
  /** The configuration of a store in `dataCentre` whose keyspace has as many copies in each as `replication` says. */
  config(dataCentre: string, keyspace: string, replication?: Record<string, number>): CassandraConfig
  stop(): Promise<void>
}

/** What starts nodes: 5 s of CPU each, on two cores that may have other things to do as well. */
export const startWithinMs = 200_000

export async function startTestCluster(dataCentres: Readonly<Record<string, number>>): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-cassandra-'))
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  const service = await startCassandra({ folder, dataCentres }).catch(error => {
    remove()
    throw error
  })
  const [dataCentre = ''] = Object.keys(dataCentres)
  const admin = new Client({
    contactPoints: Object.keys(dataCentres).flatMap(each => service.contactPoints(each)),
    localDataCenter: dataCentre,
    queryOptions: { consistency: types.consistencies.localQuorum },
    protocolOptions: { maxSchemaAgreementWaitSeconds: 0 },
  })
  const stop = async () => {
    await admin.shutdown()
    await service.stop()
    remove()
  }
  await admin.connect().catch(async error => {
    await stop()
    throw error
  })
  return {
    service,
    folder,
    admin,
    config: (localDataCentre, keyspace, replication) => ({
      is: 'cassandra',
      contactPoints: [...service.contactPoints(localDataCentre)],
      localDataCentre,
      keyspace,
      ...(replication && { replication }),
    }),
    stop,
  }
}

/** Empties a keyspace: each table that has a row, because a table that is emptied costs every node a flush. */
export async function emptyKeyspace(admin: Client, keyspace: string): Promise<void> {
  const { rows } = await admin.execute(
    'SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?',
    [keyspace],
    {
      prepare: true,
    },
  )
  const names = rows.map(({ table_name }) => `${keyspace}.${table_name}`)
  await Promise.all(
    names
      .filter(name => !name.endsWith('.schema_version'))
      .map(async name => {
        const { rowLength } = await admin.execute(`SELECT * FROM ${name} LIMIT 1`)
        if (rowLength > 0) await admin.execute(`TRUNCATE ${name}`)
      }),
  )
}

/** The schemas that the nodes of a data centre have; one, where they have all heard of everything. */
export async function schemasIn(admin: Client, dataCentre: string): Promise<string[]> {
  const hosts = admin.hosts.values().filter(({ datacenter }) => datacenter === dataCentre)
  const said = await Promise.all(
    [...hosts].map(host => admin.execute('SELECT schema_version FROM system.local', [], { host })),
  )
  return [...new Set(said.map(({ rows }) => String(rows[0]?.schema_version)))]
}

/** What makes a keyspace: half a second of CPU on each node. */
export const openWithinMs = 60_000
