import type { Address } from '../../live/address.ts'
import type { EpochMs } from '../../live/units.ts'
import type { PlayerOutput, RequestNumber, RequestOutcome } from '../player/player-io.ts'

// What the driver of a fleet drives: players, and the recorded requests of a replay in their place.

/** A recorded request, sent as it was recorded. */
export interface RecordedRequest {
  readonly do: 'recorded-request'
  readonly request: RequestNumber
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  readonly address: Address | undefined
  readonly plannedMs: EpochMs
  readonly firstByteByMs: EpochMs
}

export type DrivenOutput = PlayerOutput | RecordedRequest

/** The calls of a player's core (loadgen/player/player.ts) that a driver makes. */
export interface Driven {
  /** When it wants to be woken; Infinity: only the end of a request moves it on; undefined: it has left. */
  nextWakeMs(): EpochMs | undefined
  wake(now: EpochMs): readonly DrivenOutput[]
  responded(outcome: RequestOutcome, now: EpochMs): readonly DrivenOutput[]
  leaveNow(now: EpochMs): readonly DrivenOutput[]
}

/** One to be driven, and what decides where its requests go. */
export interface Cast {
  readonly player: Driven
  /** Names its requests, `p{index}-{request}`. */
  readonly index: number
  readonly joinMs: EpochMs
  /** Two numbers in [0, 1) that choose its site, and its edges there. */
  readonly siteFraction: number
  readonly edgeFraction: number
}
