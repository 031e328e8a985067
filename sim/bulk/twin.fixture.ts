import { type EdgePolicy, policyOf } from '../../edge/core/policy.ts'
import { anEvent } from '../../live/event.fixture.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { Simulation } from '../exact/simulate.ts'
import { syntheticMedia } from '../media.ts'
import type { BulkFault } from './faults.ts'
import { countsOfBulk } from './twin.ts'
import { countsOfExact, type TwinCounts } from './twin-counts.ts'

// Small storms in both modes, for tests.

interface Twin {
  readonly exact: TwinCounts
  readonly bulk: TwinCounts
}

export interface TwinInput {
  readonly players: number
  /** Edges of each site. */
  readonly sites: readonly number[]
  readonly policy: string
  readonly switches?: Partial<EdgePolicy>
  readonly fleet?: Partial<Scenario['fleet']>
  readonly actions?: Scenario['actions']
  readonly faults?: readonly BulkFault[]
  readonly durationMs?: number
  readonly seed?: number
  readonly representatives?: number
}

const bornMs = 1_700_000_000_000

/** Runs both. Sites are named a, b, … */
export function runTwins(input: TwinInput): Twin {
  const { players, sites, policy, durationMs = 20_000, seed = 1, actions = [], faults = [] } = input
  const scenario = scenarioSchema.parse({
    name: 'twin',
    shows: 'the same storm in both modes',
    seed,
    durationMs,
    event: { backlogSegments: 15 },
    store: { is: 'memory' },
    topology: { regions: ['eu'], sites: sites.map((edges, i) => ({ name: 'abcdefgh'[i], edges })) },
    fleet: {
      players,
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 3_000, share: 1 }],
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 },
      ...input.fleet,
    },
    actions,
  })
  const event = anEvent({ event: 'twin', startMs: bornMs - 32_000 })
  const common = { scenario, policy: policyOf(policy, input.switches), event, calibration: defaultCalibration }
  const simulation = new Simulation({ ...common, media: syntheticMedia(event), bornMs })
  while (simulation.slice()) {
    // to its end
  }
  const { startMs } = simulation.world
  const representatives = input.representatives ?? 10_000
  return {
    exact: countsOfExact(simulation.finish()),
    bulk: countsOfBulk({ ...common, startMs, faults, representatives }),
  }
}
