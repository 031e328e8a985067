import { describe, expect, test } from 'vitest'
import { policyOf } from './policy.ts'
import { answerWhole, ask, edge, fill, one, only, publication } from './testing/rig.ts'
import type { Question, UpstreamHead } from './verdict.ts'

// What is not a live object, as RFC 9111 has it. Sections in the names are the RFC's.

const now = publication(10)

const page = (headers: Record<string, string> = {}): Question => ({ method: 'GET', path: '/page?q=1', headers })

const head = (headers: Record<string, string>, status = 200): UpstreamHead => ({
  status,
  headers: { 'content-length': '1000', ...headers },
})

const cached = (headers: Record<string, string>, status = 200) => {
  const core = edge()
  fill(core, page(), head(headers, status), now)
  return core
}

describe('freshness', () => {
  const lifetimeOf = (headers: Record<string, string>) => {
    const verdict = cached(headers).inspect(page(), now)
    return verdict.do === 'serve' ? (verdict.validUntilMs as number) - now : 0
  }

  test.each([
    ['max-age', { 'cache-control': 'max-age=60' }, 60_000],
    ['s-maxage before max-age (5.2.2.10)', { 'cache-control': 'max-age=60, s-maxage=5' }, 5_000],
    ['the age that it came with (4.2.3)', { 'cache-control': 'max-age=60', age: '50' }, 10_000],
    ['names in any case', { 'cache-control': 'MAX-AGE=60' }, 60_000],
    ['a quoted value', { 'cache-control': 'max-age="60"' }, 60_000],
    ['no-store', { 'cache-control': 'no-store, max-age=60' }, 0],
    ['private', { 'cache-control': 'private, max-age=60' }, 0],
    ['no-cache', { 'cache-control': 'no-cache, max-age=60' }, 0],
    ['must-revalidate forbids stale use, not reuse', { 'cache-control': 'must-revalidate, max-age=60' }, 60_000],
    ['proxy-revalidate likewise', { 'cache-control': 'proxy-revalidate, max-age=60' }, 60_000],
    ['Vary: * (4.1)', { 'cache-control': 'max-age=60', vary: '*' }, 0],
    ['Set-Cookie without public', { 'cache-control': 'max-age=60', 'set-cookie': 'a=b' }, 0],
  ])('%s', (_, headers, expected) => {
    expect(lifetimeOf(headers)).toBe(expected)
  })

  test.each([
    [
      'stands before Cache-Control (RFC 9213)',
      { 'cdn-cache-control': 'max-age=60', 'cache-control': 'no-store' },
      60_000,
    ],
    ['and before Expires', { 'cdn-cache-control': 'max-age=60', expires: '0' }, 60_000],
    ['says milliseconds', { 'cdn-cache-control': 'max-age=1, max-age-ms=1500', 'cache-control': 'max-age=9' }, 1_500],
    ['forbids', { 'cdn-cache-control': 'no-store', 'cache-control': 'max-age=60' }, 0],
    ['that does not parse is ignored', { 'cdn-cache-control': 'max-age=, ;', 'cache-control': 'max-age=60' }, 60_000],
    ['that is empty is ignored', { 'cdn-cache-control': '', 'cache-control': 'max-age=60' }, 60_000],
  ])('CDN-Cache-Control %s', (_, headers, expected) => {
    expect(lifetimeOf(headers)).toBe(expected)
  })

  test('the time that the request took counts as age (4.2.3)', () => {
    const core = edge()
    const { fetch } = one(ask(core, page(), now).effects, 'fetch')
    answerWhole(core, fetch, head({ 'cache-control': 'max-age=10' }), now + 1_000)
    expect(core.inspect(page(), now + 9_999)).toMatchObject({ do: 'serve' })
    expect(core.inspect(page(), now + 10_000)).toMatchObject({ do: 'fill', reason: 'fill-expired' })
  })

  test('a lifetime by status where the answer states none (proxy_cache_valid)', () => {
    const core = edge(policyOf('oca', { proxy_cache_valid: { '200': 700 } }))
    fill(core, page(), head({}), now)
    expect(core.inspect(page(), now + 699)).toMatchObject({ do: 'serve' })
    expect(core.inspect(page(), now + 700)).toMatchObject({ do: 'fill' })
  })
})

