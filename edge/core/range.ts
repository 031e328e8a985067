import type { Bytes, EpochMs } from '../../live/units.ts'
import { parseHttpDate } from './http-date.ts'

// Range requests on a body whose length is known (RFC 9110, 14). One range is honoured; everything that a server may
// ignore (other units, several ranges, malformed fields) is answered with the whole body.

/** What of a body is to be sent: `from` to `to`, both included. */
export type RangeAnswer =
  | 'whole'
  | 'unsatisfiable'
  | {
      readonly from: Bytes
      readonly to: Bytes
    }

/** What `If-Range` is compared with. */
export interface RangeTarget {
  readonly status: number
  readonly bodyBytes: Bytes
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** The `Date` of the answer: a last-modified instant is strong only a second before it (RFC 9110, 8.8.2.2). */
  readonly dateMs?: EpochMs | undefined
}

const single = /^bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*$/i

/** Which bytes `header` asks for; `ifRange` decides whether it counts at all. */
export function resolveRange(
  header: string | undefined,
  ifRange: string | undefined,
  target: RangeTarget,
): RangeAnswer {
  if (header === undefined || target.status !== 200) return 'whole'
  if (ifRange !== undefined && !stillTheSame(ifRange.trim(), target)) return 'whole'
  const match = single.exec(header.trim())
  if (!match) return 'whole'
  const [, first, last] = match as unknown as [string, string, string]
  const size = target.bodyBytes as number
  if (first === '') return suffix(last, size)
  const from = position(first)
  const to = last === '' ? Infinity : position(last)
  // RFC 9110, 14.1.1: a last position before the first one makes the field invalid, and an invalid field is ignored.
  if (comparePositions(last, first) < 0) return 'whole'
  return from >= size ? 'unsatisfiable' : { from, to: Math.min(to, size - 1) }
}

/** The last `length` bytes; of no bytes there is no last one (RFC 9110, 14.1.2). */
function suffix(length: string, size: number): RangeAnswer {
  if (length === '') return 'whole'
  const wanted = position(length)
  return wanted === 0 || size === 0 ? 'unsatisfiable' : { from: Math.max(0, size - wanted), to: size - 1 }
}

/** Positions beyond 2^53 lose their last digits as numbers; no body is that long, so that they are all the same. */
const position = (digits: string): number => Math.min(Number(digits), Number.MAX_SAFE_INTEGER)

/** Compares positions of any length by their digits; an open end is behind everything. */
function comparePositions(a: string, b: string): number {
  if (a === '') return 1
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}

/** `If-Range` (RFC 9110, 13.1.5): strong comparison only; a date counts only when it matches exactly and is strong. */
function stillTheSame(ifRange: string, { etag, lastModified, dateMs }: RangeTarget): boolean {
  if (ifRange.startsWith('"')) return etag === ifRange
  if (ifRange.startsWith('W/')) return false
  if (lastModified !== ifRange || dateMs === undefined) return false
  const modifiedMs = parseHttpDate(lastModified)
  return modifiedMs !== undefined && (dateMs as number) - (modifiedMs as number) >= 1_000
}

/** `Content-Range` of a 206, or of a 416 when the range is unsatisfiable. */
export const formatContentRange = (answer: RangeAnswer, bodyBytes: Bytes): string =>
  typeof answer === 'object' ? `bytes ${answer.from}-${answer.to}/${bodyBytes}` : `bytes */${bodyBytes}`

/** What a 206 says that it holds; undefined when the field is absent, malformed or of unknown total length. */
export function parseContentRange(field: string | undefined): { from: Bytes; to: Bytes; total: Bytes } | undefined {
  const match = /^bytes ([0-9]{1,15})-([0-9]{1,15})\/([0-9]{1,15})$/i.exec(field?.trim() ?? '')
  if (!match) return undefined
  const [from, to, total] = match.slice(1).map(Number) as [number, number, number]
  return from <= to && to < total ? { from, to, total } : undefined
}
