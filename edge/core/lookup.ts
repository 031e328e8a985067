import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import { type Decision, heedsEvents, type LookupView, pass, refusal } from './decisions.ts'
import { forever, gateOf } from './gate.ts'
import { decideHttp } from './lookup-http.ts'
import { decideLive } from './lookup-live.ts'
import { type Target, targetOf } from './target.ts'
import type { Question, Verdict } from './verdict.ts'

// What would be done with a question: reads everything, changes nothing. The order of the rules is the order of the
// code: refuse what cannot be; serve what is fresh; share what has just failed; join what is under way; else fill.

export function targetIn(view: LookupView, question: Question): Target {
  return targetOf(question, name => {
    if (!heedsEvents(view.policy)) return undefined
    const event = view.events.get(name)
    return event?.config && event.state ? { config: event.config, state: event.state } : undefined
  })
}

/** The verdict for `question` at `now`. */
export function inspect(view: LookupView, question: Question, now: EpochMs): Verdict {
  const target = targetIn(view, question)
  if (question.sibling?.edge === view.name) {
    return { do: 'refuse', status: 508, reason: 'refused-loop', validUntilMs: forever, maxArrivals: forever }
  }
  const gate = view.policy.rangeValidation ? gateOf(target, now) : ({ passes: true, untilMs: forever } as const)
  if (!gate.passes) {
    const { status, reason, untilMs, askAgainInMs } = gate
    return { do: 'refuse', status, reason, askAgainInMs, validUntilMs: untilMs, maxArrivals: forever }
  }
  const decision = outOfDate(view, target, question, now) ?? decide(view, target, question, now)
  return limited(view, decision, gate.untilMs)
}

function decide(view: LookupView, target: Target, question: Question, now: EpochMs): Decision {
  if (!view.policy.proxy_cache) return pass(view, target, question, 'pass-no-cache', now)
  return target.kind === 'live' ? decideLive(view, target, question, now) : decideHttp(view, target, question, now)
}

/** A sibling that knows a newer version than this edge can learn would get answers of an older one. */
function outOfDate(
  { events, policy }: LookupView,
  target: Target,
  question: Question,
  now: EpochMs,
): Decision | undefined {
  if (!question.sibling || target.event === undefined || !heedsEvents(policy)) return undefined
  const known = events.get(target.event)?.state
  if (!known || question.sibling.asked.version <= known.version) return undefined
  const validUntilMs = events.unlearnableUntilMs(target.event, now)
  return validUntilMs === undefined ? undefined : refusal(503, 'refused-out-of-date', now, validUntilMs)
}

/** How many may be let in, and until when; a limit that is met refuses. */
function limited(view: LookupView, decision: Decision, gateUntilMs: EpochMs): Verdict {
  const validUntilMs = Math.min((decision.validUntilMs ?? forever) as number, gateUntilMs as number)
  if (decision.do === 'serve' || decision.do === 'refuse') return { ...decision, validUntilMs, maxArrivals: forever }
  const full = (reason: EdgeReason): Verdict => {
    const askAgainInMs: Ms = view.policy.sharedFailureMs
    return { do: 'refuse', status: 503, reason, askAgainInMs, validUntilMs, maxArrivals: forever }
  }
  if (view.waitersLeft <= 0) return full('refused-waiters')
  if (decision.do !== 'join' && decision.do !== 'poll' && view.fillsLeft <= 0) return full('refused-fills')
  const most = decision.do === 'pass' ? Math.min(view.waitersLeft, view.fillsLeft) : view.waitersLeft
  return { ...decision, validUntilMs, maxArrivals: most }
}
