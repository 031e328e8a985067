import CachePolicy from 'http-cache-semantics'
import { after, between, type EpochMs, type Ms } from '../../live/units.ts'
import { type Directives, formatDirectives, parseCacheControl, parseTargeted, secondsOf } from './cache-control.ts'
import { isNegative } from './freshness.ts'
import type { EdgePolicy } from './policy.ts'
import { countedFor, judgedAs } from './storable.ts'
import { varyOf } from './vary.ts'
import type { UpstreamHead } from './verdict.ts'

// What is not a live object follows RFC 9111, by http-cache-semantics: what may be stored, for how long, how it is
// revalidated. The library reads a clock; here it is handed the instant. It knows neither `CDN-Cache-Control` nor
// fractions of a second; so it is given the directives that count, and the lifetime in ms is kept beside it.

type Fields = Readonly<Record<string, string>>

/** A request as RFC 9111 sees it. */
export interface HttpRequest {
  readonly path: string
  readonly headers: Fields
}

/** RFC 9111's view of one answer. */
export interface HttpFacts {
  readonly storable: boolean
  /** May be handed to others who asked at the same time: nothing in it is meant for one asker. */
  readonly shareable: boolean
  readonly freshUntilMs: EpochMs
  readonly initialAgeMs: Ms
  /** May be used stale until then while it is refreshed, and when refreshing fails; `arrivedMs` where it may not. */
  readonly whileRevalidatingUntilMs: EpochMs
  readonly onErrorUntilMs: EpochMs
  /** When the cache is cut off from the origin (RFC 9111, 4.2.4), unless a directive forbids it. */
  readonly whenCutOff: boolean
  /** Request fields that select among answers, lower case; undefined: `Vary: *`, nothing ever matches. */
  readonly vary: readonly string[] | undefined
  readonly semantics: CachePolicy
}

/** The instant for the library's present call; each call below sets it first. */
let instant: EpochMs = 0

class TimedPolicy extends CachePolicy {
  now(): EpochMs {
    return instant
  }
}

/** Judges the answer to `request` that was sent at `sentMs` and whose head arrived at `now`. */
export function judgeAnswer(
  request: HttpRequest,
  head: UpstreamHead,
  policy: EdgePolicy,
  sentMs: EpochMs,
  now: EpochMs,
): HttpFacts {
  instant = now
  const targeted = parseTargeted(head.headers['cdn-cache-control'])
  const stated = targeted ?? parseCacheControl(head.headers['cache-control'])
  const directives = countedFor(head.status, stated)
  const headers = forLibrary(head.headers, directives, targeted !== undefined)
  const status = judgedAs(head.status, directives, headers.expires)
  const semantics = new TimedPolicy(libraryRequest(request), { status, headers })
  const lifetimeMs = lifetimeOf(semantics, directives, head, policy)
  // RFC 9111, 4.2.3: the age that it came with and the time that it was under way. Its `Date` is left out of account:
  // clocks differ, and the field has whole seconds.
  const initialAgeMs = statedAge(head.headers.age) * 1_000 + (between(sentMs, now) as number)
  const freshUntilMs = Math.max(now as number, (now as number) - initialAgeMs + (lifetimeMs as number))
  const forbidding = ['must-revalidate', 'proxy-revalidate', 's-maxage', 'no-cache']
  const strict = isNegative(head.status) || forbidding.some(name => directives.has(name))
  const graceUntil = (name: string) => after(freshUntilMs, strict ? 0 : (secondsOf(directives, name) ?? 0) * 1_000)
  return {
    storable: semantics.storable() && varyOf(head.headers) !== undefined,
    shareable: !['private', 'no-store'].some(name => directives.has(name)) && !('set-cookie' in head.headers),
    freshUntilMs,
    initialAgeMs,
    whileRevalidatingUntilMs: graceUntil('stale-while-revalidate'),
    onErrorUntilMs: graceUntil('stale-if-error'),
    whenCutOff: !strict,
    vary: varyOf(head.headers),
    semantics,
  }
}

/** The seconds in `Age`: the first member of a list counts, and what is no number is ignored (RFC 9111, 5.1). */
function statedAge(field = ''): number {
  const [first = ''] = field.split(',', 1)
  return /^[0-9]+$/.test(first.trim()) ? Math.min(Number(first), 2 ** 31) : 0
}

/** The fields as the library is to see them: the directives that count, and none of the older ways to say the same. */
function forLibrary(headers: Fields, directives: Directives, targeted: boolean): Record<string, string> {
  const { 'cache-control': _, age, ...rest }: Record<string, string> = headers
  if (age !== undefined) rest.age = String(statedAge(age))
  if (targeted) {
    delete rest.expires
    delete rest.pragma
  }
  // The library takes proxy-revalidate for a lifetime of 0; RFC 9111, 5.2.2.8 forbids only stale use, seen to above.
  const counted = new Map([...directives].filter(([name]) => name !== 'proxy-revalidate'))
  return targeted || 'cache-control' in headers ? { ...rest, 'cache-control': formatDirectives(counted) } : rest
}

