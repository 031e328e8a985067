import type { LiveEvent } from '../../live/event.ts'
import { defectWeight } from '../../live/live-state.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { firstHoldEndMs } from './holds.ts'
import { isMasked } from './masks.ts'
import type { SegmentEntry } from './segment-index.ts'
import type { Candidate, Mask } from './verdict.ts'

// Which candidate is served (design, "The life of a segment number", Choice). The pipelines' order in the event is the
// order in which candidates are looked at; the first sound one is chosen at once. With only defective ones the choice
// waits for the others that may still come, and then takes the least defective.

/** A pipeline that has put nothing for this many segment durations is taken for dead: nobody waits for it. */
const aliveSegments = 1.5

/** How long after its last PUT a pipeline counts as alive. */
export const aliveForMs = (event: LiveEvent): Ms => aliveSegments * event.segmentMs

/** The candidates of `entry` that no mask hides, in the order of the event's pipelines. */
export const visibleCandidates = (event: LiveEvent, masks: readonly Mask[], entry: SegmentEntry): Candidate[] =>
  event.pipelines
    .map(pipeline => entry.candidates.get(pipeline))
    .filter(candidate => candidate !== undefined)
    .filter(candidate => !isMasked(masks, candidate.pipeline, entry.rendition, entry.number))

/** Pipelines whose candidate is not there and would not be hidden if it came. */
export const missingPipelines = (event: LiveEvent, masks: readonly Mask[], entry: SegmentEntry): string[] =>
  event.pipelines.filter(
    pipeline => !entry.candidates.has(pipeline) && !isMasked(masks, pipeline, entry.rendition, entry.number),
  )

/** The least defective, the earlier in order where two are alike; a sound one weighs nothing, so the first wins. */
export const leastDefective = (candidates: readonly Candidate[]): Candidate | undefined =>
  candidates.reduce<Candidate | undefined>(
    (best, next) => (!best || defectWeight(next.defects) < defectWeight(best.defects) ? next : best),
    undefined,
  )

/** What bounds the wait of defective candidates, beside `candidateWaitMs` of the event. */
export interface WaitBounds {
  /** By pipeline: until when it counts as alive. */
  readonly aliveUntilMs: (pipeline: string) => EpochMs
  /** While the number is due or early; afterwards nothing waits. */
  readonly lifeEndsMs: EpochMs
}

/** When the choice of `entry` must be made: at `now` or earlier = at once; undefined without a visible candidate. */
export function decideAtMs(
  event: LiveEvent,
  masks: readonly Mask[],
  entry: SegmentEntry,
  bounds: WaitBounds,
): EpochMs | undefined {
  const visible = visibleCandidates(event, masks, entry)
  if (visible.length === 0) return undefined
  const missing = missingPipelines(event, masks, entry)
  if (visible.some(({ defects }) => defects.length === 0) || missing.length === 0 || entry.wasPublished)
    return -Infinity
  const firstStoredMs = Math.min(...visible.map(({ storedMs }) => storedMs))
  const aliveUntilMs = Math.max(...missing.map(bounds.aliveUntilMs))
  return Math.min(after(firstStoredMs, event.candidateWaitMs), aliveUntilMs, bounds.lifeEndsMs)
}

/** When a choice that still waits is made for certain: never beyond the end of a hold. Infinity: nothing waits. */
export const settlesAtMs = (entry: SegmentEntry): EpochMs =>
  entry.decideAtMs === undefined ? Infinity : Math.min(entry.decideAtMs, firstHoldEndMs(entry))

/** The candidate that is served at `now`: the pinned one, or the one that will be pinned when this instant is seen. */
export const chosenAt = (
  event: LiveEvent,
  masks: readonly Mask[],
  entry: SegmentEntry,
  now: EpochMs,
): Candidate | undefined => {
  if (entry.pinned !== undefined) return entry.candidates.get(entry.pinned)
  return now >= settlesAtMs(entry) ? leastDefective(visibleCandidates(event, masks, entry)) : undefined
}
