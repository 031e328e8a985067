import type { EpochMs } from '../../live/units.ts'
import type { Activity } from './activity.ts'
import type { PlayerOutput, PlayerSetup, RequestOutcome } from './player-io.ts'
import { Poller } from './poller.ts'
import { profileOf } from './profiles.ts'
import type { Tape } from './tape.ts'
import { Viewer } from './viewer.ts'

// One player of a fleet: when it comes, goes away and leaves; what it does meanwhile is its activity's.
//
// | state   | from                             | until                                                     |
// |---------|----------------------------------|-----------------------------------------------------------|
// | waiting | it was made                      | `joinMs`                                                  |
// | present | `joinMs`, or back from half-time | `away.fromMs`, or it leaves                               |
// | away    | `away.fromMs`                    | `away.toMs`                                               |
// | left    | `leaveMs`, told to leave, gave up, or the event has ended | for ever                         |
const states = ['waiting', 'present', 'away', 'left'] as const
type PlayerState = (typeof states)[number]

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** Players of one kind (and of one event) have the same parts, so that each can be brought to life in another's place. */
export const kindOf = (setup: PlayerSetup): string =>
  `${profileOf(setup).name}${setup.poller === undefined ? '' : ' polling'}`

/**
 * A player as a pure state machine. The driver calls `wake` when `nextWakeMs` has come, carries out what comes back, and
 * reports each request's end to `responded` (except aborted ones). What is due is done at the instant for which it was
 * due, however late the driver calls: `plannedMs` of a request is that instant, so that lateness can be counted.
 * An instant before the last one counts as the last one.
 */
export class Player {
  readonly setup: Mutable<PlayerSetup>
  readonly #activity: Activity
  #state: PlayerState = 'waiting'
  #sought: boolean
  #lastMs: EpochMs = -Infinity
  /** When it next comes, goes, seeks or leaves. */
  #planMs: EpochMs

  constructor(setup: PlayerSetup) {
    // Of its own, because another player of the same kind may be brought to life in its place.
    this.setup = { ...setup }
    this.#activity = setup.poller === undefined ? new Viewer(this.setup) : new Poller(this.setup, setup.poller)
    this.#sought = setup.seek === undefined
    this.#planMs = setup.joinMs
  }

  /**
   * When to call `wake`, epoch ms; undefined once the player has left. A player that is there always has an instant: also
   * one that waits for an answer gives it up at some time.
   */
  nextWakeMs(): EpochMs | undefined {
    return this.#state === 'left' ? undefined : Math.min(this.#planMs as number, this.#activity.dueMs as number)
  }

  /** Does what is due up to `now`, in order. */
  wake(now: EpochMs): PlayerOutput[] {
    const out: PlayerOutput[] = []
    this.#runUntil(now, out)
    return out
  }

  /** Takes the end of a request into account. Outcomes of requests that are not in flight change nothing. */
  responded(outcome: RequestOutcome, now: EpochMs): PlayerOutput[] {
    const out: PlayerOutput[] = []
    this.#runUntil(now, out)
    if (this.#state === 'present') {
      this.#activity.responded(outcome, this.#lastMs, out)
      this.#leaveIfOver(out)
    }
    return out
  }

  /** Leaves at once, whatever was planned. */
  leaveNow(now: EpochMs): PlayerOutput[] {
    const out: PlayerOutput[] = []
    this.#runUntil(now, out)
    this.#leave(out)
    return out
  }

  /** The most fractions that it has as numbers; the same for every player of its kind. */
  get fractions(): number {
    return 5 + this.#activity.fractions
  }

