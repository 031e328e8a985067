import { type EdgePolicy, policyOf } from '../../edge/core/policy.ts'
import { anEvent } from '../../live/event.fixture.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { meanOf } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { Simulation } from '../exact/simulate.ts'
import { syntheticMedia } from '../media.ts'
import { simulateBulk } from './bulk.ts'
import type { BulkFault } from './faults.ts'
import type { BulkWorld } from './layout.ts'
import { totalOf } from './testing.fixture.ts'

// The same small storm in both modes: every player by itself, and in bulk; counts side by side.

export interface Counts {
  /** Requests of players: for segments, and for everything. */
  readonly segmentRequests: number
  readonly requests: number
  /** Requests to the origin for segments: those that brought one, and all. */
  readonly fills: number
  readonly originRequests: number
}

export interface Twin {
  readonly exact: Counts
  readonly bulk: Counts
}

export interface TwinInput {
  readonly players: number
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

/** Runs both. Sites are named a, b, … and all have as many edges as the list says. */
export function runTwins(input: TwinInput): Twin {
  const { players, sites, policy, durationMs = 20_000, seed = 1, actions = [], faults = [] } = input
  const scenario = scenarioSchema.parse({
    name: 'twin',
    shows: 'the same storm in both modes',
    seed,
    durationMs,
    event: { backlogSegments: 15 },
    topology: { regions: ['eu'], sites: sites.map((edges, i) => ({ name: 'abcdefgh'[i], edges })) },
    fleet: {
      players,
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 3_000, share: 1 }],
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 },
      ...input.fleet,
    },
    actions,
  })
  const event = anEvent({ event: 'twin', startMs: bornMs - 32_000, renditions: anEvent().renditions })
  const edges = policyOf(policy, input.switches)
  const plan = {
    scenario,
    policy: edges,
    event,
    media: syntheticMedia(event),
    calibration: defaultCalibration,
    store: 'memory',
  }
  const simulation = new Simulation({ ...plan, bornMs })
  while (simulation.slice()) {
    // to its end
  }
  const { startMs } = simulation.world
  return {
    exact: exactCounts(simulation),
    bulk: bulkCounts(bulkOf(scenario, event, edges, startMs as number, faults, input)),
  }
}

function exactCounts(simulation: Simulation): Counts {
  const measured = simulation.finish()
  const count = (role: string, name: string): number =>
    measured.parts.filter(part => part.role === role).reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)
  const segments = measured.parts.filter(part => part.role === 'origin').flatMap(part => part.segments)
  const sum = (field: 'fills' | 'probes'): number => segments.reduce((total, one) => total + (one[field] ?? 0), 0)
  return {
    segmentRequests: count('fleet', 'requests.segment'),
    requests: count('fleet', 'requests'),
    fills: sum('fills'),
    originRequests: sum('fills') + sum('probes'),
  }
}

function bulkCounts(world: BulkWorld): Counts {
  const result = simulateBulk(world)
  return {
    segmentRequests: totalOf(result, 'edge.requests'),
    requests: totalOf(result, 'edge.requests') + totalOf(result, 'edge.other_requests'),
    fills: totalOf(result, 'origin.fills/eu'),
    originRequests: totalOf(result, 'origin.requests/eu'),
  }
}

/** The world of `scenario` in bulk, with the means of the calibration that exact mode draws from. */
function bulkOf(
  scenario: Scenario,
  event: BulkWorld['event'],
  policy: EdgePolicy,
  startMs: number,
  faults: readonly BulkFault[],
  { representatives = 10_000 }: TwinInput,
): BulkWorld {
  const { latency, work } = defaultCalibration
  const latencies = {
    playerMs: meanOf(latency.playerEdge) as number,
    siblingMs: meanOf(latency.edgeSibling) as number,
    originMs: meanOf(latency.edgeOrigin) as number,
    publishMs: 2 * (meanOf(latency.pipelineOrigin) as number) + work.originPublish.cpuMs,
  }
  const { profiles } = scenario.fleet
  const shares = Object.entries(profiles) as [BulkWorld['columns'][number]['profile'], number][]
  const { sites } = scenario.topology
  return {
    event,
    policy,
    seed: scenario.seed,
    startMs,
    durationMs: scenario.durationMs,
    viewers: scenario.fleet.players,
    fleet: scenario.fleet,
    columns: shares.map(([profile, share]) => ({ profile, share, bandwidthBitsPerSecond: undefined })),
    classes: sites.map(({ name, edges }) => ({
      name,
      region: 'eu',
      sites: 1,
      edgesPerSite: edges,
      viewerShare: 1 / sites.length,
      mix: new Float64Array(shares.length).fill(1),
      latencies,
    })),
    regions: ['eu'],
    publishJitter: scenario.pipelines.publishJitter,
    backlogSegments: scenario.event.backlogSegments,
    faults,
    representatives,
    storeBytes: 64e9,
    fillBitsPerSecond: 10e9,
    calmStride: 1,
    sitesDecided: Infinity,
  }
}
