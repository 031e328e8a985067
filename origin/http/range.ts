import type { Bytes } from '../../live/units.ts'
import type { ByteRange } from '../store/segment-store.ts'

// Range and conditions of a GET on a body with a strong ETag (RFC 9110, 13 and 14).

export type RangeVerdict =
  /** No Range, or one that may be ignored: another unit, several ranges, malformed (RFC 9110, 14.2). */
  | { readonly is: 'whole' }
  | { readonly is: 'part'; readonly range: ByteRange }
  /** 416. */
  | { readonly is: 'unsatisfiable' }

/**
 * What `field` asks of a body of `bodyBytes`. Several ranges get the whole body: many small ones would cost more than
 * they save (RFC 9110, 17.15), and no player asks for them.
 */
export function readRange(field: string | undefined, bodyBytes: Bytes): RangeVerdict {
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(field ?? '')
  const [, first = '', last = ''] = match ?? []
  if (!match || (first === '' && last === '')) return { is: 'whole' }
  const size = bodyBytes as number
  // Digits beyond 2^53 become larger than any body, which is what they mean.
  if (first === '') {
    const suffix = Math.min(Number(last), size)
    return suffix === 0 ? { is: 'unsatisfiable' } : { is: 'part', range: { from: size - suffix, to: size - 1 } }
  }
  const from = Number(first)
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  // By all of their digits: beyond 2^53 different positions are the same number.
  if (last !== '' && BigInt(last) < BigInt(first)) return { is: 'whole' }
  return from >= size ? { is: 'unsatisfiable' } : { is: 'part', range: { from, to } }
}

/** Whether a Range may be honoured: `If-Range` is absent or is this strong ETag (RFC 9110, 13.1.5). */
export const rangeStands = (ifRange: string | undefined, etag: string): boolean =>
  ifRange === undefined || ifRange.trim() === etag

/** Whether `If-None-Match` names this ETag, by weak comparison (RFC 9110, 13.1.2): the asker's copy is current. */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch.trim() === '*' ||
    (ifNoneMatch.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? []).some(tag => tag.replace(/^W\//, '') === etag))
