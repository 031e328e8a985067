import type { Ms } from '../../live/units.ts'
import type { RequestOutcome } from './player-io.ts'
import type { FailureClass, Profile, Wanted } from './profile.ts'

// What a player does when a request fails: its profile's schedule, then its profile's way out.

/** The class of a failure, or undefined for a success. */
export function failureOf(result: RequestOutcome['result']): FailureClass | undefined {
  if (typeof result === 'string') return result === 'timeout' || result === 'wrong-body' ? result : 'transport'
  if (result >= 200 && result < 300) return undefined
  return result >= 500 ? 'server-error' : 'client-error'
}

export type Recovery =
  | { readonly do: 'retry'; readonly inMs: Ms }
  /** Leave this rung for another one and ask there for the same segment. */
  | { readonly do: 'leave-rung' }
  /** Leave this segment out. */
  | { readonly do: 'skip' }
  | { readonly do: 'give-up' }

export interface Failure {
  readonly wanted: Wanted
  readonly failure: FailureClass
  readonly result: RequestOutcome['result']
  /** Failures before this one that count. */
  readonly failuresBefore: number
  /** Another rung is there to be taken. */
  readonly otherRung: boolean
  readonly skippedInARow: number
}

const leaveRung: Recovery = { do: 'leave-rung' }
const skip: Recovery = { do: 'skip' }
const giveUp: Recovery = { do: 'give-up' }

/** The wait of `inMs` as this player draws it; `fraction`, 0 to 1, is its chance. */
export const drawnMs = ({ retryJitter }: Profile, inMs: Ms, fraction: number): Ms =>
  (inMs as number) * (1 + retryJitter * (2 * fraction - 1))

/** What comes after a failed request. */
export function recoveryFrom(profile: Profile, failed: Failure): Recovery {
  const mayLeave = failed.otherRung && failed.wanted !== 'manifest'
  if (mayLeave && profile.leavesRungOn.includes(failed.result as number)) return leaveRung
  const inMs = profile.retries[failed.wanted][failed.failure][failed.failuresBefore]
  if (inMs !== undefined) return { do: 'retry', inMs }
  if (mayLeave && profile.leavesRungWhenExhausted) return leaveRung
  if (profile.liveRetryMs !== undefined && failed.wanted !== 'manifest')
    return { do: 'retry', inMs: profile.liveRetryMs }
  return failed.wanted === 'segment' && failed.skippedInARow < profile.skipsInARow ? skip : giveUp
}
