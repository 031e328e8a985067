import { limits } from '../../live/limits.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { heedsEvents, type LookupView } from './decisions.ts'
import { answer, type Context, deliver, type Out, shortly } from './fills.ts'
import { inspect, targetIn } from './lookup.ts'
import { turnToOrigin } from './mending.ts'
import { isCacheable } from './methods.ts'
import { headByMs, waitBoundMs } from './plan.ts'
import type { Copy, Fill, Ticket } from './state.ts'
import type { FetchPlan, Question, TicketId, Verdict } from './verdict.ts'

// What follows from a verdict: tickets that join or begin fills, and what becomes of a ticket when it is looked at
// again: at its deadline, when it looks at the lock (nginx), or when what it waited for was not for it.

export interface Asking {
  readonly context: Context
  readonly view: LookupView
}

type Beginning = Extract<Verdict, { do: 'fill' | 'pass' }>

/** Lets `count` askers in with `verdict`; the ticket for which they wait, where they do. */
export function admit(asking: Asking, verdict: Verdict, count: number, now: EpochMs, out: Out): TicketId | undefined {
  if (verdict.do === 'refuse') return undefined
  if (verdict.do === 'serve') {
    if (verdict.refresh && verdict.question) refresh(asking, verdict.key, verdict.question, verdict.refresh, now, out)
    return undefined
  }
  const { context, view } = asking
  const target = targetIn(view, verdict.question)
  learnIfUnknown(context, target.event, verdict.question, now, out)
  const deadlineMs = after(now, waitBoundMs(verdict.question, context.policy))
  const ticket = context.tickets.open(verdict.question, count, target.asked, now, deadlineMs)
  settle(asking, ticket, verdict, now, out)
  return ticket.id
}

/** Events of which nothing is known, or less than a sibling knows, are learned. */
function learnIfUnknown(
  { events, policy }: Context,
  event: string | undefined,
  { sibling }: Question,
  now: EpochMs,
  out: Out,
): void {
  if (event === undefined || !heedsEvents(policy)) return
  const state = events.get(event)?.state
  const isBehind = state !== undefined && sibling !== undefined && sibling.asked.version > state.version
  if (!state || isBehind) out.effects.push(...events.wanted(event, now))
}

/** Carries out what `verdict` says for `ticket`. */
function settle(asking: Asking, ticket: Ticket, verdict: Verdict, now: EpochMs, out: Out): void {
  const { context, view } = asking
  switch (verdict.do) {
    case 'serve': {
      const copy = context.store.copy(verdict.copy) as Copy
      if (verdict.refresh) refresh(asking, verdict.key, ticket.question, verdict.refresh, now, out)
      deliver(context, ticket, copy, verdict.reason, out)
      return
    }
    case 'refuse': {
      const { status, reason, askAgainInMs } = verdict
      answer(context, ticket, { status, reason, askAgainInMs }, out)
      return
    }
    case 'poll':
      context.tickets.detach(ticket)
      context.tickets.wakeAt(ticket, after(now, pollMs(asking)))
      return
    case 'join': {
      const fill = context.fills.at(verdict.key)
      // The verdict was asked for before the fill ended: what holds now is asked anew, and no fill is there to be joined.
      if (!fill) {
        settle(asking, ticket, inspect(view, ticket.question, now), now, out)
        return
      }
      context.tickets.attach(ticket, fill, false)
      return
    }
    case 'fill':
    case 'pass':
      fillFor(asking, ticket, verdict, now, out)
      return
  }
}

/**
 * nginx looks again every 500 ms from its request's arrival (`ngx_http_file_cache_lock_wait`, checked against nginx
 * 1.22): who came together is late together, and who came at any time is 0 to 500 ms late.
 */
const pollMs = ({ context }: Asking): Ms => Math.max(1, context.policy.lockPollMs as number)

