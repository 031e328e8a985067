import { describe, expect, test } from 'vitest'
import { outdatedPaths } from './methods.ts'
import { policyOf } from './policy.ts'
import { answerWhole, ask, edge, fill, one, only, publication } from './testing/rig.ts'
import type { Question, UpstreamHead } from './verdict.ts'

// Methods that go through, and what they make out of date (RFC 9110, 9; RFC 9111, 4.4).

const now = publication(10)
const path = '/page?q=1'
const page: Question = { method: 'GET', path }
const post = (method = 'POST', of = path): Question => ({ method, path: of, host: 'edge.example:8080' })
const fresh: UpstreamHead = { status: 200, headers: { 'content-length': '1000', 'cache-control': 'max-age=60' } }
const done = (headers: Record<string, string> = {}, status = 200): UpstreamHead => ({
  status,
  headers: { 'content-length': '1000', ...headers },
})

describe('a method that goes through', () => {
  test('goes to the origin as it is, each by itself, and leaves nothing behind', () => {
    const core = edge()
    const first = ask(core, { ...post(), headers: { 'x-mine': '1' } }, now)
    const { plan, fetch } = one(first.effects, 'fetch')
    expect(first.verdict).toMatchObject({ do: 'pass', reason: 'pass-method' })
    expect(plan).toMatchObject({ method: 'POST', path, upstream: { is: 'origin' }, headers: { 'x-mine': '1' } })
    expect(ask(core, post(), now).verdict.do).toBe('pass')
    expect(one(answerWhole(core, fetch, fresh, now), 'deliver').ticket).toBe(first.ticket)
    expect(core.inspect(post(), now).do).toBe('pass')
    expect(core.inspect(page, now)).toMatchObject({ do: 'fill', reason: 'fill-miss' })
  })

  test('is never answered out of storage, nor with what is stored of the object when it fails', () => {
    const core = edge()
    fill(core, page, done({ 'cache-control': 'max-age=1, stale-if-error=60' }), now)
    const { effects } = ask(core, post(), now + 2_000)
    const answered = core.fetchHead(one(effects, 'fetch').fetch, done({}, 500), now + 2_000)
    expect(core.copyHead(one(answered, 'deliver').copy)).toMatchObject({ status: 500 })
  })

  test.each([
    ['reset', 502],
    ['timeout', 504],
  ] as const)('is not sent again when it fails (%s): it may have been carried out (9.2.2)', (failure, status) => {
    const core = edge()
    const { effects, ticket } = ask(core, post(), now)
    const ended = core.fetchFailed(one(effects, 'fetch').fetch, failure, now)
    expect(ended).toEqual([{ do: 'answer', ticket, answer: { status, reason: 'fill-failed' } }])
    expect(ask(core, post(), now).verdict.do).toBe('pass')
  })

  test.each([304, 206, 412])('is handed a %i as the origin says it', status => {
    const core = edge()
    const { effects } = ask(core, { ...post('PUT'), headers: { 'if-none-match': '*' } }, now)
    const answered = core.fetchHead(one(effects, 'fetch').fetch, done({}, status), now)
    expect(core.copyHead(one(answered, 'deliver').copy)).toMatchObject({ status })
  })
})

describe('invalidation (RFC 9111, 4.4)', () => {
  const other = '/other'
  const stored = (policy = policyOf('oca')) => {
    const core = edge(policy)
    fill(core, page, fresh, now)
    fill(core, { method: 'GET', path: other }, fresh, now)
    return core
  }
  const carriedOut = (core: ReturnType<typeof edge>, question: Question, head: UpstreamHead) =>
    answerWhole(core, one(ask(core, question, now).effects, 'fetch').fetch, head, now)
  const has = (core: ReturnType<typeof edge>, of: string) =>
    core.inspect({ method: 'GET', path: of }, now).do === 'serve'

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'M-SEARCH'])('%s makes what is stored out of date', method => {
    const core = stored()
    expect(only(carriedOut(core, post(method), done()), 'drop')).not.toEqual([])
    expect([has(core, path), has(core, other)]).toEqual([false, true])
  })

  test.each(['OPTIONS', 'PROPFIND'])('%s is safe', method => {
    const core = stored()
    carriedOut(core, post(method), done())
    expect(has(core, path)).toBe(true)
  })

  test.each([404, 500])('%i says that nothing has changed', status => {
    const core = stored()
    carriedOut(core, post(), done({}, status))
    expect(has(core, path)).toBe(true)
  })

  test('reaches what Location and Content-Location name on the same host, and nothing else', () => {
    const head = (location: string) => done({ location, 'content-location': '/c?d' }, 201)
    expect(outdatedPaths(post('POST', '/a/b'), head('http://edge.example:8080/x'))).toEqual(['/a/b', '/x', '/c?d'])
    expect(outdatedPaths(post('POST', '/a/b'), head('x'))).toEqual(['/a/b', '/a/x', '/c?d'])
    expect(outdatedPaths(post('POST', '/a/b'), head('http://other.example/x'))).toEqual(['/a/b', '/c?d'])
    expect(outdatedPaths(post('POST', '/a/b'), head('http://[/'))).toEqual(['/a/b', '/c?d'])
    const core = stored()
    carriedOut(core, post('POST', '/form'), done({ location: other }, 201))
    expect([has(core, path), has(core, other)]).toEqual([true, false])
  })

  test('reaches every variant', () => {
    const core = edge()
    const inLanguage = (language: string) => ({ ...page, headers: { 'accept-language': language } })
    const varied = done({ 'cache-control': 'max-age=60', vary: 'accept-language' })
    for (const language of ['de', 'en']) fill(core, inLanguage(language), varied, now)
    carriedOut(core, post(), done())
    for (const language of ['de', 'en']) expect(core.inspect(inLanguage(language), now).do).toBe('fill')
  })

  test('reaches what is on its way: those who wait get it, later ones do not', () => {
    const core = edge()
    const before = ask(core, page, now)
    carriedOut(core, post(), done())
    const after = ask(core, page, now)
    expect(after.verdict.do).toBe('fill')
    const ended = answerWhole(core, one(before.effects, 'fetch').fetch, fresh, now)
    expect(one(ended, 'deliver').ticket).toBe(before.ticket)
    expect(core.inspect(page, now).do).toBe('join')
  })

  test('never reaches a live object', () => {
    const live = '/live/final/v1/10.m4s'
    const core = edge()
    fill(core, { method: 'GET', path: live }, { ...fresh, headers: { ...fresh.headers, etag: '"a"' } }, now)
    carriedOut(core, post('POST', '/form'), done({ location: live }, 201))
    expect(has(core, live)).toBe(true)
  })

  test('is a switch, which nginx lacks', () => {
    const core = stored(policyOf('oca', { invalidateOnUnsafe: false }))
    carriedOut(core, post(), done())
    expect(has(core, path)).toBe(true)
    expect(policyOf('nginx').invalidateOnUnsafe).toBe(false)
  })
})
