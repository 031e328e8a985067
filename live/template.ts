import type { LiveEvent } from './event.ts'
import { limits } from './limits.ts'
import { after, between, type EpochMs, type SegmentNumber } from './units.ts'

// Template arithmetic: wall clock to segment number and back. A manifest is a template (fact file live-origin.md,
// "Timing and addressing"), so players, edges and origin compute the same windows and nobody polls.

/** The instant at which the capture of segment `number` begins. */
export const captureStart = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  event.startMs + ((number as number) - event.firstNumber) * event.segmentMs

/** The first instant from `instant` on at which a segment's capture begins. */
export const nextCaptureStart = (event: LiveEvent, instant: EpochMs): EpochMs =>
  event.startMs + Math.ceil(between(event.startMs, instant) / event.segmentMs) * event.segmentMs

/** The instant at which the last frame of segment `number` is captured: nothing can be published earlier. */
export const captureEnd = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  after(captureStart(event, number), event.segmentMs)

/** The instant at which `number` should be published: the manifest's availability time. */
export const expectedPublication = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  after(captureEnd(event, number), event.publishDelayMs)

/** The instant from which a request for `number` is held: `holdAheadMs` before its publication, never before capture. */
export const dueFrom = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  Math.max(captureEnd(event, number), expectedPublication(event, number) - event.holdAheadMs)

/** The instant at which `number` leaves the DVR window. */
export const leavesWindow = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  after(expectedPublication(event, number), event.dvrWindowMs)

/** The instant after which an unpublished `number` can no longer be published. */
export const retryDeadline = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  after(expectedPublication(event, number), event.retryDeadlineMs)

/** The number whose capture is under way at `now`; before the start it is below `firstNumber`. */
export const capturingNumber = (event: LiveEvent, now: EpochMs): SegmentNumber =>
  event.firstNumber + Math.floor(between(event.startMs, now) / event.segmentMs)

/** The newest number that should be published at `now`: the live edge. Below `firstNumber` before the first one. */
export const liveEdge = (event: LiveEvent, now: EpochMs): SegmentNumber => {
  const edge = capturingNumber(event, now - event.publishDelayMs) - 1
  return Math.min(edge, lastNumber(event))
}

/** The oldest number that is still inside the DVR window at `now`. */
export const windowStart = (event: LiveEvent, now: EpochMs): SegmentNumber => {
  const firstLeavesMs = leavesWindow(event, event.firstNumber)
  return event.firstNumber + Math.max(0, Math.floor(between(firstLeavesMs, now) / event.segmentMs) + 1)
}

/** The last number of the event; a very large one when no end is known. */
export const lastNumber = (event: LiveEvent): SegmentNumber =>
  event.endMs === undefined
    ? limits.segmentNumber
    : event.firstNumber + Math.max(0, Math.ceil(between(event.startMs, event.endMs) / event.segmentMs)) - 1

/** Whether `number` belongs to the event at all. */
export const isOfEvent = (event: LiveEvent, number: SegmentNumber): boolean =>
  (number as number) >= event.firstNumber && (number as number) <= (lastNumber(event) as number)

/** Whether `number`, asked for at `now`, is DVR: shed first, because well behind any player's normal delay. */
export const isDvr = (event: LiveEvent, number: SegmentNumber, now: EpochMs): boolean =>
  between(expectedPublication(event, number), now) >= event.dvrAfterMs

/** The newest `count` numbers that should be published at `now`; undefined while there is none. */
export function newestNumbers(
  event: LiveEvent,
  count: number,
  now: EpochMs,
): { readonly from: SegmentNumber; readonly to: SegmentNumber } | undefined {
  const to = liveEdge(event, now)
  const from = Math.max(event.firstNumber, (to as number) - count + 1)
  return to < from ? undefined : { from, to }
}
