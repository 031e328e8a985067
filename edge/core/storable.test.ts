import { describe, expect, test } from 'vitest'
import { ask, edge, fill, one, publication } from './testing/rig.ts'
import type { Question, UpstreamHead } from './verdict.ts'

// Which answers are stored and for how long, beyond what the library decides. Sections are those of RFC 9111.

const now = publication(10)
const page: Question = { method: 'GET', path: '/page' }
const head = (status: number, headers: Record<string, string>): UpstreamHead => ({
  status,
  headers: { 'content-length': '1000', ...headers },
})

function isServed(status: number, headers: Record<string, string>, at = now): boolean {
  const core = edge()
  fill(core, page, head(status, headers), now)
  return core.inspect(page, at).do === 'serve'
}

describe('any final status is stored where its lifetime is stated (3)', () => {
  test.each([299, 400, 499, 500, 502, 503, 504, 599])('%i', status => {
    expect(isServed(status, { 'cache-control': 'max-age=60' })).toBe(true)
    expect(isServed(status, { 'cache-control': 'max-age=60' }, now + 60_000)).toBe(false)
    expect(isServed(status, { expires: 'Sun, 06 Nov 2050 08:49:37 GMT' })).toBe(true)
    expect(isServed(status, { 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' })).toBe(false)
  })

  test('public lets the lifetime be guessed (4.2.2)', () => {
    const date = { date: 'Mon, 07 Nov 1994 08:49:37 GMT', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT' }
    expect(isServed(599, { 'cache-control': 'public', ...date })).toBe(true)
    expect(isServed(599, date)).toBe(false)
  })
})

describe('must-understand (5.2.2.3)', () => {
  test('forbids to store a status that is not understood', () => {
    expect(isServed(599, { 'cache-control': 'max-age=60, must-understand' })).toBe(false)
  })

  test('takes back the no-store beside it where the status is understood', () => {
    expect(isServed(200, { 'cache-control': 'max-age=60, must-understand, no-store' })).toBe(true)
    expect(isServed(200, { 'cache-control': 'max-age=60, no-store' })).toBe(false)
  })
})

describe('Age (5.1)', () => {
  test.each([
    ['50, 0', 10_000],
    ['0, 50', 60_000],
    ['-7200', 60_000],
    ['7200.0', 60_000],
    ['abc', 60_000],
    ['', 60_000],
  ])('"%s" leaves %i of 60000 ms: the first member counts, what is no number does not', (age, leftMs) => {
    const headers = { 'cache-control': 'max-age=60', age }
    expect(isServed(200, headers, now + leftMs - 1)).toBe(true)
    expect(isServed(200, headers, now + leftMs)).toBe(false)
  })
})

test('what stands in a quoted string is no directive (5.2)', () => {
  expect(isServed(200, { 'cache-control': 'extension="a, max-age=60"' })).toBe(false)
  expect(isServed(200, { 'cache-control': 'extension="a, no-store", max-age=60' })).toBe(true)
})

describe('only-if-cached (5.2.1.7)', () => {
  const only: Question = { ...page, headers: { 'cache-control': 'only-if-cached' } }

  test('is answered out of storage, else with 504, and nobody is asked', () => {
    const core = edge()
    const { verdict, effects } = ask(core, only, now)
    expect([verdict, effects]).toMatchObject([{ do: 'refuse', status: 504, reason: 'refused-only-if-cached' }, []])
    fill(core, page, head(200, { 'cache-control': 'max-age=60' }), now)
    expect(core.inspect(only, now)).toMatchObject({ do: 'serve' })
    expect(core.inspect(only, now + 60_000)).toMatchObject({ do: 'refuse', status: 504 })
  })
})

describe('a 304', () => {
  const stored = { 'cache-control': 'max-age=1', etag: '"a"', 'content-type': 'text/plain', 'content-md5': 'x' }
  const revalidated = (headers: Record<string, string>) => {
    const core = edge()
    fill(core, page, head(200, stored), now)
    const { fetch } = one(ask(core, page, now + 2_000).effects, 'fetch')
    return { core, effects: core.fetchHead(fetch, { status: 304, headers }, now + 2_000) }
  }

  test('without validators speaks of the one answer that was asked about (4.3.3)', () => {
    const { core, effects } = revalidated({ 'cache-control': 'max-age=9' })
    expect(core.copyHead(one(effects, 'deliver').copy)).toMatchObject({ status: 200, freshUntilMs: now + 11_000 })
  })

  test('freshens every field but those that the stored body depends on (3.2)', () => {
    const said = { etag: '"a"', 'content-type': 'text/plain;charset=utf-8', 'content-md5': 'y', 'content-length': '7' }
    const { core, effects } = revalidated(said)
    expect(core.copyHead(one(effects, 'deliver').copy)?.headers).toMatchObject({
      'content-type': 'text/plain;charset=utf-8',
      'content-md5': 'x',
      'content-length': '1000',
    })
  })
})
