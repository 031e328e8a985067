import { type Invalidation, invalidationSequence, type LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'

// The event's ordered list of invalidation rules. Sequences only rise; when the list is full the two oldest are joined
// into one that covers both: an edge may then fetch again what it need not, but never keeps what it must not.

/** `event` with one more rule. */
export function withInvalidation(event: LiveEvent, rule: Omit<Invalidation, 'sequence'>): LiveEvent {
  const rules = [...event.invalidations, { ...rule, sequence: invalidationSequence(event) + 1 }]
  const [oldest, second, ...others] = rules
  const invalidations =
    rules.length > limits.invalidations && oldest && second ? [joined(oldest, second), ...others] : rules
  return { ...event, invalidations }
}

const joined = (older: Invalidation, newer: Invalidation): Invalidation => ({
  sequence: newer.sequence,
  from: Math.min(older.from, newer.from),
  to: Math.max(older.to, newer.to),
  ...(older.pipeline !== undefined && older.pipeline === newer.pipeline ? { pipeline: older.pipeline } : {}),
  ...(older.region !== undefined && older.region === newer.region ? { region: older.region } : {}),
})
