import { type CacheStatus, formatCacheStatus } from '../../live/cache-status.ts'
import { ageSeconds, lifetimeHeaders, noStore } from '../../live/lifetimes.ts'
import { type EventState, formatEventState, isOlderState, liveFields } from '../../live/live-state.ts'
import { formatNotifications, type NotificationState } from '../../live/notifications.ts'
import { problemContentType } from '../../live/problem.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import { between, type EpochMs, type Ms } from '../../live/units.ts'
import type { CopyHead, ShortAnswer } from './verdict.ts'

// The one place that decides which fields an answer of the edge has, for players and for siblings. The driver adds what
// belongs to the message alone: Content-Length, Content-Range, Connection, Date, the request's name.

/** To whom, when and why an answer is sent. */
export interface Rendering {
  readonly now: EpochMs
  /** The name in `Cache-Status`. */
  readonly cacheName: string
  readonly to: 'player' | 'sibling'
  /** The reason of the verdict at arrival or, better, of the `deliver` effect when it tells more. */
  readonly reason: EdgeReason
  readonly collapsed: boolean
  /** What the edge knows of the copy's event (`EdgeCore.eventState`); absent for what is of no event. */
  readonly event?: { readonly state?: EventState | undefined; readonly notifications?: NotificationState | undefined }
  /** nginx's words in `X-Cache-Status`, for tools that read those. */
  readonly words?: boolean | undefined
}

/** Belongs to one connection, or is written anew here. */
const notPassedOn = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
  'cache-status',
  'cdn-cache-control',
  'x-cache-status',
  'x-request-id',
])

/** The fields of an answer from `copy`: whole body; a range or a 304 takes what it needs of them. */
export function renderHead(copy: CopyHead, rendering: Rendering): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const name in copy.headers) if (!notPassedOn.has(name)) fields[name] = copy.headers[name] as string
  const leftMs = between(rendering.now, copy.freshUntilMs) as number
  fields.age = String(ageSeconds(copy.arrivedMs, copy.initialAgeMs, rendering.now))
  if (copy.live) stateLifetime(fields, copy, rendering, Math.max(0, leftMs))
  stateEvent(fields, copy.asked, rendering)
  const mine = formatCacheStatus(cacheStatusOf(rendering, copy, leftMs))
  const before = copy.headers['cache-status']
  fields['cache-status'] = before === undefined ? mine : `${before}, ${mine}`
  if (rendering.words) fields['x-cache-status'] = nginxWord(rendering.reason)
  return fields
}

/** Players get whole seconds, rounded down, and nothing at all for a negative answer; siblings what is left. */
function stateLifetime(fields: Record<string, string>, copy: CopyHead, { to }: Rendering, leftMs: Ms): void {
  const stated = lifetimeHeaders(leftMs)
  fields['cache-control'] = to === 'player' && copy.status >= 400 ? noStore : stated['cache-control']
  if (to === 'sibling') fields['cdn-cache-control'] = stated['cdn-cache-control']
}

/** The fields of a short answer of the edge's own making; its body is the problem's JSON (live/problem.ts). */
export function renderShort(answer: ShortAnswer, rendering: Rendering): Record<string, string> {
  const fields: Record<string, string> = { 'content-type': problemContentType, 'cache-control': noStore }
  const askAgainInMs = Math.max(0, Math.ceil((answer.askAgainInMs as number | undefined) ?? 0))
  if (askAgainInMs > 0) {
    if (answer.status === 503) fields['retry-after'] = String(Math.max(1, Math.ceil(askAgainInMs / 1_000)))
    // A sibling keeps the answer for as long as this edge would give it again.
    if (rendering.to === 'sibling') fields['cdn-cache-control'] = lifetimeHeaders(askAgainInMs)['cdn-cache-control']
  }
  stateEvent(fields, undefined, rendering)
  const status = { cache: rendering.cacheName, hit: false, collapsed: rendering.collapsed, detail: answer.reason }
  fields['cache-status'] = formatCacheStatus(status)
  if (rendering.words) fields['x-cache-status'] = nginxWord(answer.reason)
  return fields
}

/** The newest of what is known stands on every answer of the event, not what stood on the copy when it came. */
function stateEvent(fields: Record<string, string>, asked: EventState | undefined, { event }: Rendering): void {
  const known = event?.state
  const newest = known && asked && isOlderState(known, asked) ? asked : (known ?? asked)
  if (newest && newest.version > 0) fields[liveFields.version] = formatEventState(newest)
  if (event?.notifications) fields[liveFields.notifications] = notificationsField(event.notifications)
}

const formatted = new WeakMap<NotificationState, string>()

/** Written once for each state: it stands on every answer until the next one. */
function notificationsField(state: NotificationState): string {
  const known = formatted.get(state)
  if (known !== undefined) return known
  const field = formatNotifications(state)
  formatted.set(state, field)
  return field
}

/** With these the answer came out of storage: `hit` in `Cache-Status`. */
export const hitReasons: ReadonlySet<EdgeReason> = new Set(['hit', 'negative-hit', 'stale-error', 'stale-updating'])

const forwarded: Partial<Record<EdgeReason, NonNullable<CacheStatus['fwd']>>> = {
  'fill-miss': 'uri-miss',
  'fill-flushed': 'uri-miss',
  'fill-expired': 'stale',
  'fill-negative-expired': 'stale',
  'fill-invalidated': 'stale',
  'fill-unlocked': 'stale',
  'pass-no-cache': 'bypass',
  'pass-method': 'request',
}

function cacheStatusOf({ cacheName, reason, collapsed }: Rendering, copy: CopyHead, leftMs: Ms): CacheStatus {
  const hit = hitReasons.has(reason)
  const kept = copy.freshUntilMs > copy.arrivedMs
  return {
    cache: cacheName,
    hit,
    fwd: hit ? undefined : (forwarded[reason] ?? 'miss'),
    fwdStatus: hit ? undefined : copy.status,
    collapsed: collapsed || reason === 'collapsed',
    stored: !hit && kept,
    ttlMs: hit || kept ? leftMs : undefined,
    detail: reason,
  }
}

/** nginx's `$upstream_cache_status` for a reason. */
export function nginxWord(reason: EdgeReason): string {
  switch (reason) {
    case 'hit':
    case 'negative-hit':
      return 'HIT'
    case 'stale-error':
      return 'STALE'
    case 'stale-updating':
      return 'UPDATING'
    case 'fill-expired':
    case 'fill-negative-expired':
    case 'fill-invalidated':
    case 'fill-unlocked':
      return 'EXPIRED'
    case 'pass-no-cache':
    case 'pass-method':
      return 'BYPASS'
    default:
      return 'MISS'
  }
}
