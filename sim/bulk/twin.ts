import type { EdgePolicy } from '../../edge/core/policy.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { type Calibration, meanOf, type Work } from '../calibration.ts'
import { simulateBulk } from './bulk.ts'
import type { BulkFault } from './faults.ts'
import type { BulkWorld } from './layout.ts'
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
  const { latency } = calibration
  const latencies = {
    playerMs: meanOf(latency.playerEdge),
    siblingMs: meanOf(latency.edgeSibling),
    originMs: meanOf(latency.edgeOrigin),
    publishMs: publishMsOf(calibration, scenario.store.is),
  }
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
    fillBitsPerSecond: 10e9,
    calmStride: 1,
    sitesDecided: Infinity,
  }
}

/** From the beginning of a PUT to its acknowledgement, as exact mode adds it up (pipeline.ts, publish-side.ts): means. */
function publishMsOf({ work, latency, stores }: Calibration, store: string): number {
  const meanMs = ({ cpuMs, besideMs }: Work): number => cpuMs + (meanOf(besideMs) as number)
  const write = stores[store]?.write
  return (
    meanMs(work.pipelinePut) +
    (meanOf(latency.pipelineOrigin) as number) +
    meanMs(work.originPublish) +
    (write ? meanMs(write) : 0)
  )
}
