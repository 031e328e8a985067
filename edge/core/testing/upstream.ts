import type { LiveEvent } from '../../../live/event.ts'
import { lifetimeHeaders } from '../../../live/lifetimes.ts'
import { formatEventState } from '../../../live/live-state.ts'
import { formatNotifications } from '../../../live/notifications.ts'
import type { FetchPlan, UpstreamHead } from '../verdict.ts'

// Answers of an upstream for model-based tests.

export interface HeadChoice {
  readonly kind: 'ok' | 'missing' | 'gone' | 'busy' | 'chunked' | 'rest' | 'wrong-rest' | 'other-rest' | 'not-modified'
  readonly ttlMs: number
  readonly etag: string
  readonly bytes: number
  readonly versionShift: number
  readonly notified: number
}

const statuses = {
  ok: 200,
  missing: 404,
  gone: 410,
  busy: 503,
  chunked: 200,
  rest: 206,
  'wrong-rest': 206,
  'other-rest': 206,
} as const

/** An answer of an origin that may be honest, late, confused or hostile. */
export function headOf(
  choice: HeadChoice,
  plan: FetchPlan,
  promised: number | undefined,
  config: LiveEvent,
): UpstreamHead {
  const { kind, ttlMs, etag, bytes, versionShift, notified } = choice
  const asked = plan.asked ?? { version: config.version, sequence: 0 }
  const version = formatEventState({ version: Math.max(1, asked.version + versionShift), sequence: asked.sequence })
  const order = { version: 1, epoch: 1, sequence: notified }
  const stated = {
    ...lifetimeHeaders(ttlMs),
    'live-version': version,
    'live-notifications': formatNotifications({ order, notifications: [] }),
  }
  if (kind === 'not-modified') return { status: 304, headers: { ...stated, etag } }
  if (kind === 'chunked') return { status: 200, headers: { ...stated, etag } }
  if (kind !== 'rest' && kind !== 'wrong-rest' && kind !== 'other-rest') {
    return { status: statuses[kind], headers: { ...stated, etag, 'content-length': String(bytes) } }
  }
  const from = (plan.resume?.fromBytes as number | undefined) ?? 0
  const total = promised ?? bytes
  const range = `bytes ${kind === 'wrong-rest' ? from + 1 : from}-${total - 1}/${total}`
  const length = String(Math.max(0, total - from))
  const sameEtag = kind === 'other-rest' ? '"other"' : (plan.resume?.etag ?? etag)
  return { status: 206, headers: { ...stated, etag: sameEtag, 'content-length': length, 'content-range': range } }
}
