import { scenarioNames } from '../../scenarios/list.ts'
import { loadScenario } from '../../scenarios/load.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { findCassandra } from '../../services/cassandra/cassandra.ts'
import { findMemcached } from '../../services/memcached.ts'

// The scenarios that can be run as real processes on this machine.

export interface Here {
  readonly scenarios: readonly Scenario[]
  /** A line for each that cannot be run, with what to install. */
  readonly absent: readonly string[]
}

/** An event without an end is as good after half a minute. */
const mostDurationMs = 30_000

/** Those of `names`, or all. Throws ScenarioError for one that does not exist. */
export async function scenariosHere(names: readonly string[] = scenarioNames()): Promise<Here> {
  const scenarios: Scenario[] = []
  const absent: string[] = []
  for (const name of names) {
    const loaded = loadScenario(name)
    const scenario = { ...loaded, durationMs: Math.min(loaded.durationMs, mostDurationMs) }
    const missing = await missingFor(scenario)
    if (missing === undefined) scenarios.push(scenario)
    else absent.push(`NOT VALIDATED: ${name}: ${missing}`)
  }
  return { scenarios, absent }
}

/** What of the real software that `scenario` stores in is not here. */
async function missingFor({ store }: Scenario): Promise<string | undefined> {
  if (store.memcached) {
    const memcached = await findMemcached()
    if ('absent' in memcached) return memcached.absent
  }
  if (store.is !== 'cassandra') return undefined
  return findCassandra().then(
    () => undefined,
    (error: Error) => error.message,
  )
}

/** About how long one real run of `scenario` takes: the storm, and what is started and stopped around it. */
export function runTakesMs({ durationMs, policies, store }: Scenario): number {
  const [aroundMs, clusterMs] = [8_000, 60_000]
  return policies.length * (durationMs + aroundMs) + (store.is === 'cassandra' ? clusterMs : 0)
}

/** `scenario` with its own seed and those behind it, `seeds` in all. */
export const overSeeds = (scenario: Scenario, seeds: number): Scenario[] =>
  Array.from({ length: seeds }, (_, i) => ({ ...scenario, seed: scenario.seed + i }))
