import type { Behaviours } from './behaviours.ts'
import { spanAt } from './class-rows.ts'
import { ColdKeys } from './cold-keys.ts'
import { contextOf, type GroupContext } from './group-context.ts'
import { groupsOf, groupsOfSlice } from './groups.ts'
import type { BulkWorld } from './layout.ts'
import { LiveKeys } from './live-keys.ts'
import { Older } from './older.ts'
import { Publications } from './publications.ts'
import { Series } from './series.ts'

// One slice of the edges through the whole storm: every edge key of the live edge is decided by itself, what is older is
// counted. A slice needs nothing of another one.

export interface SliceCounts {
  /** Edge keys that were decided. */
  edgeKeys: number
  /** Keys for which somebody asked. */
  askedKeys: number
  /** Sum of the times that requests were held at the origin, ms. */
  heldMs: number
}

export interface SliceResult {
  readonly series: ReadonlyMap<string, Float64Array>
  readonly counts: SliceCounts
}

/** Told how far a slice is; false from it ends the slice early. */
export type OnPeriod = (done: number, of: number) => boolean

/** How many numbers are asked for as live before the storm's first one is published, and after its last one. */
const early = 3
const late = 2
/** Periods between two tellings of progress. */
const tellEvery = 16

/** Works through slice `slice`. */
export function workSlice(
  world: BulkWorld,
  behaviours: Behaviours,
  slice: number,
  onPeriod: OnPeriod = () => true,
  publications: Publications = new Publications(world),
): SliceResult {
  const series = new Series(Math.ceil((world.durationMs as number) / 1_000), world.regions)
  const counts: SliceCounts = { edgeKeys: 0, askedKeys: 0, heldMs: 0 }
  const groups = groupsOfSlice(groupsOf(world), slice)
  for (const [done, group] of groups.entries()) {
    const context = contextOf(world, behaviours, group, { series, counts, publications })
    if (!workGroup(context, (period, of) => onPeriod(done * of + period, groups.length * of))) break
  }
  return { series: new Map(series.entries()), counts }
}

/** False when it was ended early. */
function workGroup(context: GroupContext, onPeriod: OnPeriod): boolean {
  const { event, durationMs } = context.world
  const periods = Math.ceil((durationMs as number) / event.segmentMs)
  const strides = stridesOf(context, periods)
  const cold = new ColdKeys(event.renditions.length, Math.floor(event.dvrWindowMs / event.segmentMs))
  const live = new LiveKeys(context, cold)
  const older = new Older(context, cold)
  const isWhole = context.behaviours.calm === undefined
  if (isWhole) for (let before = -early; before < 0; before++) live.decide(before, 1)
  for (let period = 0; period < periods; period++) {
    if (period % tellEvery === 0 && !onPeriod(period, periods)) return false
    const stride = strides[period] as number
    if (stride > 0) live.decide(period, stride)
    older.count(period)
  }
  if (isWhole) for (let behind = 0; behind < late; behind++) live.decide(periods + behind, 1)
  return onPeriod(periods, periods)
}

/** A number stands for others only as long as the audience is this nearly the same. */
const sameAudience = 0.01

/** How many periods a decided number stands for, by period: 0 where another one stands for it. */
function stridesOf({ world, behaviours, spans }: GroupContext, periods: number): Uint16Array {
  const strides = new Uint16Array(periods)
  const { segmentMs } = world.event
  const { present, joining, returning } = behaviours.audience
  const isCalm = (period: number): boolean =>
    spanAt(spans, (world.startMs as number) + period * segmentMs) === undefined
  const movesBy = (period: number, from: number): number => {
    const comes = (joining[period] as number) + (returning[period] as number)
    return Math.max(Math.abs((present[period] as number) - (present[from] as number)), comes)
  }
  for (let period = 0; period < periods; ) {
    const most = sameAudience * (present[period] as number)
    const goesOn = (next: number): boolean => next < periods && isCalm(next) && movesBy(next, period) <= most
    let length = 1
    if (isCalm(period)) while (length < world.calmStride && goesOn(period + length)) length++
    strides[period] = length
    period += length
  }
  return strides
}
