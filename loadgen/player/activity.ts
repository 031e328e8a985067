import type { EpochMs, Ms } from '../../live/units.ts'
import type { PlayerOutput, RequestOutcome } from './player-io.ts'
import type { Tape } from './tape.ts'

// What a player does while it is there: it watches (viewer.ts) or it polls (poller.ts). Instants are handed in; outputs
// are appended to `out`.

/** With what an activity has come to an end by itself. */
export const overWords = [undefined, 'gave-up', 'ended'] as const
export type Over = (typeof overWords)[number]

export interface Activity {
  /** When it next wants `step`; Infinity while it is paused. */
  readonly dueMs: EpochMs
  /** Set when it has come to an end by itself. */
  readonly over: Over
  start(at: EpochMs, out: PlayerOutput[]): void
  /** Does what is due at `at`. */
  step(at: EpochMs, out: PlayerOutput[]): void
  responded(outcome: RequestOutcome, at: EpochMs, out: PlayerOutput[]): void
  /** Goes `behindMs` behind the live edge. */
  seek(behindMs: Ms, at: EpochMs, out: PlayerOutput[]): void
  /** Stops asking; what is in flight is aborted. */
  pause(at: EpochMs, out: PlayerOutput[]): void
  /** Comes back, at the live edge. */
  resume(at: EpochMs, out: PlayerOutput[]): void
  /** The most fractions that its state has as numbers (tape.ts). */
  readonly fractions: number
  /** Its state as numbers, and back. */
  pack(tape: Tape): void
  unpack(tape: Tape): void
}
