import { loadScenario } from '../../scenarios/load.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'

// The storms in which our policy `nginx` and nginx itself are compared, each small enough for several runs of both.

export function presetStorms(): Scenario[] {
  const small = (name: string, players: number, durationMs: number): Scenario => {
    const scenario = loadScenario(name)
    const scale = durationMs / scenario.durationMs
    const actions = scenario.actions.map(action => ({ ...action, atMs: Math.round(action.atMs * scale) }))
    return { ...scenario, durationMs, actions, checks: [], fleet: { ...scenario.fleet, players } }
  }
  return [
    heldRequests(),
    small('early-birds', 60, 10_000),
    small('kickoff', 80, 10_000),
    small('late-publish', 80, 14_000),
  ]
}

/** Everybody asks for the newest segment about 600 ms before it is published, and once: the request is held. */
const heldRequests = (): Scenario =>
  scenarioSchema.parse({
    name: 'held-requests',
    shows: 'Every player asks for the newest segment shortly before it is published, and is held.',
    seed: 600,
    durationMs: 10_000,
    event: {
      backlogSegments: 10,
      renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 200_000 }],
    },
    topology: { sites: [{ name: 'a', edges: 2 }] },
    fleet: {
      players: 60,
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 1_000, share: 1 }],
      earlyPollers: { share: 1, everyMs: 5_000, aheadMs: 600 },
      connections: 'per-player',
    },
  })
