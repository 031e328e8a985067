import { loadScenario } from '../../../scenarios/load.ts'
import { type Scenario, scenarioSchema } from '../../../scenarios/schema.ts'
import { runScenario } from '../../run.ts'
import type { StoreName } from './store-grounds.ts'

// What faults cost: the storage scenarios as real runs, each over every durable store that its fault can happen to. The
// origin's own processes, the real stores and every PUT that was acknowledged are in it.

export interface FaultOptions {
  /** Of each scenario; its own when absent. A test has less time. */
  readonly durationMs?: number | undefined
}

interface FaultRun {
  readonly scenario: string
  readonly store: StoreName
  /** Its reads must all succeed (issue 5: `reads_failed_after_retries` of node-loss and cache-loss). */
  readonly readsMustSucceed?: true
  /** Publish and delivery as processes of their own. */
  readonly split?: true
  /** `oca` when absent. */
  readonly policy?: 'none'
}

/** `early-birds` asks for what does not exist; without a cache all of that storm of 404s reaches the origin. */
const faultRuns: readonly FaultRun[] = [
  { scenario: 'torn-upload', store: 'lsm' },
  { scenario: 'origin-crash', store: 'lsm' },
  { scenario: 'storage-stall', store: 'lsm' },
  { scenario: 'cache-loss', store: 'lsm', readsMustSucceed: true },
  { scenario: 'early-birds', store: 'lsm', policy: 'none' },
  { scenario: 'torn-upload', store: 's3' },
  { scenario: 'origin-crash', store: 's3' },
  { scenario: 'cache-loss', store: 's3', readsMustSucceed: true },
  { scenario: 'node-loss', store: 'cassandra', readsMustSucceed: true },
  { scenario: 'cache-loss', store: 'cassandra', readsMustSucceed: true },
  { scenario: 'torn-upload', store: 'cassandra' },
  { scenario: 'region-loss', store: 'cassandra' },
  { scenario: 'early-birds', store: 'cassandra', split: true },
]

export interface PlannedFault extends FaultRun {
  readonly plan: Scenario
}

/** The runs over `stores`. Throws where a scenario cannot be run with such a store: before anything is measured. */
export const planFaults = (stores: readonly StoreName[], { durationMs }: Pick<FaultOptions, 'durationMs'>) =>
  faultRuns
    .filter(({ store }) => stores.includes(store))
    .map((run): PlannedFault => ({ ...run, plan: scenarioOf(run, durationMs) }))

/** Runs them and resolves with the figures, by run (`figure.scenario_store`) and in all. */
export async function measureFaults(
  planned: readonly PlannedFault[],
  out: string,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  let [lost, failed, runs] = [0, 0, 0]
  for (const run of planned) {
    const name = `${run.scenario}_${run.store}`
    tell(`${run.scenario} over ${run.store}${run.split ? ', roles apart' : ''}`)
    const got = await figuresOf(run, out)
    const take = (figure: string): number => {
      const value = got[figure]
      // What nobody measured must not look like nothing lost.
      if (value === undefined) throw new Error(`${name} measured no ${figure}`)
      figures[`${figure}.${name}`] = value
      return value
    }
    lost += take('acknowledged_lost')
    take('acknowledged')
    if (run.readsMustSucceed) failed += take('reads_failed_after_retries')
    if (run.scenario === 'early-birds' && !run.split) {
      figures.storage_reads_in_404_storm = take('storage_reads_in_404_storm')
      take('origin_requests')
    }
    if (run.split) figures.publish_to_hold_visible_ms_p50 = take('publish_to_hold_visible_ms_p50')
    if (run.scenario === 'region-loss') {
      for (const figure of ['read_your_writes_ms_p99', 'read_your_writes_across_ms_p99', 'writes_over_500_ms']) {
        if (got[figure] !== undefined) figures[`${figure}.${name}`] = got[figure]
      }
    }
    runs++
  }
  if (runs === 0) return {}
  const mustSucceed = Object.keys(figures).some(name => name.startsWith('reads_failed_after_retries.'))
  return {
    ...figures,
    acknowledged_lost: lost,
    ...(mustSucceed ? { reads_failed_after_retries: failed } : {}),
    fault_runs: runs,
  }
}

async function figuresOf(run: PlannedFault, out: string): Promise<Record<string, number>> {
  const { record } = await runScenario(run.plan, {
    policies: [run.policy ?? 'oca'],
    out,
    command: `bench:store, ${run.scenario}`,
  })
  const [variant] = record.variants
  if (!variant || record.partial) throw new Error(`the run of ${run.scenario} over ${run.store} was not finished`)
  return variant.figures
}

/** The scenario of the house with another store under it; what a store has of its own (nodes, servers) stays. */
function scenarioOf({ scenario: name, store, split }: FaultRun, durationMs: number | undefined): Scenario {
  const scenario = loadScenario(name)
  const { memcached } = scenario.store
  const own = scenario.store.is === store ? scenario.store : { is: store, ...(memcached ? { memcached } : {}) }
  return scenarioSchema.parse({
    ...scenario,
    store: own,
    durationMs: durationMs ?? scenario.durationMs,
    topology: { ...scenario.topology, ...(split ? { roles: 'split' } : {}) },
  })
}
