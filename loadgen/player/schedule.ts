import type { LiveEvent } from '../../live/event.ts'
import { captureEnd, captureStart, expectedPublication, liveEdge, windowStart } from '../../live/template.ts'
import { after, between, type EpochMs } from '../../live/units.ts'
import type { RungFacts } from './ladder.ts'
import type { Playback } from './playback.ts'
import type { PlayerSetup } from './player-io.ts'
import type { Profile } from './profile.ts'
import type { Track } from './track.ts'

// When a player asks for what, and how far it is buffered: questions about its parts that change none of them.

/** What the player's own clock shows at `at`. */
export const clockOf = ({ clockErrorMs }: PlayerSetup, at: EpochMs): EpochMs => after(at, clockErrorMs)

/** Up to where every track is buffered; Infinity while there is no position. */
export function bufferEndMs(event: LiveEvent, tracks: readonly Track[]): EpochMs {
  let next: number = Infinity
  for (const track of tracks) next = Math.min(next, track.next as number)
  return next < 0 ? Infinity : captureStart(event, next)
}

/** What the choice of a track's next rung goes by. */
export function rungFacts(setup: PlayerSetup, { rung, next }: Track, playback: Playback, at: EpochMs): RungFacts {
  const { event } = setup
  const positionMs = playback.positionMs(at)
  const edgeMs = captureEnd(event, liveEdge(event, clockOf(setup, at)))
  return {
    rung,
    bufferMs: Math.max(0, between(positionMs, captureStart(event, next))),
    reachableMs: between(positionMs, edgeMs) - event.segmentMs,
  }
}

/** Whether every track has all that the event will ever have. */
export function isComplete(tracks: readonly Track[]): boolean {
  for (const track of tracks) if ((track.next as number) <= (track.last as number)) return false
  return true
}

/**
 * When the next thing of a track can be asked for: `at` or earlier is now; a later instant is rounded up to the
 * scheduler's grid; Infinity while something else (a playlist, playback, another track) must come first.
 */
export function wantedMs(setup: PlayerSetup, profile: Profile, track: Track, playback: Playback, at: EpochMs): EpochMs {
  const { event, clockErrorMs, joinMs } = setup
  const { next, list } = track
  if ((next as number) < 0 || (next as number) > (track.last as number)) return Infinity
  if (list !== undefined && list.newest === undefined) return Infinity
  if (!track.hasInit()) return at
  if (list !== undefined && !list.lists(next)) return Infinity
  const tooMuchMs = between(playback.positionMs(at), captureStart(event, next)) - profile.bufferGoalMs
  if (tooMuchMs >= 0 && playback.state !== 'playing') return Infinity
  const availableMs = list === undefined ? expectedPublication(event, next) - clockErrorMs : at
  const exactMs = Math.max(availableMs, at + tooMuchMs)
  if (exactMs <= at) return at
  const everyMs = schedulerMs(event, profile)
  return joinMs + Math.ceil((exactMs - joinMs) / everyMs) * everyMs
}

/** How often the player's scheduler looks. */
const schedulerMs = ({ segmentMs }: LiveEvent, { schedulerMs, schedulerSegments = Infinity }: Profile): number =>
  Math.min(schedulerMs as number, segmentMs * schedulerSegments)

/** Whether what a track wants next has left the window: by the player's clock, or by the playlist where it polls. */
export function isLeftBehind(setup: PlayerSetup, tracks: readonly Track[], at: EpochMs): boolean {
  for (const { next, media, list } of tracks) {
    if ((next as number) < 0 || !media.isIdle) continue
    const oldest = list === undefined ? windowStart(setup.event, clockOf(setup, at)) : list.newest?.first
    if ((next as number) < ((oldest ?? 0) as number)) return true
  }
  return false
}
