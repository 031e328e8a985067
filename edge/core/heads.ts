import { parseCacheStatus } from '../../live/cache-status.ts'
import { isOlderState, liveFields, parseEventState } from '../../live/live-state.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import { takeAnswer } from './answers.ts'
import { heedsEvents } from './decisions.ts'
import { type Context, deliver, type Out, shortly } from './fills.ts'
import { takeForwarded } from './forwarding.ts'
import { statedLifetimeMs } from './freshness.ts'
import { freshenedFields, judgeAnswer } from './http-object.ts'
import { doom, giveStale, giveUp, mend } from './mending.ts'
import { isCacheable } from './methods.ts'
import { parseContentRange } from './range.ts'
import type { Fill } from './state.ts'
import type { UpstreamHead } from './verdict.ts'

// What the head of an upstream answer means for its fill: a refusal, the rest of a broken body, a stored copy that is
// still current, an answer that cannot be, or a whole answer.

/** With these a sibling says that it did not try: the next in the order is asked. */
const siblingRefusals: ReadonlySet<string> = new Set([
  'refused-waiters',
  'refused-fills',
  'refused-loop',
  'refused-out-of-date',
  'shared-failure',
  'fill-failed',
] satisfies EdgeReason[])

export function takeHead(context: Context, fill: Fill, head: UpstreamHead, now: EpochMs, out: Out): void {
  const { event } = fill.target
  const { plan } = fill
  if (event !== undefined && heedsEvents(context.policy)) out.effects.push(...context.events.heard(event, head, now))
  if (plan.upstream.is === 'sibling' && isRefusal(head)) {
    refuseHead(context, fill, 'refused', now, out)
    return
  }
  const heard = parseEventState(head.headers[liveFields.version])
  if (plan.asked && heard && isOlderState(heard, plan.asked)) {
    refuseHead(context, fill, 'malformed', now, out)
    return
  }
  if (!isCacheable(plan.method)) {
    takeForwarded(context, fill, head, now, out)
    return
  }
  if (plan.resume) {
    takeResumed(context, fill, head, now, out)
    return
  }
  if (head.status === 206) {
    refuseHead(context, fill, 'malformed', now, out)
    return
  }
  if (head.status === 304) {
    takeNotModified(context, fill, head, now, out)
    return
  }
  if (head.status >= 500 && givesStaleInstead(context, fill, now, out)) return
  if (isMereFailure(context, fill, head)) {
    refuseHead(context, fill, 'refused', now, out)
    return
  }
  takeAnswer(context, fill, head, now, out)
}

function isRefusal({ status, headers }: UpstreamHead): boolean {
  const detail = parseCacheStatus(headers['cache-status']).at(-1)?.detail
  return status >= 500 && detail !== undefined && siblingRefusals.has(detail)
}

/**
 * The origin failed with a live object and did not say for how long: one more request for all who wait, as after a
 * connection that broke; what then comes is the answer. A stated lifetime (an origin that sheds) is the answer at once.
 */
function isMereFailure({ policy }: Context, fill: Fill, head: UpstreamHead): boolean {
  if (head.status < 500 || fill.retried || fill.target.kind === 'http' || fill.plan.upstream.is === 'sibling')
    return false
  return policy.resumeBrokenFill && (statedLifetimeMs(head) ?? 0) === 0
}

/** The answer is of no use: its request is ended, and that counts as a failure. */
function refuseHead(context: Context, fill: Fill, as: 'refused' | 'malformed', now: EpochMs, out: Out): void {
  context.fills.abandon(fill, out)
  mend(context, fill, as, now, out)
}

function givesStaleInstead(context: Context, fill: Fill, now: EpochMs, out: Out): boolean {
  const { fetch } = fill
  const gives = giveStale(context, fill, 'http_5xx', now, out)
  if (gives) out.effects.push({ do: 'abandon', fetch })
  return gives
}

/** The rest of a broken body, or another body, or nothing of use (RFC 9110, 13.1.5 and 15.3.7). */
function takeResumed(context: Context, fill: Fill, head: UpstreamHead, now: EpochMs, out: Out): void {
  const { copy } = fill
  if (head.status === 200 || !copy) {
    doom(context, fill, out)
    takeAnswer(context, fill, head, now, out)
    return
  }
  const range = parseContentRange(head.headers['content-range'])
  const fits =
    head.status === 206 &&
    range?.from === copy.receivedBytes &&
    range.total === copy.expectedBytes &&
    (range.to as number) === (range.total as number) - 1 &&
    head.headers.etag === copy.headers.etag
  if (fits) {
    out.effects.push({ do: 'collect', fetch: fill.fetch, copy: copy.id, fromBytes: copy.receivedBytes })
    return
  }
  context.fills.abandon(fill, out)
  giveUp(context, fill, shortly(503, 'shared-failure', context.policy), now, out)
}

/** The stored copy is still current: its fields and its lifetime begin anew (RFC 9111, 4.3.4). */
function takeNotModified(context: Context, fill: Fill, head: UpstreamHead, now: EpochMs, out: Out): void {
  const { revalidates: copy, question } = fill
  const request = { path: fill.target.path, headers: question.headers ?? {} }
  const isThere = copy?.http && context.store.at(fill.key) === copy
  const fields = isThere && copy.http ? freshenedFields(copy.http, copy.headers, request, head, now) : undefined
  if (!copy || !fields) {
    refuseHead(context, fill, 'malformed', now, out)
    return
  }
  const facts = judgeAnswer(request, { status: copy.status, headers: fields }, context.policy, fill.sentMs, now)
  copy.headers = fields
  copy.http = facts
  copy.arrivedMs = now
  copy.freshUntilMs = facts.freshUntilMs
  copy.initialAgeMs = facts.initialAgeMs as number
  for (const ticket of [...fill.waiting]) deliver(context, ticket, copy, 'upstream-answer', out)
  context.fills.close(fill)
}
