import type { LiveEvent } from '../../live/event.ts'
import { lastNumber } from '../../live/template.ts'
import type { EpochMs, SegmentNumber } from '../../live/units.ts'
import type { RequestNumber, RequestOutcome } from './player-io.ts'
import type { Wanted } from './profile.ts'
import type { Tape } from './tape.ts'

// What a player keeps of one track (video or audio): numbers only, because a simulated world holds millions of them.

const retrying = -1
const wantedWords: readonly Wanted[] = ['manifest', 'playlist', 'init', 'segment']

/**
 * One thing that is asked for at a time.
 * | state    | `request` | `dueMs`                                        |
 * |----------|-----------|------------------------------------------------|
 * | idle     | 0         | when to ask; Infinity: nothing to ask for now  |
 * | asking   | > 0       | when to give the whole load up                 |
 * | retrying | -1        | when to ask again                              |
 */
export class Load {
  /** What is asked for, or was last. */
  wanted: Wanted
  request: RequestNumber = 0
  /** Tries that failed and still count. */
  failures = 0
  dueMs: EpochMs = Infinity

  constructor(wanted: Wanted) {
    this.wanted = wanted
  }

  get isIdle(): boolean {
    return this.request === 0
  }

  get isAsking(): boolean {
    return this.request > 0
  }

  /** Back to idle, with nothing to ask for. */
  rest(): void {
    this.request = 0
    this.dueMs = Infinity
  }

  ask(wanted: Wanted, request: RequestNumber, giveUpMs: EpochMs): void {
    this.wanted = wanted
    this.request = request
    this.dueMs = giveUpMs
  }

  retryAt(dueMs: EpochMs): void {
    this.request = retrying
    this.dueMs = dueMs
  }

  pack(tape: Tape): void {
    const { words, wordAt } = tape
    words[wordAt] = wantedWords.indexOf(this.wanted)
    words[wordAt + 1] = this.request
    words[wordAt + 2] = this.failures
    tape.wordAt = wordAt + 3
    tape.put(this.dueMs as number)
  }

  unpack(tape: Tape): void {
    const { words, wordAt } = tape
    this.wanted = wantedWords[words[wordAt] as number] as Wanted
    this.request = words[wordAt + 1] as number
    this.failures = words[wordAt + 2] as number
    tape.wordAt = wordAt + 3
    this.dueMs = tape.take()
  }
}

type Playlist = NonNullable<RequestOutcome['playlist']>

/** The playlist of a track, for a player that polls. */
export class PlaylistLoad extends Load {
  /** When the last one was asked for: the next is due a target duration later. */
  askedMs: EpochMs = 0
  /** Of the track's present rung; undefined after a change of rung. */
  newest: Playlist | undefined

  constructor() {
    super('playlist')
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

  constructor(kind: 'video' | 'audio', rung: number, polls: boolean) {
    this.kind = kind
    this.rung = rung
    this.list = polls ? new PlaylistLoad() : undefined
  }

  hasInit(): boolean {
    return ((this.rung < 32 ? this.#initsLow : this.#initsHigh) & (1 << (this.rung & 31))) !== 0
  }

  keepInit(): void {
    if (this.rung < 32) this.#initsLow |= 1 << this.rung
    else this.#initsHigh |= 1 << (this.rung & 31)
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
  last(event: LiveEvent): SegmentNumber {
    const newest = this.list?.newest
    return newest?.ended ? newest.last : lastNumber(event)
  }

  /** Passes over numbers that the playlist marks as missing (EXT-X-GAP); whether there were any. */
  passGaps(): boolean {
    const gaps = this.list?.newest?.gaps
    if (gaps === undefined || gaps.length === 0 || !gaps.includes(this.next)) return false
    while (gaps.includes(this.next)) this.next = (this.next as number) + 1
    return true
  }
}
