import type { LiveEvent } from '../../live/event.ts'
import {
  captureEnd,
  expectedPublication,
  lastNumber,
  leavesWindow,
  retryDeadline,
  windowStart,
} from '../../live/template.ts'
import { after, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import type { PlaylistSegments } from './verdict.ts'

// What a media playlist lists (RFC 8216, 4.3.3): the window in number order without holes. A number that is missing
// before one that is there becomes a gap (EXT-X-GAP) only when it is late by a segment or gone: a playlist never takes
// back what it said, so two segments that come out of order must not leave a gap. It begins with the window, whatever
// is missing there: a media sequence number must not fall when something late comes (RFC 8216, 6.2.2).

/** What the index knows of one number of one rendition. */
export interface Listed {
  /** A candidate can be served. */
  readonly chosen: boolean
  /** One was served once, so that it stood in a playlist. */
  readonly wasPublished: boolean
}

/** What a playlist lists at `now`, and until when it stands when nothing is published or masked. */
export interface Playlist {
  /** Absent: nothing was ever published, so there is no playlist yet. */
  readonly segments?: PlaylistSegments | undefined
  readonly validUntilMs: EpochMs
  /** When its next segment should be published; absent when none is to come. */
  readonly nextMs?: EpochMs | undefined
}

/** Reads the playlist of a rendition off `listed`, which knows numbers up to `newest`. */
export function playlistAt(
  event: LiveEvent,
  newest: SegmentNumber,
  listed: (number: SegmentNumber) => Listed | undefined,
  now: EpochMs,
): Playlist {
  const first = windowStart(event, now)
  const gaps: SegmentNumber[] = []
  let missing: SegmentNumber[] = []
  let end: SegmentNumber | undefined
  let validUntilMs: EpochMs = leavesWindow(event, first)
  for (let number = first as number; number <= Math.min(newest, lastNumber(event)); number++) {
    const known = listed(number)
    if (known?.chosen || known?.wasPublished) {
      gaps.push(...missing, ...(known.chosen ? [] : [number]))
      missing = []
      end = number
      continue
    }
    const gapFromMs = Math.min(after(expectedPublication(event, number), event.segmentMs), retryDeadline(event, number))
    if (now < gapFromMs) {
      validUntilMs = Math.min(validUntilMs, gapFromMs)
      break
    }
    missing.push(number)
  }
  if (end === undefined) return { validUntilMs }
  const allOverMs = retryDeadline(event, lastNumber(event))
  const ended = end === lastNumber(event) || now >= allOverMs
  const nextMs = ended ? undefined : expectedPublication(event, (end as number) + 1)
  if (!ended) validUntilMs = Math.min(validUntilMs, allOverMs)
  if (nextMs !== undefined && now < nextMs) validUntilMs = Math.min(validUntilMs, nextMs)
  return { segments: { first, last: end, gaps, ended }, validUntilMs, nextMs }
}

/** When the first segment of the event can be there at the earliest. */
export const firstPossibleMs = (event: LiveEvent): EpochMs => captureEnd(event, event.firstNumber)
