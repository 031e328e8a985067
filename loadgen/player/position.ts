import type { LiveEvent } from '../../live/event.ts'
import { captureEnd, captureStart, capturingNumber, liveEdge, windowStart } from '../../live/template.ts'
import type { EpochMs, Ms, SegmentNumber } from '../../live/units.ts'
import type { RequestOutcome } from './player-io.ts'
import type { Profile } from './profile.ts'

// Where a player goes: on the timeline of capture, and which segment it begins with there.

export interface Position {
  readonly playheadMs: EpochMs
  readonly next: SegmentNumber
}

/** How far behind it stays by itself: its profile's segments or the event's delay, and more after stalls. */
export function delayMs(event: LiveEvent, { delaySegments, delayPerStallMs }: Profile, stalls: number): Ms {
  const ownMs = delaySegments === undefined ? event.suggestedDelayMs : delaySegments * event.segmentMs
  return ownMs + delayPerStallMs * stalls
}

/**
 * For a player with a template, whose clock shows `clockMs`. Its own delay counts from now (MPD:
 * suggestedPresentationDelay), a seek from the live edge. One segment away from the window's end, which moves.
 */
export function positionByClock(
  event: LiveEvent,
  clockMs: EpochMs,
  ownDelayMs: Ms,
  seekBehindMs: Ms | undefined,
): Position {
  const wantedMs =
    seekBehindMs === undefined ? clockMs - ownDelayMs : captureEnd(event, liveEdge(event, clockMs)) - seekBehindMs
  return positionAt(event, wantedMs, Math.max(event.firstNumber, (windowStart(event, clockMs) as number) + 1))
}

/** For a player with a playlist: counted from the end of what it lists; undefined while it lists nothing. */
export function positionInPlaylist(
  event: LiveEvent,
  { first, last }: NonNullable<RequestOutcome['playlist']>,
  behindMs: Ms,
): Position | undefined {
  if ((last as number) < (first as number)) return undefined
  return positionAt(event, captureEnd(event, last) - behindMs, first)
}

function positionAt(event: LiveEvent, wantedMs: EpochMs, oldest: SegmentNumber): Position {
  const playheadMs = Math.max(wantedMs, captureStart(event, oldest))
  // Instants have fractions, so that the start of `oldest` may fall just before it.
  return { playheadMs, next: Math.max(oldest as number, capturingNumber(event, playheadMs) as number) }
}
