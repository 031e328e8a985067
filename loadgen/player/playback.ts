import { after, between, type EpochMs } from '../../live/units.ts'
import type { PlayerOutput } from './player-io.ts'
import type { Profile } from './profile.ts'
import type { Tape } from './tape.ts'

// A player's playhead. Positions are instants of capture: position P shows what was captured at P, so that a segment's
// place on the timeline is its capture (live/template.ts).
//
// | state   | from                                        | until                       |
// |---------|---------------------------------------------|-----------------------------|
// | idle    | it was made, or media is no longer wanted   | a position is set           |
// | filling | a position is set (start, seek, return)     | enough is buffered          |
// | playing | enough is buffered                          | the buffer is empty         |
// | stalled | the buffer is empty                         | enough is buffered again    |

const states = ['idle', 'filling', 'playing', 'stalled'] as const
type PlaybackState = (typeof states)[number]

/** How many fractions it is as numbers (tape.ts). */
export const playbackFractions = 2

export class Playback {
  state: PlaybackState = 'idle'
  /** How often it has stalled. */
  stalls = 0
  readonly #profile: Profile
  #started = false
  #positionMs: EpochMs = 0
  /** The instant at which the playhead was at `#positionMs`; while stalled, when the stall began. */
  #anchorMs: EpochMs = 0

  constructor(profile: Profile) {
    this.#profile = profile
  }

  /** Where the playhead is at `at`. */
  positionMs(at: EpochMs): EpochMs {
    return this.state === 'playing' ? after(this.#positionMs, between(this.#anchorMs, at)) : this.#positionMs
  }

  /** When the playhead arrives at `endMs`; Infinity while nothing plays. */
  reachesMs(endMs: EpochMs): EpochMs {
    return this.state === 'playing' ? after(this.#anchorMs, between(this.#positionMs, endMs)) : Infinity
  }

  /** Stands at `positionMs` and waits for media: start-up, seek, return. */
  moveTo(positionMs: EpochMs): void {
    this.state = 'filling'
    this.#positionMs = positionMs
  }

  /** What is before `positionMs` is left out: a playhead that stands moves up to it, one that plays gets there in time. */
  passTo(positionMs: EpochMs): void {
    if (this.state === 'playing') return
    this.#positionMs = Math.max(this.#positionMs as number, positionMs as number)
  }

  /**
   * Starts, goes on or stalls, with media up to `endMs` and, when it is `complete`, no more to come. Gives whether all
   * has been played.
   */
  advance(endMs: EpochMs, complete: boolean, at: EpochMs, out: PlayerOutput[]): boolean {
    if (this.state === 'idle') return false
    if (this.state === 'playing') {
      if (this.reachesMs(endMs) > at) return false
      if (!complete) this.#stall(endMs, at)
      return complete
    }
    const { startBufferMs, resumeBufferMs } = this.#profile
    const neededMs = this.state === 'stalled' ? resumeBufferMs : startBufferMs
    if (complete || between(this.#positionMs, endMs) >= neededMs) this.#play(at, out)
    return false
  }

  /** Nothing plays any more; a stall ends with it. */
  stop(at: EpochMs, out: PlayerOutput[]): void {
    this.#endStall(at, out)
    this.state = 'idle'
  }

  pack(tape: Tape): void {
    const { cells, at, words, wordAt } = tape
    cells[at] = this.#positionMs as number
    cells[at + 1] = this.#anchorMs as number
    tape.at = at + 2
    words[wordAt] = states.indexOf(this.state)
    words[wordAt + 1] = this.stalls
    words[wordAt + 2] = this.#started ? 1 : 0
    tape.wordAt = wordAt + 3
  }

  unpack(tape: Tape): void {
    const { cells, at, words, wordAt } = tape
    this.#positionMs = cells[at] as number
    this.#anchorMs = cells[at + 1] as number
    tape.at = at + 2
    this.state = states[words[wordAt] as number] as PlaybackState
    this.stalls = words[wordAt + 1] as number
    this.#started = words[wordAt + 2] === 1
    tape.wordAt = wordAt + 3
  }

  #play(at: EpochMs, out: PlayerOutput[]): void {
    this.#endStall(at, out)
    this.state = 'playing'
    this.#anchorMs = at
    if (!this.#started) out.push({ do: 'note', note: 'started' })
    this.#started = true
  }

  #stall(endMs: EpochMs, at: EpochMs): void {
    this.state = 'stalled'
    this.stalls++
    this.#positionMs = endMs
    this.#anchorMs = at
  }

  #endStall(at: EpochMs, out: PlayerOutput[]): void {
    if (this.state !== 'stalled') return
    out.push({ do: 'note', note: 'rebuffer', lastedMs: between(this.#anchorMs, at) })
  }
}
