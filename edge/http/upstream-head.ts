import { parseAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { parseContentRange } from '../core/range.ts'
import type { FetchPlan, UpstreamHead } from '../core/verdict.ts'

// What an upstream may answer. Clients accept more than HTTP does (facts/bad-input.md, "From a hostile upstream"), so
// a head is checked here before the core hears of it.

export type CheckedHead =
  | { readonly ok: true; readonly head: UpstreamHead; readonly bodyless: boolean }
  | { readonly ok: false; readonly why: string }

type Fields = Readonly<Record<string, string | string[] | undefined>>

/** The head that the core may see, or why the answer cannot be. */
export function checkUpstreamHead(status: number, fields: Fields, plan: FetchPlan): CheckedHead {
  const headers = endToEndFields(fields)
  const why =
    wrongStatus(status, plan) ??
    wrongRange(status, headers, plan) ??
    wrongLength(headers['content-length'], plan) ??
    wrongCoding(fields['transfer-encoding'])
  if (why !== undefined) return { ok: false, why }
  const live = parseAddress(pathOf(plan.path)) !== undefined
  // One body for everybody: a cookie on it would hand one viewer's to all the others.
  if (live) delete headers['set-cookie']
  const bodyless = plan.method === 'HEAD' || status === 204 || status === 304
  if (!bodyless && headers['content-length'] === undefined && fields['transfer-encoding'] === undefined) {
    // A body that only the connection's end ends always looks complete.
    if (live) return { ok: false, why: 'a body without length or chunks' }
    headers['cache-control'] = 'no-store'
    headers['cdn-cache-control'] = 'no-store'
  }
  return { ok: true, head: { status, headers }, bodyless }
}

const pathOf = (target: string): string => target.split('?', 1)[0] as string

/** What belongs to one connection, not to the answer (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `fields` without those of the connection, repeated ones joined. */
export function endToEndFields(fields: Fields): Record<string, string> {
  const named = joined(fields.connection)
    ?.toLowerCase()
    .split(/\s*,\s*/)
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    const text = joined(value)
    if (text === undefined || hopByHop.has(name) || named?.includes(name) || name === '__proto__') continue
    kept[name] = text
  }
  return kept
}

const joined = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value

function wrongStatus(status: number, plan: FetchPlan): string | undefined {
  if (status < 200 || status > 599) return `status ${status}`
  const conditional = plan.headers?.['if-none-match'] ?? plan.headers?.['if-modified-since']
  if (status === 304 && conditional === undefined) return '304 to an unconditional request'
  return undefined
}

function wrongRange(status: number, headers: Readonly<Record<string, string>>, plan: FetchPlan): string | undefined {
  if (status !== 206) return undefined
  const asked = plan.resume ?? plan.headers?.range
  if (asked === undefined) return '206 to a request without Range'
  const field = headers['content-range']
  const range = parseContentRange(field)
  if (!range) return `206 with Content-Range ${field ?? 'missing'}`
  const { from, to, total } = range as { from: number; to: number; total: number }
  if (plan.resume && (from !== plan.resume.fromBytes || to !== total - 1)) {
    return `206 with ${field} where the rest from ${plan.resume.fromBytes} was asked for`
  }
  const length = headers['content-length']
  return length === undefined || Number(length) === to - from + 1
    ? undefined
    : `206 with ${field} and Content-Length ${length}`
}

function wrongLength(length: string | undefined, plan: FetchPlan): string | undefined {
  if (length === undefined) return undefined
  if (!/^\d{1,15}$/.test(length)) return `Content-Length ${length}`
  return plan.method !== 'HEAD' && Number(length) > limits.segmentBodyBytes
    ? `a body of ${length} bytes, over ${limits.segmentBodyBytes}`
    : undefined
}

const wrongCoding = (coding: string | string[] | undefined): string | undefined =>
  coding === undefined || joined(coding)?.toLowerCase() === 'chunked' ? undefined : `Transfer-Encoding ${coding}`
