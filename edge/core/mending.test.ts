import { describe, expect, test } from 'vitest'
import { answer, answerWhole, ask, edge, one, only, publication, segment, served } from './testing/rig.ts'

const now = publication(10)

describe('a fill that breaks', () => {
  const begun = () => {
    const core = edge()
    const { ticket, effects } = ask(core, segment(10), now)
    return { core, ticket, fetch: one(effects, 'fetch').fetch }
  }

  test('before its head: begun anew once, for all; then the failure is shared and nobody goes upstream', () => {
    const { core, ticket, fetch } = begun()
    const again = one(core.fetchFailed(fetch, 'reset', now + 10), 'fetch')
    expect(again.plan.reason).toBe('fill-restart')
    const shared = core.fetchFailed(again.fetch, 'reset', now + 20)
    expect(one(shared, 'answer')).toMatchObject({ ticket, answer: { status: 503, reason: 'shared-failure' } })
    expect(ask(core, segment(10), now + 269)).toMatchObject({ effects: [], verdict: { reason: 'shared-failure' } })
    expect(core.inspect(segment(10), now + 269).validUntilMs).toBe(now + 270)
    expect(core.inspect(segment(10), now + 270)).toMatchObject({ do: 'fill', reason: 'fill-after-failure' })
  })

  test('with a 5xx that states no lifetime: asked for once more, for all; then that is the answer', () => {
    const { core, ticket, fetch } = begun()
    const { ticket: waiter } = ask(core, segment(10), now + 1)
    const failed = { status: 503, headers: { 'content-length': '0' } }
    const again = one(core.fetchHead(fetch, failed, now + 10), 'fetch')
    expect(again.plan.reason).toBe('fill-restart')
    expect(
      only(answerWhole(core, again.fetch, answer(200, 60_000), now + 20), 'deliver').map(one => one.ticket),
    ).toEqual([ticket, waiter])
    const second = begun()
    const last = one(second.core.fetchHead(second.fetch, failed, now + 10), 'fetch').fetch
    expect(one(second.core.fetchHead(last, failed, now + 20), 'deliver').ticket).toBe(second.ticket)
  })

  test('with a 5xx that states how long it stands: that is the answer', () => {
    const { core, ticket, fetch } = begun()
    const effects = core.fetchHead(fetch, answer(503, 5_000), now + 10)
    expect(only(effects, 'fetch')).toEqual([])
    expect(one(effects, 'deliver').ticket).toBe(ticket)
  })

  test('after some bytes: the rest is asked for with its strong ETag and joined to them', () => {
    const { core, fetch } = begun()
    const { copy } = one(core.fetchHead(fetch, answer(200, 60_000), now), 'collect')
    core.fetchBytes(fetch, 400, now)
    const again = one(core.fetchFailed(fetch, 'reset', now + 10), 'fetch')
    expect(again.plan).toMatchObject({ reason: 'fill-resume', resume: { fromBytes: 400, etag: '"e1"' } })
    const rest = answer(206, 60_000, { 'content-length': '600', 'content-range': 'bytes 400-999/1000' })
    const collect = { do: 'collect', fetch: again.fetch, copy, fromBytes: 400 }
    expect(core.fetchHead(again.fetch, rest, now + 20)).toEqual([collect])
    core.fetchBytes(again.fetch, 600, now + 21)
    expect(core.fetchEnd(again.fetch, now + 22)).toEqual([{ do: 'complete', copy }])
    expect(core.copyHead(copy)).toMatchObject({ status: 200, complete: true, bodyBytes: 1_000 })
  })

  test.each([
    ['another ETag', { etag: '"e2"', 'content-range': 'bytes 400-999/1000' }],
    ['another offset', { 'content-range': 'bytes 300-999/1000' }],
    ['another length', { 'content-range': 'bytes 400-1099/1100' }],
    ['no Content-Range', {}],
  ])('a rest with %s is not joined: the failure is shared', (_, headers) => {
    const { core, fetch } = begun()
    const { copy } = one(core.fetchHead(fetch, answer(200, 60_000), now), 'collect')
    core.fetchBytes(fetch, 400, now)
    const again = one(core.fetchFailed(fetch, 'reset', now), 'fetch').fetch
    const effects = core.fetchHead(again, answer(206, 60_000, headers), now)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'break', 'drop'])
    expect(one(effects, 'break')).toMatchObject({ copy, answer: { reason: 'shared-failure' } })
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'refuse', reason: 'shared-failure' })
  })

  test('another body instead of the rest: readers with bytes are reset, the rest start again from it', () => {
    const { core, fetch } = begun()
    const { copy } = one(core.fetchHead(fetch, answer(200, 60_000), now), 'collect')
    core.fetchBytes(fetch, 400, now)
    const again = one(core.fetchFailed(fetch, 'reset', now), 'fetch').fetch
    const effects = core.fetchHead(again, answer(200, 60_000, { etag: '"e2"' }), now)
    const by = one(effects, 'collect').copy
    expect(one(effects, 'break')).toMatchObject({ copy, by })
    expect(served(core.inspect(segment(10), now))).toBe(by)
  })

  test('without a strong ETag it is begun anew, and who comes meanwhile waits for that', () => {
    const { core, fetch } = begun()
    const { copy } = one(core.fetchHead(fetch, answer(200, 60_000, { etag: 'W/"e1"' }), now), 'collect')
    core.fetchBytes(fetch, 400, now)
    const again = one(core.fetchFailed(fetch, 'reset', now), 'fetch')
    expect(again.plan).toMatchObject({ reason: 'fill-restart' })
    expect(again.plan.resume).toBeUndefined()
    const late = ask(core, segment(10), now)
    expect(late.verdict.do).toBe('join')
    const effects = core.fetchHead(again.fetch, answer(200, 60_000), now)
    const by = one(effects, 'collect').copy
    expect(one(effects, 'break')).toMatchObject({ copy, by })
    expect(one(effects, 'deliver')).toMatchObject({ ticket: late.ticket, copy: by })
  })

  test.each([
    ['fewer', 999],
    ['more', 1_001],
  ])('%s bytes than promised are a failure, and never complete', (_, bytes) => {
    const { core, fetch } = begun()
    const effects = answerWhole(core, fetch, answer(200, 60_000), now, bytes)
    expect(only(effects, 'complete')).toEqual([])
    expect(one(effects, 'fetch').plan.reason).toMatch(/^fill-re/)
  })

  test('a 206 that nobody asked for is a failure', () => {
    const { core, fetch } = begun()
    const effects = core.fetchHead(fetch, answer(206, 60_000, { 'content-range': 'bytes 0-999/1000' }), now)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
  })

  test('an upstream that fails in its own words is asked again after a moment, not once a millisecond', () => {
    const { core, fetch } = begun()
    const refused = { status: 503, headers: { 'content-length': '0' } }
    const again = one(core.fetchHead(fetch, refused, now), 'fetch').fetch
    expect(one(core.fetchHead(again, refused, now), 'deliver').reason).toBe('upstream-answer')
    core.fetchEnd(again, now)
    expect(core.inspect(segment(10), now + 249)).toMatchObject({ do: 'serve', reason: 'negative-hit' })
    expect(core.inspect(segment(10), now + 250)).toMatchObject({ do: 'fill' })
  })
})

describe('a copy that nobody reads any more', () => {
  const arriving = (cacheControl: string, receivedBytes: number) => {
    const core = edge()
    const page = { method: 'GET', path: '/page', headers: {} } as const
    const { fetch } = one(ask(core, page, now).effects, 'fetch')
    const head = { status: 200, headers: { 'content-length': '1000', 'cache-control': cacheControl } }
    const { copy } = one(core.fetchHead(fetch, head, now), 'deliver')
    core.fetchBytes(fetch, receivedBytes, now)
    return { core, fetch, copy }
  }

  test('ends its fill when it will not be kept: a small Range does not fetch the whole', () => {
    const { core, fetch, copy } = arriving('no-store', 500)
    const effects = core.unread(copy, now + 1)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'break', 'drop'])
    expect(core.stats()).toMatchObject({ copies: 0, fetches: 0 })
    expect(core.fetchBytes(fetch, 500, now + 2)).toEqual([])
  })

  test('goes on when it will be kept, or is all but over', () => {
    for (const { core, copy } of [arriving('max-age=60', 500), arriving('no-store', 1_000)]) {
      expect(core.unread(copy, now + 1)).toEqual([])
      expect(core.stats().fetches).toBe(1)
    }
  })
})