describe('revalidation', () => {
  const stale = () => cached({ 'cache-control': 'max-age=1', etag: '"a"', 'last-modified': 'x', 'x-kept': 'old' })

  test('asks with the stored validators; a 304 begins a new lifetime and freshens the fields (4.3.4)', () => {
    const core = stale()
    const { ticket, effects } = ask(core, page(), now + 2_000)
    const { fetch, plan } = one(effects, 'fetch')
    expect(plan.headers).toMatchObject({ 'if-none-match': '"a"' })
    const fresh = { 'cache-control': 'max-age=5', etag: '"a"', 'x-kept': 'new', 'content-length': '0' }
    const { copy } = one(core.fetchHead(fetch, head(fresh, 304), now + 2_000), 'deliver')
    expect(core.fetchEnd(fetch, now + 2_000)).toEqual([])
    expect(core.copyHead(copy)).toMatchObject({ status: 200, bodyBytes: 1_000, freshUntilMs: now + 7_000 })
    expect(core.copyHead(copy)?.headers).toMatchObject({ 'x-kept': 'new', 'content-length': '1000' })
    expect(core.inspect(page(), now + 6_999)).toMatchObject({ do: 'serve', copy })
    expect([ticket, core.stats().waiting]).toEqual([2, 0])
  })

  test('a 304 that speaks of another answer is no use: the whole is fetched', () => {
    const core = stale()
    const { fetch } = one(ask(core, page(), now + 2_000).effects, 'fetch')
    const effects = core.fetchHead(fetch, head({ etag: '"b"' }, 304), now + 2_000)
    expect(one(effects, 'fetch').plan.headers).toBeUndefined()
  })

  test('a changed answer replaces the stored one', () => {
    const core = stale()
    const effects = fill(core, page(), head({ 'cache-control': 'max-age=5', etag: '"b"' }), now + 2_000)
    expect(only(effects, 'drop')).toHaveLength(1)
    expect(core.stats().copies).toBe(1)
  })

  test('a negative answer is not asked about', () => {
    const core = cached({ 'cache-control': 'max-age=1', etag: '"a"' }, 404)
    expect(one(ask(core, page(), now + 2_000).effects, 'fetch').plan.headers).toBeUndefined()
  })
})

describe('stale answers', () => {
  const afterFailure = (headers: Record<string, string>, status = 200) => {
    const core = cached({ 'cache-control': 'max-age=1', ...headers }, status)
    const { fetch } = one(ask(core, page(), now + 2_000).effects, 'fetch')
    return { core, effects: core.fetchFailed(fetch, 'refused', now + 2_000) }
  }

  test('stand in when the origin cannot be reached (4.2.4), and nobody asks it again for a moment', () => {
    const { core, effects } = afterFailure({})
    expect(effects).toMatchObject([{ do: 'deliver', reason: 'stale-error' }])
    expect(core.inspect(page(), now + 2_249)).toMatchObject({ do: 'serve', reason: 'stale-error' })
    expect(core.inspect(page(), now + 2_250)).toMatchObject({ do: 'fill' })
  })

  test.each(['must-revalidate', 'proxy-revalidate', 's-maxage=1'])('but not with %s', directive => {
    const { effects } = afterFailure({ 'cache-control': `max-age=1, ${directive}` })
    expect(effects.map(effect => effect.do)).toEqual(['fetch'])
  })

  test('and never for a negative answer', () => {
    expect(afterFailure({}, 404).effects.map(effect => effect.do)).toEqual(['fetch'])
  })

  test('stand in for a 5xx only as long as stale-if-error allows (RFC 5861)', () => {
    for (const [after, expected] of [
      [3_000, 'stale-error'],
      [11_000, 'upstream-answer'],
    ] as const) {
      const core = cached({ 'cache-control': 'max-age=1, stale-if-error=9' })
      const { fetch } = one(ask(core, page(), now + after).effects, 'fetch')
      expect(one(core.fetchHead(fetch, head({}, 500), now + after), 'deliver').reason).toBe(expected)
    }
  })

  test('are served while one request refreshes them (stale-while-revalidate)', () => {
    const core = cached({ 'cache-control': 'max-age=1, stale-while-revalidate=9', etag: '"a"' })
    const first = ask(core, page(), now + 2_000)
    expect(first.verdict).toMatchObject({ do: 'serve', reason: 'stale-updating', validUntilMs: now + 10_000 })
    expect(one(first.effects, 'fetch').plan.headers).toMatchObject({ 'if-none-match': '"a"' })
    expect(ask(core, page(), now + 2_001)).toMatchObject({ effects: [], verdict: { reason: 'stale-updating' } })
    core.fetchHead(
      one(first.effects, 'fetch').fetch,
      head({ etag: '"a"', 'cache-control': 'max-age=5' }, 304),
      now + 2_002,
    )
    expect(core.inspect(page(), now + 2_003)).toMatchObject({ do: 'serve', reason: 'hit' })
    expect(core.inspect(page(), now + 10_000)).toMatchObject({ do: 'fill' })
  })
})

