import type { LiveEvent } from '../../live/event.ts'
import { captureEnd, captureStart } from '../../live/template.ts'
import type { EpochMs, SegmentNumber } from '../../live/units.ts'

// The contribution feed: frames that carry UTC timecode. Which frames a segment holds follows from its number alone, so
// that segment n of one pipeline can stand in for segment n of the other (epoch locking, ISO/IEC 23009-9).

/** The stretch of the feed that one segment covers. */
export interface Capture {
  readonly number: SegmentNumber
  /** Whole segments since the event's start. */
  readonly indexFromStart: number
  /** The timecode of its first frame, and of the end of its last. */
  readonly startMs: EpochMs
  readonly endMs: EpochMs
}

/** The stretch of `event`'s feed that segment `number` covers. */
export const captureOf = (event: LiveEvent, number: SegmentNumber): Capture => ({
  number,
  indexFromStart: (number as number) - event.firstNumber,
  startMs: captureStart(event, number),
  endMs: captureEnd(event, number),
})
