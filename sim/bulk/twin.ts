import type { EdgePolicy } from '../../edge/core/policy.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { type Calibration, meanOf, type Quantiles, type Work } from '../calibration.ts'
import { simulateBulk } from './bulk.ts'
import type { BulkFault } from './faults.ts'
import type { BulkWorld, Latencies } from './layout.ts'
import { countsOfBulkResult, type TwinCounts } from './twin-counts.ts'

// The same storm in both modes: the scenario of exact mode as a world of bulk mode, with the means of the calibration that
// exact mode draws from. Validation (V4) and the tests of bulk mode compare the two.

export interface BulkTwinInput {
  readonly scenario: Scenario
  readonly event: LiveEvent
  readonly policy: EdgePolicy
  readonly calibration: Calibration
  /** When exact mode's storm began: both see the same phase of the segments. */
  readonly startMs: EpochMs
  readonly faults: readonly BulkFault[]
  readonly representatives: number
}

/** What bulk mode counts of the same. */
export function countsOfBulk(input: BulkTwinInput): TwinCounts {
  const world = bulkTwinOf(input)
  return countsOfBulkResult(world, simulateBulk(world))
}

/** Each site of the scenario is a class of its own. */
function bulkTwinOf({
  scenario,
  event,
  policy,
  calibration,
  startMs,
  faults,
  representatives,
}: BulkTwinInput): BulkWorld {
  const latencies = latenciesOf(calibration, scenario.store.is)
  const { fleet, topology } = scenario
  const shares = Object.entries(fleet.profiles) as [BulkWorld['columns'][number]['profile'], number][]
  const total = shares.reduce((sum, [, share]) => sum + share, 0)
  const bandwidthBitsPerSecond = fleet.bandwidthBitsPerSecond
  const region = topology.regions[0] as string
  return {
    event,
    policy,
    seed: scenario.seed,
    startMs,
    durationMs: scenario.durationMs,
    viewers: fleet.players,
    fleet,
    columns: shares.map(([profile, share]) => ({ profile, share: share / total, bandwidthBitsPerSecond })),
    classes: topology.sites.map(({ name, edges }) => ({
      name,
      region,
      sites: 1,
      edgesPerSite: edges,
      viewerShare: 1 / topology.sites.length,
      mix: new Float64Array(shares.length).fill(1),
      latencies,
    })),
    regions: [region],
    publishJitter: scenario.pipelines.publishJitter,
    backlogSegments: scenario.event.backlogSegments,
    faults,
    representatives,
    storeBytes: 64e9,
    // What bounds nothing in exact mode takes no time here.
    fillBitsPerSecond: calibration.links.origin.bitsPerSecond ?? Infinity,
    calmStride: 1,
    sitesDecided: Infinity,
  }
}

/**
 * What exact mode draws: of players as it does, else the means. Between processes bulk mode knows ways only, so that the
 * work at their ends is in them: half of what passes between a question and its answer.
 */
function latenciesOf({ work, latency, stores, generator }: Calibration, store: string): Latencies {
  const mean = ({ cpuMs, besideMs }: Work): number => cpuMs + (meanOf(besideMs) as number)
  const way = (one: Quantiles, ...work: readonly number[]): number =>
    (meanOf(one) as number) + work.reduce((sum, ms) => sum + ms, 0) / 2
  const write = stores[store]?.write
  return {
    toEdge: [generator.lagMs, latency.playerEdge],
    toPlayer: [work.edgeHit.besideMs, latency.playerEdge, [[0, work.edgeHit.cpuMs]]],
    siblingMs: way(latency.edgeSibling, mean(work.edgeWait), mean(work.edgeFill)),
    originMs: way(latency.edgeOrigin, mean(work.originServe), mean(work.edgeFill)),
    // From the beginning of a PUT to its acknowledgement (sim/exact: pipeline.ts, publish-side.ts).
    publishMs:
      mean(work.pipelinePut) +
      (meanOf(latency.pipelineOrigin) as number) +
      mean(work.originPublish) +
      (write ? mean(write) : 0),
  }
}
