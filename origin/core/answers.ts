import { limits } from '../../live/limits.ts'
import { jitterBetween } from '../../live/random.ts'
import type { OriginReason } from '../../live/reasons.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import type { Lifetime, RefuseVerdict } from './verdict.ts'

// What the origin refuses with, and for how long an edge may keep each refusal. A refusal never outlives the instant
// at which a better answer becomes possible; what comes back soon is jittered, so that no herd forms.

/** The end of time as far as Date goes: unlike Infinity it survives JSON. */
export const endOfTimeMs: EpochMs = 8.64e15

/** As many askers as may come: no count changes this answer. */
export const anyNumber = Number.MAX_SAFE_INTEGER

export const until = (untilMs: EpochMs): Lifetime => ({ is: 'until', untilMs })
export const lasting = (forMs: Ms): Lifetime => ({ is: 'for', forMs })

/** How long something that may come at any moment is not asked for again; `name` spreads those who ask. */
export const momentFor = (seed: number, name: string): Lifetime =>
  lasting(jitterBetween(limits.overdueLowMs, limits.overdueHighMs, seed, name))

/** A shed answer's lifetime. */
export const shedLifetime = (seed: number, name: string): Lifetime =>
  lasting(jitterBetween(limits.shedMs, limits.shedMs + limits.shedJitterMs, seed, `shed/${name}`))

const statuses = {
  'not-an-address': 404,
  'unknown-event': 404,
  'unknown-rendition': 404,
  'outside-event': 404,
  'too-early': 404,
  overdue: 404,
  'hold-ended': 404,
  'never-made': 410,
  'left-window': 410,
  'all-masked': 410,
  shed: 503,
  'too-many-holds': 503,
  'out-of-date': 503,
  'origin-down': 503,
  'store-failed': 503,
} as const satisfies Partial<Record<OriginReason, RefuseVerdict['status']>>

/** A refusal by its reason, which decides the status. */
export const refuse = (
  reason: keyof typeof statuses,
  lifetime: Lifetime | undefined,
  validUntilMs: EpochMs = endOfTimeMs,
): RefuseVerdict => ({
  do: 'refuse',
  status: statuses[reason],
  reason,
  lifetime,
  validUntilMs: Math.min(validUntilMs, endOfTimeMs),
  maxArrivals: anyNumber,
})
