import type { LiveEvent } from '../../live/event.ts'
import { after, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import { Load, loadFractions } from './load.ts'
import type { RequestOutcome } from './player-io.ts'
import type { Tape } from './tape.ts'

type Playlist = NonNullable<RequestOutcome['playlist']>

/** How many fractions it is as numbers (tape.ts). */
export const playlistFractions = loadFractions + 1

/** The playlist of a track, for a player that polls. */
export class PlaylistLoad extends Load {
  /** When the last one was asked for: the next is due a target duration later. */
  askedMs: EpochMs = 0
  /** Of the track's present rung; undefined after a change of rung. */
  newest: Playlist | undefined

  constructor() {
    super('playlist')
  }

  /** Forgets what is known: the track's rung has changed, and the new one's playlist is wanted at `at`. */
  startAnew(at: EpochMs): void {
    this.newest = undefined
    this.failures = 0
    this.dueMs = at
  }

  /**
   * A playlist has come. RFC 8216, 6.3.4: the next is asked for a target duration after it was last asked for, half of it
   * after an unchanged one. Our target duration is the segment's, in whole seconds.
   */
  came(playlist: Playlist, { segmentMs }: LiveEvent, at: EpochMs): void {
    const targetMs = Math.max(1_000, Math.round(segmentMs / 1_000) * 1_000)
    const waitMs = this.newest?.last === playlist.last ? targetMs / 2 : targetMs
    this.rest()
    this.failures = 0
    this.newest = playlist
    if (!playlist.ended) this.dueMs = Math.max(at, after(this.askedMs, waitMs))
  }

  override pack(tape: Tape): void {
    super.pack(tape)
    tape.put(this.askedMs as number)
    tape.putObject(this.newest)
  }

  override unpack(tape: Tape): void {
    super.unpack(tape)
    this.askedMs = tape.take()
    this.newest = tape.takeObject<Playlist>()
  }

  lists(number: SegmentNumber): boolean {
    return this.newest !== undefined && (number as number) <= (this.newest.last as number)
  }
}
