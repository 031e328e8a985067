import { between, type EpochMs } from '../../live/units.ts'
import { isStrongEtag } from './conditional.ts'
import { isInvalidated } from './events.ts'
import { answer, type Context, deliver, type Out, shareFailure, shortly } from './fills.ts'
import { isNegative } from './freshness.ts'
import { isCacheable } from './methods.ts'
import { planOf, upstreamFor } from './plan.ts'
import type { Copy, Fill } from './state.ts'
import type { FetchFailure, FetchPlan, Question, ShortAnswer } from './verdict.ts'

// A fill that fails (design, "Waiting and filling"): a sibling that refuses is followed by the next in the order; a body
// that breaks is resumed once where its strong ETag allows it, else begun anew once, for all who wait; after the second
// failure the failure is shared for a moment. A failed collapse never opens to the origin.

/** The request of `fill` has ended badly and is no longer in flight. */
export function mend(context: Context, fill: Fill, failure: FetchFailure, now: EpochMs, out: Out): void {
  const { policy, fills } = context
  fills.detach(fill)
  const { upstream } = fill.plan
  // An answer that cannot be is no sign of being cut off: it is asked for once more before a stale one stands in.
  const isCutOff = failure !== 'malformed' || fill.retried || !policy.resumeBrokenFill
  if (isCutOff && giveStale(context, fill, failure === 'timeout' ? 'timeout' : 'error', now, out)) return
  // What may have been carried out is not sent again (RFC 9110, 9.2.2), and its body is gone.
  if (!policy.resumeBrokenFill || !isCacheable(fill.plan.method)) {
    giveUp(context, fill, { status: failure === 'timeout' ? 504 : 502, reason: 'fill-failed' }, now, out)
    return
  }
  const untouched = !fill.copy && !fill.doomed
  if (upstream.is === 'sibling' && untouched) {
    // Out of time is not refused: the sibling waits as this edge does, and asking another would be one more of them.
    if (failure === 'timeout') {
      giveUp(context, fill, shortly(404, 'hold-ended', policy), now, out)
      return
    }
    resend(context, fill, 'fill-next-sibling', now, out)
    return
  }
  if (fill.retried) {
    giveUp(context, fill, shortly(503, 'shared-failure', policy), now, out)
    return
  }
  fill.retried = true
  if (fill.copy && isResumable(fill.copy)) {
    resend(context, fill, 'fill-resume', now, out)
    return
  }
  if (fill.copy) doom(context, fill, out)
  resend(context, fill, 'fill-restart', now, out)
}

/** The rest can be asked for: what is there is a part of one body, and how long that is is known. */
const isResumable = ({ status, headers, expectedBytes, receivedBytes }: Copy): boolean =>
  status === 200 && isStrongEtag(headers.etag) && expectedBytes !== undefined && receivedBytes < expectedBytes

/** The fill's copy will not be completed: nobody finds it any more, its readers wait for what comes instead. */
export function doom(context: Context, fill: Fill, out: Out): void {
  const { copy } = fill
  if (!copy) return
  out.effects.push(...context.store.unlist(copy))
  fill.doomed = copy
  fill.copy = undefined
  fill.publishes = false
}

type Again = 'fill-next-sibling' | 'fill-resume' | 'fill-restart'

function resend(context: Context, fill: Fill, reason: Again, now: EpochMs, out: Out): void {
  const { target, question, copy } = fill
  const { policy, topology } = context
  const failed = fill.plan.upstream.is === 'origin' ? fill.plan.upstream.region : undefined
  const upstream = upstreamFor(target, question, policy, topology, fill.siblings, failed)
  const resume: FetchPlan['resume'] =
    reason === 'fill-resume' && copy ? { fromBytes: copy.receivedBytes, etag: copy.headers.etag as string } : undefined
  fill.revalidates = undefined
  context.fills.send(fill, planOf({ target, question, upstream, reason, policy, resume }, now), now, out)
}

