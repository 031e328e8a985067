import type { LiveEvent } from '../../live/event.ts'
import { lastNumber } from '../../live/template.ts'
import type { SegmentNumber } from '../../live/units.ts'
import { Load, loadFractions } from './load.ts'
import type { PlayerOutput } from './player-io.ts'
import { PlaylistLoad, playlistFractions } from './playlist-load.ts'
import type { Tape } from './tape.ts'

// What a player keeps of one track (video or audio): numbers only, because a simulated world holds millions of them.

export class Track {
  readonly kind: 'video' | 'audio'
  readonly media = new Load('segment')
  readonly list: PlaylistLoad | undefined
  /** The next segment to fetch; -1 while no position is set. */
  next: SegmentNumber = -1
  /** The ladder's rung; 0 for audio. */
  rung: number
  skippedInARow = 0
  // One bit for each rung whose initialisation segment is there (at most 64 renditions, live/limits.ts).
  #initsLow = 0
  #initsHigh = 0

  /** Of the event, as its configuration says it; derived once, because it is asked for at every step. */
  readonly #lastOfEvent: SegmentNumber

  constructor(kind: 'video' | 'audio', rung: number, polls: boolean, event: LiveEvent) {
    this.kind = kind
    this.rung = rung
    this.#lastOfEvent = lastNumber(event)
    this.list = polls ? new PlaylistLoad() : undefined
  }

  hasInit(): boolean {
    return ((this.rung < 32 ? this.#initsLow : this.#initsHigh) & (1 << (this.rung & 31))) !== 0
  }

  keepInit(): void {
    if (this.rung < 32) this.#initsLow |= 1 << this.rung
    else this.#initsHigh |= 1 << (this.rung & 31)
  }

  /** What is in flight is aborted. */
  abort(out: PlayerOutput[]): void {
    this.media.abort(out)
    this.list?.abort(out)
  }

  /** As it was before anything was loaded: the page was reloaded. */
  forget(): void {
    this.media.rest()
    this.media.failures = 0
    this.next = -1
    this.skippedInARow = 0
    this.#initsLow = 0
    this.#initsHigh = 0
    if (this.list === undefined) return
    this.list.rest()
    this.list.failures = 0
    this.list.newest = undefined
  }

  get fractions(): number {
    return loadFractions + (this.list === undefined ? 0 : playlistFractions)
  }

  pack(tape: Tape): void {
    const { words, wordAt } = tape
    words[wordAt] = this.next as number
    words[wordAt + 1] = this.rung
    words[wordAt + 2] = this.skippedInARow
    words[wordAt + 3] = this.#initsLow
    words[wordAt + 4] = this.#initsHigh
    tape.wordAt = wordAt + 5
    this.media.pack(tape)
    this.list?.pack(tape)
  }

  unpack(tape: Tape): void {
    const { words, wordAt } = tape
    this.next = words[wordAt] as number
    this.rung = words[wordAt + 1] as number
    this.skippedInARow = words[wordAt + 2] as number
    this.#initsLow = words[wordAt + 3] as number
    this.#initsHigh = words[wordAt + 4] as number
    tape.wordAt = wordAt + 5
    this.media.unpack(tape)
    this.list?.unpack(tape)
  }

  /** The last number that this track will ever have, as far as is known. */
  get last(): SegmentNumber {
    const newest = this.list?.newest
    return newest?.ended ? newest.last : this.#lastOfEvent
  }

  /** Passes over numbers that the playlist marks as missing (EXT-X-GAP); whether there were any. */
  passGaps(): boolean {
    const gaps = this.list?.newest?.gaps
    if (gaps === undefined || gaps.length === 0 || !gaps.includes(this.next)) return false
    while (gaps.includes(this.next)) this.next = (this.next as number) + 1
    return true
  }
}
