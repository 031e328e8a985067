import type { EdgePolicy } from '../../edge/core/policy.ts'
import type { Distribution } from '../../live/distribution.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { Bytes, EpochMs, Ms } from '../../live/units.ts'
import type { ProfileName, Scenario } from '../../scenarios/schema.ts'
import type { Quantiles } from '../calibration.ts'
import type { BulkFault } from './faults.ts'

// What bulk mode simulates, as plain data (docs/decisions/025). Viewers differ by column (profile and rung), sites by
// class, segments by number and rendition. One edge key is one (edge, rendition, number): each is decided by itself.

/**
 * One-way travel, ms. Between processes it is constant, because bulk mode counts and does not predict tails. A player's is
 * drawn: players that ask again at one instant, because one answer sent them all away, arrive one behind the other, and
 * how many of them find the first one's fill still under way is a count.
 */
export interface Latencies {
  /** From a player's decision to its request's arrival at the edge: the sum of a draw from each. */
  readonly toEdge: readonly Quantiles[]
  /** From the edge to the player. */
  readonly toPlayer: readonly Quantiles[]
  /** Edge to a sibling of its site. */
  readonly siblingMs: Ms
  /** Edge to origin. */
  readonly originMs: Ms
  /** From the beginning of a PUT to the store's acknowledgement. */
  readonly publishMs: Ms
}

/** Viewers who behave alike but for the instant at which they join: one profile that ends on one rung. */
export interface Column {
  readonly profile: ProfileName
  /** Download speed of these viewers; absent: whatever the world gives. */
  readonly bandwidthBitsPerSecond: number | undefined
  /** Share of the whole audience. */
  readonly share: number
}

/** Sites that are alike: of one kind, in one region, with one mix of viewers. */
export interface SiteClass {
  readonly name: string
  readonly region: string
  readonly sites: number
  readonly edgesPerSite: number
  /** Share of the whole audience, over all sites of the class. */
  readonly viewerShare: number
  /** By column: the column's share within this class over its share of the whole audience. */
  readonly mix: Float64Array
  readonly latencies: Latencies
}

export interface BulkWorld {
  readonly event: LiveEvent
  readonly policy: EdgePolicy
  readonly seed: number
  /** The storm, of which arrivals and faults count. */
  readonly startMs: EpochMs
  readonly durationMs: Ms
  /** Viewers over the whole storm: each joins once. */
  readonly viewers: number
  readonly fleet: Scenario['fleet']
  readonly columns: readonly Column[]
  readonly classes: readonly SiteClass[]
  readonly regions: readonly string[]
  readonly publishJitter: Distribution
  readonly backlogSegments: number
  readonly faults: readonly BulkFault[]
  /** How many viewers stand for all in a simulated site; fewer where there are fewer. */
  readonly representatives: number
  readonly storeBytes: Bytes
  /** Speed of a fill from its first byte to its last. */
  readonly fillBitsPerSecond: number
  /** In calm spans one segment in this many is decided, and counts for all of them. */
  readonly calmStride: number
  /** Of a group of like sites, this many at most are decided one by one; they stand for all of them. */
  readonly sitesDecided: number
}

/** Edge keys of `world`: one for each edge, rendition and number of the storm. */
export const edgeKeysOf = ({ classes, event, durationMs }: BulkWorld): number =>
  classes.reduce((sum, { sites, edgesPerSite }) => sum + sites * edgesPerSite, 0) *
  event.renditions.length *
  Math.ceil((durationMs as number) / event.segmentMs)

/** A live request comes this long before, and until this long after, the expected publication of its segment. */
export const liveFromMs = -3_000
export const liveUntilMs = 5_000
export const binMs = 25
export const liveBins = (liveUntilMs - liveFromMs) / binMs

/** How far behind the live edge an older request is, in segments: the lowest of each bucket. */
export const ageBuckets = [2, 3, 4, 6, 12, 24, 48, 96] as const

export function ageBucketOf(segmentsBehind: number): number {
  let bucket = ageBuckets.length - 1
  while (bucket > 0 && segmentsBehind < (ageBuckets[bucket] as number)) bucket--
  return bucket
}

/** What is asked for beside segments. */
export const otherKinds = ['manifest', 'main-playlist', 'media-playlist', 'init', 'event-config'] as const
