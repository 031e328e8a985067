import { join } from 'node:path'
import type { Scenario } from '../../scenarios/schema.ts'
import { nodesOf } from '../../scenarios/store-schema.ts'
import { type CassandraService, startCassandra } from '../../services/cassandra/cassandra.ts'
import { ServiceError } from '../../services/service.ts'
import { HarnessError } from '../harness-error.ts'

// What all variants of a run share of its storage: a Cassandra cluster takes half a minute to start, so there is one for
// the run, and each variant has a keyspace of its own in it.

export interface RunStorage {
  /** Absent: the scenario's store is another. */
  readonly cassandra?: CassandraService | undefined
  stop(): Promise<void>
}

export interface RunStorageOptions {
  /** The run's folder. */
  readonly folder: string
  readonly tell: (doing: string) => void
  readonly signal: AbortSignal
}

/** Of scenarios whose variants have all of their storage for themselves. */
export const nothingShared: RunStorage = { stop: async () => undefined }

/** Starts what `scenario` needs for all of its variants. Throws HarnessError with the words to install what is missing. */
export async function startRunStorage(scenario: Scenario, options: RunStorageOptions): Promise<RunStorage> {
  const { store, topology } = scenario
  if (store.is !== 'cassandra') return nothingShared
  const { folder, tell, signal } = options
  const dataCentres = Object.fromEntries(topology.regions.map(region => [region, nodesOf(store, region)]))
  const cassandra = await asHarness(startCassandra({ folder: join(folder, 'cassandra'), dataCentres, tell, signal }))
  return { cassandra, stop: () => cassandra.stop() }
}

/** A service that is missing or does not start is the harness's failure (exit code 1): nothing was measured. */
export async function asHarness<Result>(starting: Promise<Result>): Promise<Result> {
  try {
    return await starting
  } catch (error) {
    throw error instanceof ServiceError ? new HarnessError(error.message) : error
  }
}
