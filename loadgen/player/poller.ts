import { unitFraction } from '../../live/random.ts'
import { expectedPublication, lastNumber, liveEdge, retryDeadline } from '../../live/template.ts'
import { after, type EpochMs, type Ms, type SegmentNumber } from '../../live/units.ts'
import { type Activity, type Over, overWords } from './activity.ts'
import { ladderOf } from './ladder.ts'
import { Load, loadFractions } from './load.ts'
import type { PlayerOutput, PlayerSetup, RequestOutcome } from './player-io.ts'
import type { Timeouts } from './profile.ts'
import { profileOf } from './profiles.ts'
import type { Tape } from './tape.ts'

// A player that asks for the next segment again and again before it exists: the 404 storm (facts/live-origin.md,
// "Overload"). It asks every `everyMs` from `aheadMs` before the expected publication, by its own clock, until it gets
// the segment or the segment is gone; then for the next. One request is in flight at a time: while one is held, its
// ticks pass by.
export class Poller implements Activity {
  dueMs: EpochMs = Infinity
  over: Over

  readonly #setup: PlayerSetup
  readonly #timeouts: Timeouts
  readonly #everyMs: Ms
  readonly #aheadMs: Ms
  #rendition: string
  readonly #load = new Load('segment')
  #number: SegmentNumber = -1
  #tickMs: EpochMs = Infinity
  #requests = 0

  constructor(setup: PlayerSetup, { everyMs, aheadMs }: NonNullable<PlayerSetup['poller']>) {
    this.#setup = setup
    this.#timeouts = profileOf(setup).timeouts.segment
    this.#everyMs = everyMs
    this.#aheadMs = aheadMs
    const { video, audio } = ladderOf(setup.event)
    const rung = Math.floor(unitFraction(setup.seed, `poller/${setup.index}`) * video.length)
    this.#rendition = (video[rung] ?? audio)?.name ?? ''
  }

  start(at: EpochMs): void {
    this.#pollFrom((liveEdge(this.#setup.event, this.#clock(at)) as number) + 1, at)
  }

  step(at: EpochMs, out: PlayerOutput[]): void {
    if (this.#load.isAsking) {
      out.push({ do: 'abort', request: this.#load.request })
      this.#again(at)
    } else this.#ask(at, out)
  }

  responded(outcome: RequestOutcome, at: EpochMs): void {
    if (outcome.request !== this.#load.request) return
    const { result } = outcome
    if (result === 410 || (typeof result === 'number' && result >= 200 && result < 300)) {
      this.#pollFrom((this.#number as number) + 1, at)
    } else this.#again(at)
  }

  /** A poller stays at the live edge. */
  seek(): void {}

  pause(_at: EpochMs, out: PlayerOutput[]): void {
    this.#load.abort(out)
    this.dueMs = Infinity
  }

  resume(at: EpochMs): void {
    this.start(at)
  }

  get fractions(): number {
    return 2 + loadFractions
  }

  pack(tape: Tape): void {
    tape.put(this.dueMs as number)
    tape.put(this.#tickMs as number)
    tape.putWhole(overWords.indexOf(this.over))
    tape.putWhole(this.#requests)
    tape.putWhole(this.#number as number)
    tape.putWhole(this.#setup.event.renditions.findIndex(({ name }) => name === this.#rendition))
    this.#load.pack(tape)
  }

  unpack(tape: Tape): void {
    this.dueMs = tape.take()
    this.#tickMs = tape.take()
    this.over = overWords[tape.takeWhole()]
    this.#requests = tape.takeWhole()
    this.#number = tape.takeWhole()
    this.#rendition = this.#setup.event.renditions[tape.takeWhole()]?.name ?? ''
    this.#load.unpack(tape)
  }

  #clock(at: EpochMs): EpochMs {
    return after(at, this.#setup.clockErrorMs)
  }

  #pollFrom(number: SegmentNumber, at: EpochMs): void {
    const { event, clockErrorMs } = this.#setup
    this.#load.rest()
    this.#load.failures = 0
    this.#number = Math.max(event.firstNumber, number as number)
    this.#tickMs = expectedPublication(event, this.#number) - this.#aheadMs - clockErrorMs
    this.dueMs = Math.max(at, this.#tickMs)
    if ((this.#number as number) > (lastNumber(event) as number)) this.over = 'ended'
  }

  #again(at: EpochMs): void {
    const { event } = this.#setup
    if (this.#clock(at) >= retryDeadline(event, this.#number)) {
      this.#pollFrom((liveEdge(event, this.#clock(at)) as number) + 1, at)
      return
    }
    this.#load.rest()
    this.#load.failures++
    const passed = Math.max(1, Math.ceil((at - this.#tickMs) / this.#everyMs))
    this.#tickMs = after(this.#tickMs, passed * this.#everyMs)
    this.dueMs = Math.max(at, this.#tickMs)
  }

  #ask(at: EpochMs, out: PlayerOutput[]): void {
    this.#tickMs = at
    const { firstByteMs, wholeMs } = this.#timeouts
    this.#load.ask('segment', ++this.#requests, after(at, wholeMs))
    this.dueMs = this.#load.dueMs
    out.push({
      do: 'request',
      request: this.#load.request,
      address: {
        kind: 'segment',
        event: this.#setup.event.event,
        rendition: this.#rendition,
        number: this.#number,
      },
      plannedMs: at,
      attempt: this.#load.failures,
      firstByteByMs: after(at, firstByteMs),
    })
  }
}
