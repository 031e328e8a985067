import { limits } from '../../live/limits.ts'
import { liveFields, parseEventState } from '../../live/live-state.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { dueFrom, isDvr } from '../../live/template.ts'
import { after, type Bytes, between, type EpochMs } from '../../live/units.ts'
import { heedsEvents } from './decisions.ts'
import { isInvalidated } from './events.ts'
import { type Context, deliver, type Out, shortly } from './fills.ts'
import { liveFreshUntil } from './freshness.ts'
import { type HttpFacts, judgeAnswer } from './http-object.ts'
import { giveUp } from './mending.ts'
import { isCacheable } from './methods.ts'
import type { Copy, Fill, Ticket } from './state.ts'
import { versionOfKey } from './target.ts'
import { selectedBy } from './vary.ts'
import type { Effect, UpstreamHead } from './verdict.ts'

// A whole answer: it becomes a copy, lookups find it where it is worth keeping, and those who wait get it, at its head
// or at its end.

/** After an answer that was for its asker alone: how long others do not wait for each other's (hit-for-miss). */
const uncacheableMs = 10_000

/** A whole answer: it becomes a copy, and those who wait for it get it. */
export function takeAnswer(context: Context, fill: Fill, head: UpstreamHead, now: EpochMs, out: Out): void {
  const { policy, store } = context
  const { target, plan, question } = fill
  const request = { path: target.path, headers: question.headers ?? {} }
  const isHttp = target.kind === 'http' && isCacheable(question.method)
  const facts = isHttp ? judgeAnswer(request, head, policy, fill.sentMs, now) : undefined
  const { copy, effects } = store.add({
    target,
    status: head.status,
    headers: head.headers,
    began: plan.asked ?? parseEventState(head.headers[liveFields.version]),
    arrivedMs: now,
    initialAgeMs: (facts?.initialAgeMs as number | undefined) ?? 0,
    freshUntilMs: facts?.freshUntilMs ?? untilDue(context, fill, head, liveFreshUntil(head, policy, now), now),
    expectedBytes: expectedBytes(head),
    receivedBytes: 0,
    complete: false,
    stored: false,
    http: facts,
  })
  out.effects.push(...effects)
  if (!copy) {
    context.fills.abandon(fill, out)
    giveUp(context, fill, shortly(503, 'refused-fills', policy), now, out)
    return
  }
  fill.copy = copy
  out.effects.push({ do: 'collect', fetch: fill.fetch, copy: copy.id, fromBytes: 0 })
  replaceDoomed(context, fill, copy, out)
  keep(context, fill, copy, facts, now, out)
  giveHead(context, fill, copy, facts, now, out)
}

/**
 * A 404 that came before its number was due ends when the due window opens. Its stated lifetime counts from its arrival,
 * so it would stand longer by its travel, and players who ask in time would get it. Only a difference that travel can
 * explain is taken away: where clocks differ by more, the origin's own lifetime stands.
 */
function untilDue(context: Context, fill: Fill, head: UpstreamHead, freshUntilMs: EpochMs, now: EpochMs): EpochMs {
  const { config, number } = fill.target
  if (head.status !== 404 || !context.policy.rangeValidation || !config || number === undefined) return freshUntilMs
  const dueMs = dueFrom(config, number)
  const lateMs = between(dueMs, freshUntilMs) as number
  return now < dueMs && lateMs > 0 && lateMs <= limits.answerTravelMs ? dueMs : freshUntilMs
}

/** The length that an answer promises; undefined when it is chunked. */
function expectedBytes({ status, headers }: UpstreamHead): Bytes | undefined {
  if (status === 204 || status === 304) return 0
  const length = headers['content-length']
  return length !== undefined && /^[0-9]{1,15}$/.test(length) ? Number(length) : undefined
}

/** Readers of a broken copy that have no bytes yet start again from the new one. */
function replaceDoomed(context: Context, fill: Fill, by: Copy, out: Out): void {
  const { doomed } = fill
  if (!doomed) return
  const failed = shortly(503, 'shared-failure', context.policy)
  out.effects.push({ do: 'break', copy: doomed.id, by: by.id, answer: failed }, ...context.store.drop(doomed))
  fill.doomed = undefined
}

