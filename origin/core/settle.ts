import { after, type EpochMs } from '../../live/units.ts'
import { momentFor, refuse } from './answers.ts'
import { leastDefective, settlesAtMs, visibleCandidates } from './choice.ts'
import { inspectSegment } from './inspect.ts'
import { isMasked } from './masks.ts'
import { deadlineMs, decisionMs, type OriginState } from './origin-state.ts'
import type { SegmentEntry } from './segment-index.ts'
import type { Commanded, HoldVerdict, Mask, OriginEffect, RefuseVerdict, ServeVerdict, TicketId } from './verdict.ts'

// Holds and choices as they begin and end. An entry is settled before anything about it changes, so that what the time
// had decided already is not decided differently by what comes after.

/** Lets `count` askers wait with a verdict that still stands; none waits past the end of the number's time. */
export function hold(
  state: OriginState,
  { rendition, number, longestMs }: HoldVerdict,
  count: number,
  now: EpochMs,
): TicketId {
  const entry = state.index.obtain(rendition, number)
  state.active.add(entry)
  return state.holds.add(entry, count, Math.min(after(now, longestMs), deadlineMs(state, number)))
}

/** Makes the choice of `entry` if its time has come, and ends the holds that have nothing more to wait for. */
export function settle(state: OriginState, entry: SegmentEntry, now: EpochMs): OriginEffect[] {
  const { event, masks, holds } = state
  if (entry.pinned === undefined && now >= settlesAtMs(entry)) {
    entry.pinned = leastDefective(visibleCandidates(event, masks, entry))?.pipeline
  }
  const isPinned = entry.pinned !== undefined
  if (isPinned) {
    entry.decideAtMs = undefined
    entry.wasPublished = true
  }
  const tickets = holds.take(entry, isPinned ? Infinity : now)
  if (tickets.length > 0 && !isPinned) entry.holdEnded = true
  restIfIdle(state, entry)
  return tickets.length === 0 ? [] : [{ do: 'release', tickets, verdict: endOf(state, entry, tickets, now) }]
}

/** Settles every segment for which somebody or something waits. */
export const settleAll = (state: OriginState, now: EpochMs): OriginEffect[] =>
  [...state.active].flatMap(entry => settle(state, entry, now))

/** Candidates or masks of `entry` have changed: when is its choice due now? */
export function decide(state: OriginState, entry: SegmentEntry, now: EpochMs): OriginEffect[] {
  if (entry.pinned === undefined) entry.decideAtMs = decisionMs(state, entry)
  if (entry.decideAtMs !== undefined) state.active.add(entry)
  return settle(state, entry, now)
}

/** Puts `masks` in force; the mask's range is what that they differ in. Undefined: there would be too many. */
export function changeMasks(
  state: OriginState,
  masks: readonly Mask[] | undefined,
  { from, to }: Mask,
  now: EpochMs,
): Commanded {
  if (!masks) return { done: false, why: 'too many masks: lift some first' }
  const effects = replaceMasks(state, masks, state.index.between(from, to), now)
  state.masksSequence++
  return { done: true, effects }
}

/** Puts `masks` in force; `entries` are those that may be touched by it. */
export function replaceMasks(
  state: OriginState,
  masks: readonly Mask[],
  entries: Iterable<SegmentEntry>,
  now: EpochMs,
): OriginEffect[] {
  const effects = settleAll(state, now)
  state.masks = masks
  for (const entry of entries) {
    const isHidden = entry.pinned !== undefined && isMasked(masks, entry.pinned, entry.rendition, entry.number)
    if (isHidden) entry.pinned = undefined
    effects.push(...decide(state, entry, now))
  }
  return effects
}

/** Nothing waits for `entry` any more: wake-ups need not look at it. */
export function restIfIdle({ active }: OriginState, entry: SegmentEntry): void {
  if (entry.holds.size === 0 && entry.decideAtMs === undefined) active.delete(entry)
}

/** With what the holds of `entry` that end now are answered. */
function endOf(
  state: OriginState,
  entry: SegmentEntry,
  tickets: readonly TicketId[],
  now: EpochMs,
): ServeVerdict | RefuseVerdict {
  const verdict = inspectSegment(state, entry, '', now)
  if (verdict.do === 'serve' || (verdict.do === 'refuse' && verdict.reason !== 'overdue')) return verdict
  const { rendition, number } = entry
  const moment = momentFor(state.config.seed, `${rendition}/${number}/${tickets[0]}`)
  return refuse('hold-ended', moment, verdict.validUntilMs)
}
