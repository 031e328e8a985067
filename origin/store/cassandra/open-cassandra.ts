import type { Client } from 'cassandra-driver'
import type { OpenOptions } from '../open-store.ts'
import { type SegmentStore, StoreError, unobserved } from '../segment-store.ts'
import type { StoreConfig } from '../store-config.ts'
import { CassandraStore } from './cassandra-store.ts'
import { prepareKeyspace } from './keyspace.ts'
import { reason } from './retry-budget.ts'
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
    await prepareKeyspace(writer, config, keepMs)
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
    const why = reason(error as Error)
    // The driver says which data centres there are, once for each contact point.
    const others = /only found hosts in data centers: \[([^\]]*)\]/.exec(why)?.[1]
    throw new StoreError(
      'unavailable',
      others === undefined
        ? `Cassandra cannot be reached at ${where} (${why}). Check that its nodes run and that contactPoints name them; "npm run services" starts some`
        : `Cassandra at ${where} has no data centre ${localDataCentre}; it has ${others}. Name one of these as localDataCentre`,
      { cause: error },
    )
  }
}
