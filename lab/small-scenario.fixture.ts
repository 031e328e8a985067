import { definitionOf } from '../results/figure-definitions.ts'
import type { Variant } from '../results/record/record.ts'
import type { Scenario } from '../scenarios/schema.ts'

// A scenario small enough for a test: a dozen players, segments of one second, a storm of seconds. What the checks ask for
// must hold at any size.

export const players = 12
const durationMs = 7_000
const quick = {
  segmentMs: 1_000,
  publishDelayMs: 500,
  longestHoldMs: 1_500,
  clockSlackMs: 500,
  suggestedDelayMs: 2_000,
}
/** Enough to be several sites. */
const mostSites = 4

/** An edge goes early: on a busy machine it takes seconds until it is back. */
const edgeGoesMs = 2_490
/** Real media keeps its segments of 2 s; where a process goes, some segments must lie behind what its loss touches. */
const addedMs = ({ event, actions }: Scenario): number =>
  event.body === 'cmaf' ? 2_000 : actions.some(action => goes(action.do) || 'edge' in action) ? 4_000 : 0

const goes = (action: string): boolean => /^(kill|lose|restart)-(edge|origin|region|node)$/.test(action)

/** `scenario` with few players, in a short time. */
export function small(scenario: Scenario): Scenario {
  const isMedia = scenario.event.body === 'cmaf'
  const wholeMs = durationMs + addedMs(scenario)
  const scale = (ms: number) => (ms * wholeMs) / scenario.durationMs
  const { topology } = scenario
  return {
    ...scenario,
    durationMs: wholeMs,
    event: {
      ...scenario.event,
      ...(isMedia ? {} : quick),
      backlogSegments: Math.min(20, scenario.event.backlogSegments),
    },
    topology: { ...topology, sites: topology.sites.slice(0, mostSites) },
    fleet: { ...scenario.fleet, players, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 400, share: 1 }] },
    actions: scenario.actions.map(action => ({
      ...action,
      atMs: 'edge' in action || goes(action.do) ? edgeGoesMs : scale(action.atMs),
      ...('forMs' in action && action.forMs !== undefined ? { forMs: scale(action.forMs) } : {}),
      ...('downMs' in action && action.downMs !== undefined ? { downMs: scale(action.downMs) } : {}),
    })),
  }
}

/** Checks of what the design fixes; how long things take says little on a machine that runs tests. */
export const firmChecks = ({ checks }: Variant) => checks.filter(check => definitionOf(check.figure)?.kind === 'exact')

/** What the scenario itself ordered: without what the lab notes when something is back. */
export const ordered = ({ actions }: Variant) =>
  actions.filter(({ action }) => !/^(revive|restore)-/.test(String(action.do)))