  /** The whole player as numbers (tape.ts): `unpack` of another player of the same `kindOf` goes on where this one is. */
  pack(tape: Tape): void {
    const { index, clockErrorMs, joinMs, leaveMs, away, seek } = this.setup
    const { cells, at, words, wordAt } = tape
    cells[at] = clockErrorMs as number
    cells[at + 1] = joinMs as number
    cells[at + 2] = (leaveMs as number | undefined) ?? Number.NaN
    cells[at + 3] = this.#lastMs as number
    cells[at + 4] = this.#planMs as number
    tape.at = at + 5
    words[wordAt] = states.indexOf(this.#state)
    words[wordAt + 1] = this.#sought ? 1 : 0
    words[wordAt + 2] = index
    tape.wordAt = wordAt + 3
    tape.putObject(away)
    tape.putObject(seek)
    this.#activity.pack(tape)
  }

  unpack(tape: Tape): void {
    const { setup } = this
    const { cells, at, words, wordAt } = tape
    const leaveMs = cells[at + 2] as number
    setup.clockErrorMs = cells[at] as number
    setup.joinMs = cells[at + 1] as number
    setup.leaveMs = Number.isNaN(leaveMs) ? undefined : leaveMs
    this.#lastMs = cells[at + 3] as number
    this.#planMs = cells[at + 4] as number
    tape.at = at + 5
    this.#state = states[words[wordAt] as number] as PlayerState
    this.#sought = words[wordAt + 1] === 1
    setup.index = words[wordAt + 2] as number
    tape.wordAt = wordAt + 3
    setup.away = tape.takeObject<NonNullable<PlayerSetup['away']>>()
    setup.seek = tape.takeObject<NonNullable<PlayerSetup['seek']>>()
    this.#activity.unpack(tape)
  }

  #runUntil(now: EpochMs, out: PlayerOutput[]): void {
    for (;;) {
      const dueMs = this.nextWakeMs()
      if (dueMs === undefined || (dueMs as number) > (now as number)) break
      this.#lastMs = Math.max(this.#lastMs as number, dueMs as number)
      if ((this.#planMs as number) <= (dueMs as number)) this.#carryOutPlan(this.#lastMs, out)
      else this.#activity.step(this.#lastMs, out)
      this.#leaveIfOver(out)
    }
    this.#lastMs = Math.max(this.#lastMs as number, now as number)
  }

  /** The one thing of the plan whose time has come. */
  #carryOutPlan(at: EpochMs, out: PlayerOutput[]): void {
    const { leaveMs, away, seek } = this.setup
    if (leaveMs !== undefined && at >= leaveMs && this.#state !== 'waiting') this.#leave(out)
    else if (this.#state === 'waiting') {
      this.#state = 'present'
      out.push({ do: 'note', note: 'joined' })
      this.#activity.start(at, out)
    } else if (away !== undefined && this.#state === 'present' && at >= away.fromMs && at < away.toMs) {
      this.#state = 'away'
      this.#activity.pause(at, out)
    } else if (away !== undefined && this.#state === 'away' && at >= away.toMs) {
      this.#state = 'present'
      this.#activity.resume(at, out)
    } else if (seek !== undefined && !this.#sought && at >= seek.atMs) {
      this.#sought = true
      if (this.#state === 'present') this.#activity.seek(seek.behindMs, at, out)
    }
    this.#planMs = this.#nextPlanMs(at)
  }

  #nextPlanMs(at: EpochMs): EpochMs {
    const { leaveMs = Infinity, away, seek } = this.setup
    const seekMs = this.#sought || seek === undefined ? Infinity : seek.atMs
    let awayMs = Infinity
    if (away !== undefined && this.#state === 'away') awayMs = away.toMs
    else if (away !== undefined && at < away.toMs) awayMs = away.fromMs
    return Math.min(leaveMs as number, seekMs, awayMs)
  }

  #leaveIfOver(out: PlayerOutput[]): void {
    if (this.#activity.over === undefined || this.#state === 'left') return
    if (this.#activity.over === 'gave-up') out.push({ do: 'note', note: 'gave-up' })
    this.#leave(out)
  }

  #leave(out: PlayerOutput[]): void {
    if (this.#state === 'present') this.#activity.pause(this.#lastMs, out)
    if (this.#state === 'present' || this.#state === 'away') out.push({ do: 'note', note: 'left' })
    this.#state = 'left'
  }
}