const libraryRequest = ({ path, headers }: HttpRequest) => ({ method: 'GET', url: path, headers: { ...headers } })

function lifetimeOf(semantics: CachePolicy, directives: Directives, head: UpstreamHead, policy: EdgePolicy): Ms {
  const exactMs = secondsOf(directives, 'max-age-ms')
  const forbids = ['no-cache', 'no-store', 'private'].some(name => directives.has(name))
  if (exactMs !== undefined && !forbids) return exactMs
  // RFC 9111, 1.2.2: a lifetime beyond 2^31 s counts as that; the library hands on what it reads.
  const stated = Math.min(semantics.maxAge(), 2 ** 31) * 1_000
  const saysNothing = !directives.has('max-age') && !directives.has('s-maxage') && !('expires' in head.headers)
  return stated === 0 && saysNothing && !forbids ? (policy.proxy_cache_valid[String(head.status)] ?? 0) : stated
}

export interface Reuse {
  readonly use: 'fresh' | 'stale-while-revalidating' | 'no'
  /** Until then it stays so. */
  readonly untilMs: EpochMs
}

/** Whether a stored answer may be given to a request at `now` without asking (RFC 9111, 4). */
export function reuseOf(facts: HttpFacts, request: Directives, now: EpochMs): Reuse {
  const { freshUntilMs, whileRevalidatingUntilMs } = facts
  if (request.size > 0) return reuseAsRequested(facts, request, now)
  if (now < freshUntilMs) return { use: 'fresh', untilMs: freshUntilMs }
  if (now < whileRevalidatingUntilMs) return { use: 'stale-while-revalidating', untilMs: whileRevalidatingUntilMs }
  return { use: 'no', untilMs: Number.MAX_SAFE_INTEGER }
}

/** With directives of the request (RFC 9111, 5.2.1). They count in ages, so that the answer is for this instant. */
function reuseAsRequested(facts: HttpFacts, request: Directives, now: EpochMs): Reuse {
  const leftMs = between(now, facts.freshUntilMs) as number
  const seconds = (name: string) => secondsOf(request, name)
  instant = now
  const ageMs = facts.semantics.age() * 1_000
  const tooOld = ageMs > (seconds('max-age') ?? Infinity) * 1_000
  const tooShort = leftMs < (seconds('min-fresh') ?? 0) * 1_000
  if (request.has('no-cache') || tooOld || tooShort) return { use: 'no', untilMs: now }
  if (leftMs > 0) return { use: 'fresh', untilMs: now }
  const staleMs = request.get('max-stale') === '' ? Infinity : (seconds('max-stale') ?? 0) * 1_000
  const accepted = request.has('max-stale') && facts.whenCutOff && -leftMs <= staleMs
  if (accepted) return { use: 'fresh', untilMs: now }
  return { use: now < facts.whileRevalidatingUntilMs ? 'stale-while-revalidating' : 'no', untilMs: now }
}

/** The fields of a conditional request that asks whether the answer is still current (RFC 9111, 4.3.1). */
export function revalidationFields(facts: HttpFacts, request: HttpRequest, now: EpochMs): Record<string, string> {
  instant = now
  return facts.semantics.revalidationHeaders(libraryRequest(request)) as Record<string, string>
}

/** Fields that a stored body depends on and that are not taken over from a 304 (RFC 9111, 3.2). */
const ofTheBody = new Set(['content-length', 'content-encoding', 'content-range', 'content-md5', 'transfer-encoding'])

/** The stored fields freshened by a 304 (RFC 9111, 4.3.4); undefined when the 304 speaks of another answer. */
export function freshenedFields(
  facts: HttpFacts,
  stored: Fields,
  request: HttpRequest,
  head: UpstreamHead,
  now: EpochMs,
) {
  instant = now
  const answer = { status: 304, headers: { ...head.headers } }
  // Only this answer's own validators were sent, so that a 304 without any can mean no other (RFC 9111, 4.3.3).
  const meansThis = head.headers.etag === undefined && head.headers['last-modified'] === undefined
  if (!meansThis && !facts.semantics.revalidatedPolicy(libraryRequest(request), answer).matches) return undefined
  const added = Object.entries(head.headers).filter(([name]) => !ofTheBody.has(name))
  const { age: _, ...kept } = stored
  return { ...kept, ...Object.fromEntries(added) }
}
