import { limits } from '../../live/limits.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { isCacheable } from './methods.ts'
import type { EdgePolicy } from './policy.ts'
import type { Target } from './target.ts'
import type { Topology } from './topology.ts'
import type { FetchPlan, Question, Upstream } from './verdict.ts'

// Requests upstream and how long things may take. Every bound is inside the next (design, "Waiting and filling"):
// origin hold 3 s < origin to a sibling's asker 3.25 s < sibling 3.5 s < origin 3.75 s < a waiter 4 s < what players bear 5 s.

/** What an answer needs on its way, so that an inner bound ends before the outer one. */
const innerMarginMs = 250

/** How long a question may wait at this edge, from its own arrival. */
export function waitBoundMs(question: Question, policy: EdgePolicy): Ms {
  // What changes something takes its time, and whoever gives up would not know whether it did.
  if (!isCacheable(question.method)) return limits.unboundedWaitMs
  const own = policy.proxy_cache_lock_timeout as number
  return question.sibling ? Math.min(own, question.sibling.boundMs as number) : own
}

/** What a sibling's answer needs on its way, so that its short 404 comes before the asker gives up. */
const siblingTravelMs = 100

/** How long a sibling that is asked may take over its answer, where the asker itself gives up in `leftMs`: whole ms. */
export const siblingBoundMs = (leftMs: Ms): Ms => Math.max(1, Math.floor((leftMs as number) - siblingTravelMs))

/** When a request upstream for `question`, sent at `now`, is given up without a head. */
export function headByMs(question: Question, upstream: Upstream, policy: EdgePolicy, now: EpochMs): EpochMs {
  if (policy.afterLockTimeout === 'origin' || !isCacheable(question.method)) return after(now, limits.unboundedWaitMs)
  const within = (waitBoundMs(question, policy) as number) - innerMarginMs
  const most = upstream.is === 'sibling' ? limits.siblingWaitMs : limits.originWaitMs
  return after(now, Math.max(0, Math.min(most, within)))
}

/**
 * Whom to ask for `target`. What a sibling asks for goes to the origin and never to a third edge; what is not a live
 * object of a known event is nobody's in particular. Siblings that were `asked`, and the region of an origin that has
 * `failed` with it, are passed over.
 */
export function upstreamFor(
  target: Target,
  question: Question,
  policy: EdgePolicy,
  topology: Topology,
  asked: readonly string[] = [],
  failed?: string,
): Upstream {
  const { event, rendition } = target
  if (!policy.designatedFill || question.sibling || event === undefined || rendition === undefined)
    return topology.origins.choose(failed)
  return topology.upstreamOf(event, rendition, asked, failed)
}

export interface PlanInput {
  readonly target: Target
  readonly question: Question
  readonly upstream: Upstream
  readonly reason: EdgeReason
  readonly policy: EdgePolicy
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly resume?: FetchPlan['resume']
}

/** The request upstream as the driver has to make it at `now`: for the whole object, whatever part the asker wants. */
export function planOf(input: PlanInput, now: EpochMs): FetchPlan {
  const { target, question, upstream, reason, policy, resume } = input
  const headers = input.headers ?? (target.kind === 'http' ? question.headers : undefined)
  return {
    method: isCacheable(question.method) ? 'GET' : question.method,
    path: target.path,
    upstream,
    reason,
    ...(target.asked ? { asked: target.asked } : {}),
    ...(resume ? { resume } : {}),
    ...(headers && Object.keys(headers).length > 0 ? { headers } : {}),
    headByMs: headByMs(question, upstream, policy, now),
  }
}
