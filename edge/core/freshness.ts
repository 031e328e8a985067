import { cdnLifetimeMs } from '../../live/lifetimes.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { EdgePolicy } from './policy.ts'
import type { UpstreamHead } from './verdict.ts'

// How long an answer about a live object (segment, media playlist) may be given again. The lifetime counts from the
// arrival of its head: time that a request was held is not age.

/** Which answers of a live object are kept at all: the object, and what says that there is none (for now). */
const negativeStatuses: ReadonlySet<number> = new Set([404, 410, 503])

/** Whether an answer says that there is no object. */
export const isNegative = (status: number): boolean => status >= 400

/** Until when the answer that arrived at `now` is fresh; `now` itself when it cannot be kept. */
export function liveFreshUntil(head: UpstreamHead, policy: EdgePolicy, now: EpochMs): EpochMs {
  if (head.status !== 200 && !policy.negativeCaching) return now
  if (policy.lifetimeGrain === 'second') return secondsFreshUntil(head, policy, now)
  if (head.status !== 200 && !negativeStatuses.has(head.status)) return after(now, shortFailureMs(head, policy))
  const stated = statedLifetimeMs(head)
  if (stated !== undefined && (stated as number) > 0) return after(now, stated)
  if (stated === undefined) {
    const chosen = policy.proxy_cache_valid[String(head.status)]
    if (chosen !== undefined) return after(now, chosen)
  }
  return after(now, shortFailureMs(head, policy))
}

/** The lifetime that an answer about a live object states, ms; undefined when it says nothing. */
export const statedLifetimeMs = ({ headers }: UpstreamHead): Ms | undefined =>
  cdnLifetimeMs(headers['cdn-cache-control']) ?? statedSeconds(headers['cache-control'])

/** A failing upstream says no lifetime: its answer stands for a moment, so that it is not asked once a millisecond. */
const shortFailureMs = (head: UpstreamHead, policy: EdgePolicy): Ms => (head.status >= 500 ? policy.sharedFailureMs : 0)

/** The lifetime in `Cache-Control`, for a shared cache, ms; 0 when it forbids keeping, undefined when it says nothing. */
function statedSeconds(field: string | undefined): Ms | undefined {
  if (field === undefined) return undefined
  if (/(?:^|[,\s])(?:no-store|no-cache|private)\b/i.test(field)) return 0
  const stated =
    /(?:^|[,\s])s-maxage="?([0-9]+)"?\s*(?:,|$)/i.exec(field) ??
    /(?:^|[,\s])max-age="?([0-9]+)"?\s*(?:,|$)/i.exec(field)
  return stated ? Number(stated[1]) * 1_000 : undefined
}

/**
 * As nginx counts (facts/peers.md): `valid_sec = ngx_time() + N`, both in whole seconds, and stale once
 * `valid_sec < ngx_time()`; so N lives N to N+1 s. A fraction or zero is not kept, `CDN-Cache-Control` is not read.
 */
function secondsFreshUntil(head: UpstreamHead, policy: EdgePolicy, now: EpochMs): EpochMs {
  const field = head.headers['cache-control']
  const stated = statedSeconds(field)
  const fractional = field !== undefined && /(?:s-maxage|max-age)=[0-9]*\.[0-9]/i.test(field)
  const chosen = stated ?? (fractional ? 0 : (policy.proxy_cache_valid[String(head.status)] ?? 0))
  const seconds = Math.floor((chosen as number) / 1_000)
  return seconds === 0 ? now : (Math.floor((now as number) / 1_000) + seconds + 1) * 1_000
}
