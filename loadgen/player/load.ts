import type { EpochMs } from '../../live/units.ts'
import type { PlayerOutput, RequestNumber } from './player-io.ts'
import type { Wanted } from './profile.ts'
import type { Tape } from './tape.ts'

const retrying = -1
const wantedWords: readonly Wanted[] = ['manifest', 'playlist', 'init', 'segment']

/** How many fractions a load is as numbers (tape.ts). */
export const loadFractions = 1

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

  /** Nothing is asked for any more; what is in flight is aborted. */
  abort(out: PlayerOutput[]): void {
    if (this.isAsking) out.push({ do: 'abort', request: this.request })
    this.rest()
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
