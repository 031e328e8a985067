import { describe, expect, it } from 'vitest'
import type { CopyHead } from '../core/verdict.ts'
import { planDelivery } from './delivery-plan.ts'

const head: CopyHead = {
  copy: 1,
  key: 'k',
  status: 200,
  headers: { 'content-length': '10', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' },
  etag: '"a"',
  bodyBytes: 10,
  complete: false,
  arrivedMs: 0,
  initialAgeMs: 0,
  freshUntilMs: 1_000,
  live: true,
}
const lengthless: CopyHead = { ...head, bodyBytes: undefined }
const get = (headers: Record<string, string> = {}) => ({ method: 'GET', headers }) as const

describe('planDelivery', () => {
  it('waits for the first byte of the body', () => {
    expect(planDelivery(get(), head, 0)).toBeUndefined()
    expect(planDelivery(get(), head, 1)).toEqual({ status: 200, from: 0, end: 10 })
    expect(planDelivery(get(), { ...head, bodyBytes: 0 }, 0)).toEqual({ status: 200, from: 0, end: 0 })
  })

  it('sends a body of unknown length as it comes', () => {
    expect(planDelivery(get(), lengthless, 1)).toEqual({ status: 200, from: 0, end: undefined })
    expect(planDelivery(get(), { ...lengthless, complete: true }, 0)?.status).toBe(200)
  })

  it('waits for the first byte of a range', () => {
    const range = { range: 'bytes=4-6' }
    expect(planDelivery(get(range), head, 4)).toBeUndefined()
    expect(planDelivery(get(range), head, 5)).toEqual({ status: 206, range: { from: 4, to: 6 }, from: 4, end: 7 })
  })

  it('waits for the length before it looks at a range', () => {
    expect(planDelivery(get({ range: 'bytes=4-6' }), lengthless, 9)).toBeUndefined()
  })

  it('answers a range beyond the end at once', () => {
    expect(planDelivery(get({ range: 'bytes=10-' }), head, 0)).toMatchObject({ status: 416, range: 'unsatisfiable' })
  })

  it('sends the whole body where If-Range names another one, or the range is none', () => {
    const fields: Record<string, string>[] = [
      { range: 'bytes=4-6', 'if-range': '"b"' },
      { range: 'bytes=0-1,3-4' },
      { range: 'items=1-2' },
    ]
    for (const headers of fields) {
      expect(planDelivery(get(headers), head, 10)).toEqual({ status: 200, from: 0, end: 10 })
    }
  })

  it("hands on what another method brought as it is: its conditions were the origin's", () => {
    const asked = { method: 'PUT', headers: { 'if-none-match': '"a"', range: 'bytes=0-1' } }
    expect(planDelivery(asked, head, 1)).toEqual({ status: 200, from: 0, end: 10 })
  })

  it('answers conditions and HEAD without bytes', () => {
    expect(planDelivery(get({ 'if-none-match': 'W/"a"' }), head, 0)).toEqual({ status: 304, from: 0, end: 0 })
    expect(planDelivery(get({ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }), head, 0)?.status).toBe(304)
    // RFC 9111, 4.3.2: without Last-Modified the Date stands for it.
    const dated = { ...head, headers: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' } }
    expect(planDelivery(get({ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:37 GMT' }), dated, 0)?.status).toBe(304)
    expect(planDelivery(get({ 'if-modified-since': 'Sun, 06 Nov 1994 08:49:36 GMT' }), dated, 1)?.status).toBe(200)
    expect(planDelivery({ method: 'HEAD', headers: { range: 'bytes=1-2' } }, head, 0)).toEqual({
      status: 200,
      from: 0,
      end: 0,
    })
  })
})
