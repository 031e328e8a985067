import type { EdgeReason } from '../../live/reasons.ts'
import { after, between, type EpochMs } from '../../live/units.ts'
import type { Events } from './events.ts'
import type { Context } from './fills.ts'
import { isNegative } from './freshness.ts'
import { planOf, upstreamFor } from './plan.ts'
import type { EdgePolicy } from './policy.ts'
import type { Copy, Fill } from './state.ts'
import type { Store } from './store.ts'
import type { Target } from './target.ts'
import type { Topology } from './topology.ts'
import type { FetchPlan, Question, Verdict } from './verdict.ts'

// The decisions that a lookup can come to, whatever kind of object it is about. They read, and change nothing.

/** What a lookup reads. */
export interface LookupView {
  readonly name: string
  readonly policy: EdgePolicy
  readonly store: Store
  readonly events: Events
  readonly topology: Topology
  /** The shared fill in flight for a key. */
  fillAt(key: string): Fill | undefined
  /** How many more requests may wait, and how many more may go upstream. */
  readonly waitersLeft: number
  readonly fillsLeft: number
}

/** How much may be under way at once. */
interface Bounds {
  readonly waiters: number
  readonly fills: number
}

/** The view that lookups have of `context`, always as it is at that instant. */
export function viewOf(name: string, most: Bounds, context: Context): LookupView {
  const { store, events, topology, tickets, fills } = context
  return {
    name,
    store,
    events,
    topology,
    fillAt: key => fills.at(key),
    get policy() {
      return context.policy
    },
    get waitersLeft() {
      return most.waiters - tickets.waiting
    },
    get fillsLeft() {
      return most.fills - fills.inFlight
    },
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** The part of a verdict that a rule decides; limits and the gate's end are put on afterwards. */
export type Decision = DistributiveOmit<Verdict, 'maxArrivals' | 'validUntilMs'> & { readonly validUntilMs?: EpochMs }

/** The policy heeds events: their versions, rules and windows. */
export const heedsEvents = (policy: EdgePolicy): boolean =>
  policy.rangeValidation || policy.eventState || policy.designatedFill

/** A copy that is still arriving can be given only while others may have its bytes. */
export const isReadable = (copy: Copy, policy: EdgePolicy): boolean => copy.complete || policy.streamWhileFilling

export function hit(copy: Copy, key: string, validUntilMs: EpochMs = copy.freshUntilMs): Decision {
  const stored = isNegative(copy.status) ? 'negative-hit' : 'hit'
  return { do: 'serve', key, copy: copy.id, reason: copy.complete ? stored : 'collapsed', validUntilMs }
}

export function staleWhileRefreshed(
  view: LookupView,
  target: Target,
  question: Question,
  copy: Copy,
  key: string,
  headers: Readonly<Record<string, string>> | undefined,
  now: EpochMs,
): Decision | undefined {
  const served = { do: 'serve', key, copy: copy.id, reason: 'stale-updating' } as const
  if (view.fillAt(key)) return served
  if (!view.policy.proxy_cache_background_update || view.fillsLeft <= 0) return undefined
  return { ...served, question, refresh: planFor(view, target, question, 'fill-expired', now, headers) }
}

export function sharedFailure({ store, fillAt }: LookupView, key: string, now: EpochMs): Decision | undefined {
  const aftermath = store.aftermath(key)
  if (fillAt(key) || aftermath?.is !== 'failure' || now >= aftermath.untilMs) return undefined
  const { status, reason } = aftermath.answer
  return refusal(status === 404 ? 404 : 503, reason, now, aftermath.untilMs)
}

/** The fill in flight for the key: joined, waited for by looking again, or turned to the origin. */
export function underWay(
  view: LookupView,
  target: Target,
  question: Question,
  key: string,
  now: EpochMs,
): Decision | undefined {
  const fill = view.fillAt(key)
  if (!fill) return undefined
  if (question.sibling && fill.plan.upstream.is === 'sibling' && !fill.copy) {
    // The sibling may be waiting for the very edge that this fill asks: two views of the order would wait for each other.
    return {
      do: 'fill',
      key,
      question,
      plan: planFor(view, target, question, 'fill-next-sibling', now),
      reason: 'fill-next-sibling',
    }
  }
  if (view.policy.wakeOnFill) return { do: 'join', key, question, fetch: fill.fetch, reason: 'collapsed' }
  return { do: 'poll', key, question, againAtMs: after(now, view.policy.lockPollMs), reason: 'lock-poll' }
}

interface Beginning {
  readonly reason: EdgeReason
  /** An entry exists, so that a lock on new ones does not cover it. */
  readonly stored: boolean
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A request upstream: one for all where the lock covers it, else each asker's own. */
export function begin(
  view: LookupView,
  target: Target,
  question: Question,
  { reason, stored, key = target.key, headers }: Beginning,
  now: EpochMs,
): Decision {
  const { policy } = view
  if (!policy.proxy_cache_lock || (stored && policy.lockCovers === 'new')) {
    return pass(view, target, question, 'fill-unlocked', now, { key, headers })
  }
  return { do: 'fill', key, question, plan: planFor(view, target, question, reason, now, headers), reason }
}

export function missReason(
  { store, events }: LookupView,
  target: Target,
  copy: Copy | undefined,
  spoilt: boolean,
): EdgeReason {
  if (copy) {
    if (spoilt) return 'fill-invalidated'
    return isNegative(copy.status) ? 'fill-negative-expired' : 'fill-expired'
  }
  const aftermath = store.aftermath(target.key)
  if (aftermath) return aftermath.is === 'failure' ? 'fill-after-failure' : 'fill-uncacheable'
  return events.get(target.event)?.flushed.has(target.path) ? 'fill-flushed' : 'fill-miss'
}

function planFor(
  view: LookupView,
  target: Target,
  question: Question,
  reason: EdgeReason,
  now: EpochMs,
  headers?: Readonly<Record<string, string>>,
): FetchPlan {
  const upstream = upstreamFor(target, question, view.policy, view.topology)
  return planOf({ target, question, upstream, reason, policy: view.policy, headers }, now)
}

/** Each asker goes by itself; to the origin, because what does not collapse is not designated either. */
export function pass(
  { policy, topology }: LookupView,
  target: Target,
  question: Question,
  reason: EdgeReason,
  now: EpochMs,
  { key = target.key, headers }: Pick<Beginning, 'key' | 'headers'> = {},
): Decision {
  const input = { target, question, upstream: topology.origins.choose(), reason, policy, headers }
  return { do: 'pass', key, question, plan: planOf(input, now), reason }
}

export function refusal(status: 404 | 503 | 504, reason: EdgeReason, now: EpochMs, untilMs: EpochMs): Decision {
  return { do: 'refuse', status, reason, askAgainInMs: between(now, untilMs), validUntilMs: untilMs }
}
