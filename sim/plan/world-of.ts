import { type Audience, audienceOfCurve } from '../bulk/audience.ts'
import type { BulkWorld, SiteClass } from '../bulk/layout.ts'
import { mixOf, rungsOf, siteClassesOf } from './columns.ts'
import { type CurvePoint, type PlanInput, planStartMs } from './plan-input.ts'

// From a plan's input to the world that bulk mode runs.

/** How finely a plan is computed. */
export interface Effort {
  /** Viewers of a simulated site who stand for all. */
  readonly representatives: number
  /** In calm spans one number in this many is decided. */
  readonly calmStride: number
  /** Of a class of sites, this many at most are decided one by one. */
  readonly sitesDecided: number
  /** Classes of one region whose sites are of one size count as one, with the mean of their mixes. */
  readonly joinsClasses: boolean
}

/** One number in a minute is decided where nothing changes. */
export const usualEffort: Effort = { representatives: 400, calmStride: 30, sitesDecided: 100, joinsClasses: false }
/** For many plans in a row, which are compared with each other. */
export const quickEffort: Effort = { representatives: 160, calmStride: 120, sitesDecided: 10, joinsClasses: true }
/** Every edge key is decided. */
export const fullEffort: Effort = { representatives: 800, calmStride: 1, sitesDecided: Infinity, joinsClasses: false }

export function worldOf(input: PlanInput, { joinsClasses, ...effort }: Effort): BulkWorld {
  const { topology, fleet, event } = input
  const mixed = mixOf(
    fleet.profiles,
    input.ladder,
    rungsOf(event.renditions),
    topology.classes,
    fleet.bandwidthBitsPerSecond,
  )
  const classes = siteClassesOf(topology, mixed)
  return {
    event,
    policy: input.policy,
    seed: input.seed,
    startMs: planStartMs,
    durationMs: input.durationMs,
    viewers: input.viewers,
    fleet,
    columns: mixed.columns,
    classes: joinsClasses ? joinedClasses(classes) : classes,
    regions: topology.regions,
    publishJitter: input.publishJitter,
    backlogSegments: input.backlogSegments,
    faults: input.faults,
    storeBytes: topology.edgeStoreBytes,
    fillBitsPerSecond: topology.fillBitsPerSecond,
    ...effort,
  }
}

/** Classes that differ in their mix of viewers only, as one. */
function joinedClasses(classes: readonly SiteClass[]): SiteClass[] {
  const alike = Map.groupBy(classes, ({ region, edgesPerSite, latencies }) =>
    JSON.stringify([region, edgesPerSite, latencies]),
  )
  return [...alike.values()].map(own => {
    const [first] = own as [SiteClass]
    const viewerShare = own.reduce((sum, one) => sum + one.viewerShare, 0)
    const mix = first.mix.map((_, column) =>
      own.reduce((sum, one) => sum + ((one.mix[column] as number) * one.viewerShare) / viewerShare, 0),
    )
    return { ...first, mix, viewerShare, sites: own.reduce((sum, { sites }) => sum + sites, 0) }
  })
}

/** The audience of a viewer curve, drawn to its peak of `viewers`; undefined without a curve. */
export function audienceOfInput({ curve, viewers, durationMs, event }: PlanInput): Audience | undefined {
  if (!curve) return undefined
  const periods = Math.ceil(durationMs / event.segmentMs)
  const peak = Math.max(...curve.map(point => point.viewers))
  const at = Array.from({ length: periods }, (_, period) => {
    return (viewersAt(curve, ((period + 1) * event.segmentMs) / 1_000) * viewers) / peak
  })
  return audienceOfCurve(at)
}

/** Linear between points; as at the nearest point outside. */
function viewersAt(curve: readonly CurvePoint[], second: number): number {
  const next = curve.findIndex(point => point.second >= second)
  if (next === -1) return curve.at(-1)?.viewers ?? 0
  const [before, after] = [curve[Math.max(0, next - 1)] as CurvePoint, curve[next] as CurvePoint]
  if (after.second === before.second) return after.viewers
  const share = (second - before.second) / (after.second - before.second)
  return before.viewers + (after.viewers - before.viewers) * Math.max(0, share)
}