/** Decides whether lookups find the copy, and what they know when they do not. */
function keep(context: Context, fill: Fill, copy: Copy, facts: HttpFacts | undefined, now: EpochMs, out: Out): void {
  const { policy, store } = context
  const { target, question } = fill
  if (facts?.storable && fill.keeps) {
    out.effects.push(...store.setVariants(target, facts.vary ?? []))
    const key = store.selectedKey(target, question.headers ?? {})
    if (key !== fill.key) context.fills.rekey(fill, key)
  }
  const isWorthIt = facts ? facts.storable : copy.freshUntilMs > now && !shedsClass(context, copy, now)
  const isOlder = copy.began !== undefined && copy.began.version < (versionOfKey(fill.key) ?? 0)
  fill.publishes = fill.keeps && isWorthIt && !isOlder && isCurrent(context, fill)
  if (fill.publishes && policy.streamWhileFilling) out.effects.push(...publish(context, fill, copy))
  if (isWorthIt || !fill.shared) return
  const untilMs = facts && !facts.shareable && policy.wakeOnFill ? after(now, uncacheableMs) : now
  store.setAftermath(fill.key, { is: 'uncacheable', untilMs })
}

/** One stored 503 stands for the whole DVR class of an event (design, "The life of a segment number"). */
function shedsClass({ events, policy }: Context, { target, status, freshUntilMs }: Copy, now: EpochMs): boolean {
  const { config, number, event } = target
  const known = events.get(event)
  if (!known || !config || number === undefined || status !== 503 || !policy.rangeValidation) return false
  if (!isDvr(config, number, now) || freshUntilMs <= now) return false
  known.shedUntilMs = freshUntilMs
  return true
}

/** The event's version has not risen since the fill began. */
function isCurrent({ events, policy }: Context, { key, target }: Fill): boolean {
  const known = heedsEvents(policy) ? events.get(target.event)?.state : undefined
  return known === undefined || (versionOfKey(key) ?? 0) >= known.version
}

/** From now on lookups find the copy. */
function publish({ store, events }: Context, fill: Fill, copy: Copy): Effect[] {
  events.get(fill.target.event)?.flushed.delete(fill.target.path)
  return store.publish(fill.key, copy)
}

/** Who gets the answer as soon as its head is there; the others wait for its end, or it is decided anew for them. */
function giveHead(
  context: Context,
  fill: Fill,
  copy: Copy,
  facts: HttpFacts | undefined,
  now: EpochMs,
  out: Out,
): void {
  for (const ticket of [...fill.waiting]) {
    if (!ticket.began && facts && !isAlsoFor(ticket, fill, facts)) {
      context.tickets.detach(ticket)
      out.again.push(ticket)
    } else if ((ticket.began || context.policy.streamWhileFilling) && suits(context, copy, ticket)) {
      deliver(context, ticket, copy, reasonFor(copy, now), out)
    }
  }
}

/** Whether an answer of RFC 9111's world may be handed to another request than the one that fetched it. */
function isAlsoFor(ticket: Ticket, { question }: Fill, facts: HttpFacts): boolean {
  if (!facts.shareable || !facts.vary) return false
  return selectedBy(facts.vary, ticket.question.headers ?? {}) === selectedBy(facts.vary, question.headers ?? {})
}

/** Not for a ticket that came when rules were known that cover the copy: it began before those. */
function suits({ events }: Context, copy: Copy, { known }: Ticket): boolean {
  if (!known) return true
  const config = events.get(copy.target.event)?.config
  if (isInvalidated(copy, config, known.sequence)) return false
  const newestRule = config?.invalidations.at(-1)?.sequence ?? 0
  return known.sequence <= newestRule || (copy.began?.sequence ?? 0) >= known.sequence
}

/** A 404 for what was due: the upstream's hold ended without it. */
function reasonFor({ target, status }: Copy, now: EpochMs): EdgeReason {
  const { config, number } = target
  const wasDue = config && number !== undefined && now >= dueFrom(config, number)
  return wasDue && status === 404 ? 'hold-ended' : 'upstream-answer'
}

/** The body has ended. Undefined: as promised; else it is torn. */
export function takeEnd(context: Context, fill: Fill, now: EpochMs, out: Out): 'torn' | undefined {
  const { copy } = fill
  if (!copy || (copy.expectedBytes !== undefined && copy.receivedBytes !== copy.expectedBytes)) return 'torn'
  context.store.complete(copy)
  out.effects.push({ do: 'complete', copy: copy.id })
  if (fill.publishes && !context.policy.streamWhileFilling && isCurrent(context, fill)) {
    out.effects.push(...publish(context, fill, copy))
  }
  for (const ticket of [...fill.waiting]) {
    if (ticket.arrivedMs <= copy.arrivedMs && suits(context, copy, ticket)) {
      deliver(context, ticket, copy, reasonFor(copy, now), out)
    } else {
      context.tickets.detach(ticket)
      out.again.push(ticket)
    }
  }
  context.fills.close(fill)
  if (!copy.stored || !isCurrent(context, fill)) out.effects.push(...context.store.drop(copy))
  return undefined
}