/** The ticket begins a fill, or joins the one that has begun since the verdict. */
function fillFor(asking: Asking, ticket: Ticket, verdict: Beginning, now: EpochMs, out: Out): void {
  const { context } = asking
  const existing = verdict.do === 'fill' ? context.fills.at(verdict.key) : undefined
  if (existing) {
    const waitsForSibling = existing.plan.upstream.is === 'sibling' && !existing.copy
    if (ticket.question.sibling && waitsForSibling) turnToOrigin(context, existing, ticket.question, now, out)
    context.tickets.attach(ticket, existing, false)
    return
  }
  if (context.policy.afterLockTimeout === 'origin') ticket.deadlineMs = after(now, limits.unboundedWaitMs)
  const fill = beginFill(
    asking,
    verdict.key,
    ticket.question,
    verdict.plan,
    verdict.do === 'fill',
    ticket.count,
    now,
    out,
  )
  context.tickets.attach(ticket, fill, true)
}

function beginFill(
  { context, view }: Asking,
  key: string,
  question: Question,
  plan: FetchPlan,
  shared: boolean,
  count: number,
  now: EpochMs,
  out: Out,
): Fill {
  const { policy, fills, store } = context
  const anew = { ...plan, headByMs: headByMs(question, plan.upstream, policy, now) }
  const keeps =
    shared ||
    plan.reason === 'fill-unlocked' ||
    (plan.reason === 'pass-method' && policy.proxy_cache && isCacheable(question.method))
  const isConditional =
    plan.headers?.['if-none-match'] !== undefined || plan.headers?.['if-modified-since'] !== undefined
  const target = targetIn(view, question)
  const revalidates = isConditional ? store.at(store.selectedKey(target, question.headers ?? {})) : undefined
  const fill = { target, key, question, count: shared ? 1 : count, plan: anew, shared, keeps, revalidates }
  return fills.begin(fill, now, out)
}

/** One background request refreshes a stale copy that is served meanwhile. */
function refresh(asking: Asking, key: string, question: Question, plan: FetchPlan, now: EpochMs, out: Out): void {
  if (!asking.context.fills.at(key)) beginFill(asking, key, question, plan, true, 1, now, out)
}

/** For these tickets what they waited for was not the answer: it is decided anew, within their old deadlines. */
export function askAgain(asking: Asking, now: EpochMs, out: Out): void {
  for (let ticket = out.again.shift(); ticket; ticket = out.again.shift()) {
    settle(asking, ticket, inspect(asking.view, ticket.question, now), now, out)
  }
}

/** Tickets whose time has come: to look again, or to end. */
export function wakeTickets(asking: Asking, now: EpochMs, out: Out): void {
  const { context, view } = asking
  for (let ticket = context.tickets.takeDue(now); ticket; ticket = context.tickets.takeDue(now)) {
    if (now >= ticket.deadlineMs) endWait(asking, ticket, now, out)
    else settle(asking, ticket, inspect(view, ticket.question, now), now, out)
  }
}

/** The ticket has waited its whole bound: it gets an answer, or (nginx) goes to the origin by itself, uncached. */
function endWait(asking: Asking, ticket: Ticket, now: EpochMs, out: Out): void {
  const { context, view } = asking
  const { policy } = context
  if (policy.afterLockTimeout === 'answer') {
    answer(context, ticket, shortly(503, 'wait-ended', policy), out)
    return
  }
  if (ticket.began) {
    answer(context, ticket, { status: 504, reason: 'wait-ended' }, out)
    return
  }
  const verdict = inspect(view, ticket.question, now)
  if (verdict.do !== 'poll' && verdict.do !== 'join') {
    settle(asking, ticket, verdict, now, out)
    return
  }
  const { question, key } = verdict
  const upstream = context.topology.origins.choose()
  const by = headByMs(question, upstream, policy, now)
  const plan: FetchPlan = {
    method: 'GET',
    path: question.path,
    upstream,
    reason: 'lock-timeout',
    headByMs: by,
    ...(question.headers ? { headers: question.headers } : {}),
  }
  ticket.deadlineMs = after(now, limits.unboundedWaitMs)
  const fill = beginFill(asking, key, question, plan, false, ticket.count, now, out)
  context.tickets.attach(ticket, fill, true)
}
