import type { EpochMs } from '../../live/units.ts'
import { type Directives, parseCacheControl } from './cache-control.ts'
import {
  begin,
  type Decision,
  hit,
  isReadable,
  type LookupView,
  missReason,
  pass,
  sharedFailure,
  staleWhileRefreshed,
  underWay,
} from './decisions.ts'
import { isNegative } from './freshness.ts'
import { reuseOf, revalidationFields } from './http-object.ts'
import { isCacheable } from './methods.ts'
import type { Copy } from './state.ts'
import type { Target } from './target.ts'
import type { Question } from './verdict.ts'

// Lookups of everything that is not a live object, by RFC 9111.

/** What is not a live object: RFC 9111. */
export function decideHttp(view: LookupView, target: Target, question: Question, now: EpochMs): Decision {
  if (!isCacheable(question.method)) return pass(view, target, question, 'pass-method', now)
  const headers = question.headers ?? {}
  const wishes = parseCacheControl(headers['cache-control'] ?? headers.pragma)
  if (wishes.has('no-store')) return pass(view, target, question, 'pass-method', now)
  const key = view.store.selectedKey(target, headers)
  const copy = view.store.at(key)
  const found: Found = { view, target, question, key, copy, now }
  const ready = (copy && reuse(found, copy, wishes)) ?? afterwards(found) ?? sharedFailure(view, key, now)
  // RFC 9111, 5.2.1.7: the asker wants what is stored, or to hear that nothing is.
  if (wishes.has('only-if-cached')) return ready?.do === 'serve' ? ready : notStored
  if (ready) return ready
  const asked = copy && conditionsFor(found, copy)
  // What is asked for with credentials is nobody else's until the answer says otherwise (RFC 9111, 3.5).
  if (headers.authorization !== undefined) {
    return pass(view, target, question, 'pass-method', now, { key, headers: asked })
  }
  const reason = missReason(view, target, copy, false)
  return (
    underWay(view, target, question, key, now) ??
    begin(view, target, question, { reason, stored: copy !== undefined, key, headers: asked }, now)
  )
}

const notStored: Decision = { do: 'refuse', status: 504, reason: 'refused-only-if-cached' }

/** A question about what is not a live object, and what is stored for it. */
interface Found {
  readonly view: LookupView
  readonly target: Target
  readonly question: Question
  readonly key: string
  readonly copy: Copy | undefined
  readonly now: EpochMs
}

/** The stored answer without asking anybody, where it may be given. */
function reuse(found: Found, copy: Copy, wishes: Directives): Decision | undefined {
  const { view, target, question, key, now } = found
  if (!copy.http || !isReadable(copy, view.policy)) return undefined
  const { use, untilMs } = reuseOf(copy.http, wishes, now)
  if (use === 'fresh') return hit(copy, key, untilMs)
  if (use === 'no' || !view.policy.proxy_cache_use_stale.includes('updating')) return undefined
  const stale = staleWhileRefreshed(view, target, question, copy, key, conditionsFor(found, copy), now)
  return stale && { ...stale, validUntilMs: untilMs }
}

/** The fields that make a request conditional. A negative answer is never asked about: it is fetched anew. */
function conditionsFor({ target, question, now }: Found, { complete, http, status }: Copy) {
  if (!complete || !http || isNegative(status)) return undefined
  return revalidationFields(http, { path: target.path, headers: question.headers ?? {} }, now)
}

/** What the last fill left behind: its answer was for its asker alone, or a stale copy stood in for its failure. */
function afterwards({ view, target, question, key, copy, now }: Found): Decision | undefined {
  const aftermath = view.store.aftermath(key)
  if (!aftermath || now >= aftermath.untilMs) return undefined
  const { untilMs: validUntilMs } = aftermath
  if (aftermath.is === 'uncacheable') {
    return { ...pass(view, target, question, 'fill-uncacheable', now), validUntilMs }
  }
  if (!aftermath.stale || !copy?.complete || view.fillAt(key)) return undefined
  return { do: 'serve', key, copy: copy.id, reason: 'stale-error', validUntilMs }
}