describe('Vary', () => {
  const english = page({ 'accept-language': 'en' })
  const german = page({ 'accept-language': 'de' })
  const varied = head({ 'cache-control': 'max-age=60', vary: 'Accept-Language' })

  test('answers are found by the fields that select them (4.1)', () => {
    const core = edge()
    fill(core, english, varied, now)
    expect(core.inspect(english, now)).toMatchObject({ do: 'serve' })
    expect(core.inspect(german, now)).toMatchObject({ do: 'fill', reason: 'fill-miss' })
    fill(core, german, varied, now)
    expect(core.inspect(english, now)).toMatchObject({ do: 'serve' })
    expect(core.inspect(german, now)).toMatchObject({ do: 'serve' })
  })

  test('who waited for another variant gets a fill of its own', () => {
    const core = edge()
    const first = ask(core, english, now)
    const same = ask(core, english, now)
    const other = ask(core, german, now)
    expect(other.verdict.do).toBe('join')
    const effects = core.fetchHead(one(first.effects, 'fetch').fetch, varied, now)
    expect(only(effects, 'deliver').map(({ ticket }) => ticket)).toEqual([first.ticket, same.ticket])
    expect(one(effects, 'fetch').plan.headers).toEqual({ 'accept-language': 'de' })
  })

  test('variants are bounded: the oldest goes', () => {
    const core = edge()
    for (let i = 0; i < 30; i++) fill(core, page({ 'accept-language': `x${i}` }), varied, now)
    expect(core.stats().copies).toBe(16)
    expect(core.inspect(page({ 'accept-language': 'x29' }), now)).toMatchObject({ do: 'serve' })
    expect(core.inspect(page({ 'accept-language': 'x13' }), now)).toMatchObject({ do: 'fill' })
  })
})

describe('what is meant for one asker', () => {
  test('is not handed to others who waited: each asks by itself, and so do the next', () => {
    const core = edge()
    const first = ask(core, page(), now)
    const second = ask(core, page(), now)
    const effects = core.fetchHead(one(first.effects, 'fetch').fetch, head({ 'cache-control': 'private' }), now)
    expect(one(effects, 'deliver').ticket).toBe(first.ticket)
    const own = one(effects, 'fetch')
    expect(own.plan.reason).toBe('fill-uncacheable')
    expect(ask(core, page(), now).verdict).toMatchObject({ do: 'pass', validUntilMs: now + 10_000 })
    const ended = answerWhole(core, own.fetch, head({ 'cache-control': 'private' }), now)
    expect(one(ended, 'deliver').ticket).toBe(second.ticket)
    expect(core.inspect(page(), now + 10_000)).toMatchObject({ do: 'join' })
  })

  test('what is asked for with credentials goes by itself, and is kept only where the answer allows it (3.5)', () => {
    const mine = page({ authorization: 'Basic eA==' })
    for (const [cacheControl, expected] of [
      ['max-age=60', 'fill'],
      ['public, max-age=60', 'serve'],
    ] as const) {
      const core = edge()
      const { verdict, effects } = ask(core, mine, now)
      expect(verdict).toMatchObject({ do: 'pass', reason: 'pass-method' })
      answerWhole(core, one(effects, 'fetch').fetch, head({ 'cache-control': cacheControl }), now)
      expect(core.inspect(page(), now).do).toBe(expected)
    }
  })

  test.each(['no-cache', 'max-age=0'])('a request with %s is not answered from storage unasked (5.2.1)', directive => {
    const core = cached({ 'cache-control': 'max-age=60', etag: '"a"' })
    const verdict = core.inspect(page({ 'cache-control': directive }), now + 1_000)
    expect(verdict).toMatchObject({ do: 'fill', plan: { headers: { 'if-none-match': '"a"' } } })
  })

  test('a request with no-store goes through and leaves nothing behind', () => {
    const core = edge()
    fill(core, page({ 'cache-control': 'no-store' }), head({ 'cache-control': 'max-age=60' }), now)
    expect(core.stats().copies).toBe(0)
  })
})
