import { describe, expect, it } from 'vitest'
import type { FetchPlan } from '../core/verdict.ts'
import { checkUpstreamHead, endToEndFields } from './upstream-head.ts'

const planOf = (given: Partial<FetchPlan> = {}): FetchPlan => ({
  method: 'GET',
  path: '/live/e/v1/7.m4s',
  upstream: { is: 'origin' },
  reason: 'fill-miss',
  headByMs: 0,
  ...given,
})
const resume = { fromBytes: 4, etag: '"a"' }

describe('checkUpstreamHead', () => {
  it.each([
    ['the rest that was asked for', { 'content-range': 'bytes 4-9/10', 'content-length': '6' }, true],
    ['another start', { 'content-range': 'bytes 3-9/10', 'content-length': '7' }, false],
    ['another end', { 'content-range': 'bytes 4-8/10', 'content-length': '5' }, false],
    ['another length', { 'content-range': 'bytes 4-9/10', 'content-length': '5' }, false],
    ['an end beyond the total', { 'content-range': 'bytes 4-10/10', 'content-length': '7' }, false],
    ['no Content-Range', { 'content-length': '6' }, false],
    ['an unknown total', { 'content-range': 'bytes 4-9/*', 'content-length': '6' }, false],
    ['a number beyond reason', { 'content-range': 'bytes 4-18446744073709551615/18446744073709551616' }, false],
  ])('206 with %s', (_, fields, ok) => {
    expect(checkUpstreamHead(206, fields, planOf({ resume })).ok).toBe(ok)
  })

  it('passes a body without an end on where nothing is kept of it', () => {
    const checked = checkUpstreamHead(200, { 'cache-control': 'max-age=60' }, planOf({ path: '/page' }))
    expect(checked).toMatchObject({ ok: true, head: { headers: { 'cache-control': 'no-store' } } })
  })

  it('takes cookies off live objects and leaves them on others', () => {
    const fields = { 'set-cookie': ['a=1', 'b=2'], 'content-length': '0' }
    expect(checkUpstreamHead(200, fields, planOf())).toMatchObject({ head: { headers: { 'content-length': '0' } } })
    const onLive = checkUpstreamHead(200, fields, planOf())
    expect(onLive.ok && 'set-cookie' in onLive.head.headers).toBe(false)
    const onPage = checkUpstreamHead(200, fields, planOf({ path: '/page' }))
    expect(onPage).toMatchObject({ head: { headers: { 'set-cookie': 'a=1, b=2' } } })
  })

  it('knows which answers have no body', () => {
    expect(checkUpstreamHead(200, { 'content-length': '9' }, planOf({ method: 'HEAD' }))).toMatchObject({
      bodyless: true,
    })
    expect(checkUpstreamHead(204, {}, planOf())).toMatchObject({ ok: true, bodyless: true })
  })

  it('refuses codings that are not chunked', () => {
    expect(checkUpstreamHead(200, { 'transfer-encoding': 'gzip, chunked' }, planOf()).ok).toBe(false)
  })
})

describe('endToEndFields', () => {
  it('leaves out what belongs to the connection, and what Connection names', () => {
    const fields = { connection: 'close, X-Hop', 'x-hop': '1', te: 'x', 'keep-alive': 'timeout=5', etag: '"a"' }
    expect(endToEndFields(fields)).toEqual({ etag: '"a"' })
  })
})