/** The fill asks the origin from now on, for a `question` that must not go to a third edge. */
export function turnToOrigin(context: Context, fill: Fill, question: Question, now: EpochMs, out: Out): void {
  const upstream = context.topology.origins.choose()
  const { target } = fill
  context.fills.abandon(fill, out)
  fill.question = question
  const plan = planOf({ target, question, upstream, reason: 'fill-next-sibling', policy: context.policy }, now)
  context.fills.send(fill, plan, now, out)
}

/** Fills that wait for a sibling or an origin that has died go to the next in the order. */
export function leaveDead(context: Context, now: EpochMs, out: Out): void {
  for (const fill of context.fills.all()) {
    if (fill.copy || !waitsForDead(context, fill)) continue
    context.fills.abandon(fill, out)
    mend(context, fill, 'refused', now, out)
  }
}

function waitsForDead({ topology, policy }: Context, fill: Fill): boolean {
  const { upstream, method } = fill.plan
  if (upstream.is === 'sibling') return !topology.isAlive(upstream.edge)
  if (upstream.region === undefined || !topology.origins.isOvertaken(upstream.region)) return false
  // Only where the one more try goes to another region; what may have been carried out waits for its end.
  return policy.resumeBrokenFill && !fill.retried && isCacheable(method)
}

/** The fill ends without an answer: what was delivered is broken, who waits is answered, the next askers are told. */
export function giveUp(context: Context, fill: Fill, given: ShortAnswer, now: EpochMs, out: Out): void {
  for (const copy of [fill.doomed, fill.copy]) {
    if (!copy || copy.complete) continue
    out.effects.push({ do: 'break', copy: copy.id, answer: given }, ...context.store.drop(copy))
  }
  for (const ticket of [...fill.waiting]) answer(context, ticket, given, out)
  context.fills.close(fill)
  shareFailure(context, fill, given, now)
}

/** Ends a fill whose copy nobody reads, nobody waits for and nobody will find. */
export function endUnread(context: Context, fill: Fill, out: Out): void {
  const { copy, doomed, publishes, waiting } = fill
  if (!copy || copy.stored || doomed || publishes || waiting.size > 0) return
  // Its last byte is here: it ends by itself in a moment, and its connection can be used again.
  if (copy.expectedBytes !== undefined && copy.receivedBytes >= copy.expectedBytes) return
  context.fills.abandon(fill, out)
  const given = shortly(503, 'shared-failure', context.policy)
  out.effects.push({ do: 'break', copy: copy.id, answer: given }, ...context.store.drop(copy))
  context.fills.close(fill)
}

/**
 * Gives the stored stale copy instead of a failure where it may be: of what is not live as RFC 9111, 4.2.4 and RFC 5861
 * allow it, of live objects only where the policy says so, of negative answers never. Whether it did.
 */
export function giveStale(
  context: Context,
  fill: Fill,
  because: 'error' | 'timeout' | 'http_5xx',
  now: EpochMs,
  out: Out,
): boolean {
  const { policy, store } = context
  const copy = store.at(fill.key)
  if (!copy?.complete || fill.copy || fill.doomed || !policy.proxy_cache_use_stale.includes(because)) return false
  if (!mayBeStale(context, copy, because, now)) return false
  for (const ticket of [...fill.waiting]) deliver(context, ticket, copy, 'stale-error', out)
  context.fills.close(fill)
  shareFailure(context, fill, shortly(503, 'shared-failure', policy), now, true)
  return true
}

function mayBeStale({ policy, events }: Context, copy: Copy, because: string, now: EpochMs): boolean {
  const { http, target, status } = copy
  if (!http) return policy.staleLive && !isNegative(status) && !isInvalidated(copy, events.get(target.event)?.config)
  return (between(now, http.onErrorUntilMs) as number) > 0 || (because !== 'http_5xx' && http.whenCutOff)
}
