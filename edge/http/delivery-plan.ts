import type { IncomingHttpHeaders } from 'node:http'
import type { Bytes } from '../../live/units.ts'
import { isNotModified } from '../core/conditional.ts'
import { parseHttpDate } from '../core/http-date.ts'
import { isCacheable } from '../core/methods.ts'
import { resolveRange } from '../core/range.ts'
import type { CopyHead } from '../core/verdict.ts'

// Which bytes of a copy a request gets, and whether they are there yet.

/** What is sent: bytes `from` to before `end` (absent: to the end of a body whose length is not known yet). */
export interface DeliveryPlan {
  readonly status: number
  readonly from: Bytes
  readonly end?: Bytes | undefined
  /** The range that a 206 holds, or 'unsatisfiable' for 416. */
  readonly range?: 'unsatisfiable' | { readonly from: Bytes; readonly to: Bytes } | undefined
}

export interface Asked {
  readonly method: string
  readonly headers: IncomingHttpHeaders
}

const nothing = { from: 0, end: 0 } as const

/**
 * What `asked` gets of a copy of which `receivedBytes` have come; undefined while it cannot be said or nothing of it is
 * there. A head waits for the first byte behind it: until then its reader can start again from another copy unseen.
 */
export function planDelivery(asked: Asked, head: CopyHead, receivedBytes: Bytes): DeliveryPlan | undefined {
  const { headers, method } = asked
  // What goes through has met its conditions at the origin: the answer is handed on as it is.
  if (!isCacheable(method)) return whole(head, receivedBytes)
  const conditions = { ifNoneMatch: headers['if-none-match'], ifModifiedSince: headers['if-modified-since'] }
  const lastModified = head.headers['last-modified']
  // RFC 9111, 4.3.2: what says nothing of its last change had made it by the time that it was sent.
  const changed = lastModified ?? head.headers.date
  if (isNotModified(conditions, { status: head.status, etag: head.etag, lastModified: changed })) {
    return { status: 304, ...nothing }
  }
  const total = head.bodyBytes
  if (method === 'HEAD') return { status: head.status, ...nothing }
  if (headers.range !== undefined) {
    // The field cannot be understood before the length is known.
    if (total === undefined) return undefined
    const dateMs = parseHttpDate(head.headers.date)
    const target = { status: head.status, bodyBytes: total, etag: head.etag, lastModified, dateMs }
    const range = resolveRange(headers.range, ifRangeOf(headers), target)
    if (range === 'unsatisfiable') return { status: 416, range, ...nothing }
    if (range !== 'whole') {
      const { from, to } = range
      return receivedBytes > from ? { status: 206, range, from, end: (to as number) + 1 } : undefined
    }
  }
  return whole(head, receivedBytes)
}

function whole({ status, bodyBytes, complete }: CopyHead, receivedBytes: Bytes): DeliveryPlan | undefined {
  const here = (receivedBytes as number) > 0 || bodyBytes === 0 || complete
  return here ? { status, from: 0, end: bodyBytes } : undefined
}

const ifRangeOf = (headers: IncomingHttpHeaders): string | undefined => headers['if-range'] as string | undefined
