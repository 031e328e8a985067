import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { limits } from '../../live/limits.ts'
import { Origins } from './origins.ts'
import { answer, answerWhole, ask, edge, one, publication, segment } from './testing/rig.ts'

const now = publication(10)
const eu = { is: 'origin', region: 'eu' }
const us = { is: 'origin', region: 'us' }
const back = limits.originReturnMs
const twoRegions = () => edge('oca', { origins: ['eu', 'us'] })

describe('which origin is asked', () => {
  test('the first in the order, while it lives', () => {
    const core = twoRegions()
    expect(one(ask(core, segment(10), now).effects, 'fetch').plan.upstream).toEqual(eu)
    core.originAlive('eu', false, now)
    expect(one(ask(core, segment(11), now).effects, 'fetch').plan.upstream).toEqual(us)
    expect(core.originOrder()).toEqual(['us', 'eu'])
  })

  test('one that is back is preferred again when it has lived for a while, counted from its last return', () => {
    const origins = new Origins(['eu', 'us'])
    origins.setAlive('eu', false, now)
    origins.setAlive('eu', true, now + 100)
    expect(origins.choose()).toEqual(us)
    expect(origins.nextWakeMs()).toBe(now + 100 + back)
    origins.setAlive('eu', false, now + 200)
    origins.setAlive('eu', true, now + 300)
    expect(origins.wake(now + 100 + back)).toBe(false)
    expect(origins.choose()).toEqual(us)
    expect(origins.wake(now + 300 + back)).toBe(true)
    expect(origins.choose()).toEqual(eu)
    expect(origins.nextWakeMs()).toBeUndefined()
  })

  test('one that is not trusted yet is asked before one that is dead, and a dead one where all are', () => {
    const origins = new Origins(['eu', 'us'])
    origins.failed('eu', 'refused', now)
    expect(origins.choose()).toEqual(us)
    origins.setAlive('us', false, now)
    expect(origins.choose()).toEqual(eu)
    origins.setAlive('eu', false, now)
    expect(['eu', 'us']).toContain(origins.choose().region)
    expect(origins.choose('eu')).toEqual(us)
  })

  test.each([
    ['a refused connection', ['refused'], us],
    ['one reset', ['reset'], eu],
    ['two resets in a row', ['reset', 'reset'], us],
    ['time-outs: a held request looks like a dead origin', ['timeout', 'timeout', 'timeout'], eu],
    ['nonsense, which another region would say as well', ['malformed', 'malformed'], eu],
  ] as const)('after %s', (_, failures, asked) => {
    const origins = new Origins(['eu', 'us'])
    for (const failure of failures) origins.failed('eu', failure, now)
    expect(origins.choose()).toEqual(asked)
  })

  test('a whole answer between them parts two resets', () => {
    const origins = new Origins(['eu', 'us'])
    origins.failed('eu', 'reset', now)
    origins.served('eu')
    origins.failed('eu', 'reset', now)
    expect(origins.choose()).toEqual(eu)
  })

  test('an edge with one origin always asks it, and remembers nothing', () => {
    const core = edge('oca', { origins: ['eu'] })
    core.originAlive('eu', false, now)
    const first = one(ask(core, segment(10), now).effects, 'fetch')
    const again = one(core.fetchFailed(first.fetch, 'refused', now), 'fetch')
    expect([first, again].map(({ plan }) => plan.upstream)).toEqual([eu, eu])
    expect(new Origins(['eu']).nextWakeMs()).toBeUndefined()
  })

  test('whatever happens: one of them, the same until an input or its own wake-up, and in the end the first again', () => {
    const regions = ['eu', 'us', 'ap']
    const region = fc.constantFrom(...regions)
    const input = fc.oneof(
      fc.record({ region, alive: fc.boolean() }),
      fc.record({ region, failure: fc.constantFrom('refused', 'reset', 'timeout', 'malformed') }),
      fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }) }),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), inputs => {
        const origins = new Origins(regions)
        const dead = new Set<string>()
        let at = now
        for (const given of inputs) {
          if ('alive' in given) {
            origins.setAlive(given.region, given.alive, at)
            given.alive ? dead.delete(given.region) : dead.add(given.region)
          } else if ('failure' in given) origins.failed(given.region, given.failure, at)
          else {
            at += given.waitMs
            if (((origins.nextWakeMs() as number | undefined) ?? Infinity) <= at) expect(origins.wake(at)).toBe(true)
          }
          const { region } = origins.choose()
          expect(origins.order()[0]).toBe(region)
          expect(dead.size === regions.length || !dead.has(region as string)).toBe(true)
          for (const failed of regions) {
            const second = origins.choose(failed).region as string
            if (dead.size < regions.length - 1) expect(second).not.toBe(failed)
          }
        }
        for (const one of regions) origins.setAlive(one, true, at)
        origins.wake(at + back)
        expect(origins.choose()).toEqual(eu)
      }),
    )
  })
})

describe('a fill that fails', () => {
  test('is tried once more in the other region, for all; then the failure is shared', () => {
    const core = twoRegions()
    const first = one(ask(core, segment(10), now).effects, 'fetch')
    ask(core, segment(10), now + 1)
    const again = one(core.fetchFailed(first.fetch, 'reset', now + 2), 'fetch')
    expect(again.plan).toMatchObject({ upstream: us, reason: 'fill-restart' })
    const shared = core.fetchFailed(again.fetch, 'reset', now + 3)
    expect(shared.filter(effect => effect.do === 'fetch')).toEqual([])
    expect(shared.filter(effect => effect.do === 'answer')).toHaveLength(2)
  })

  test('with a 5xx that states no lifetime is tried in the other region, too', () => {
    const core = twoRegions()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    const effects = core.fetchHead(fetch, { status: 503, headers: { 'content-length': '0' } }, now)
    expect(one(effects, 'fetch').plan.upstream).toEqual(us)
  })

  test('after some bytes is resumed across regions on its strong ETag, and on that alone', () => {
    const core = twoRegions()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    const { copy } = one(core.fetchHead(fetch, answer(200, 60_000), now), 'collect')
    core.fetchBytes(fetch, 400, now)
    const again = one(core.fetchFailed(fetch, 'reset', now), 'fetch')
    expect(again.plan).toMatchObject({ upstream: us, resume: { fromBytes: 400, etag: '"e1"' } })
    const rest = { 'content-length': '600', 'content-range': 'bytes 400-999/1000' }
    expect(core.fetchHead(again.fetch, answer(206, 60_000, rest), now)).toEqual([
      { do: 'collect', fetch: again.fetch, copy, fromBytes: 400 },
    ])

    const weak = twoRegions()
    const begun = one(ask(weak, segment(10), now).effects, 'fetch').fetch
    weak.fetchHead(begun, answer(200, 60_000, { etag: 'W/"e1"' }), now)
    weak.fetchBytes(begun, 400, now)
    const anew = one(weak.fetchFailed(begun, 'reset', now), 'fetch').plan
    expect(anew).toMatchObject({ upstream: us, reason: 'fill-restart' })
    expect(anew.resume).toBeUndefined()
  })

  test('that waits for an origin that has died goes to the other region at the wake, which is due at once', () => {
    const core = twoRegions()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    core.originAlive('eu', false, now + 100)
    expect(core.nextWakeMs()).toBe(now + 100)
    const effects = core.wake(now + 100)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
    const again = one(effects, 'fetch')
    expect(again.plan.upstream).toEqual(us)
    // That was its one more try: where the other dies, too, it waits for its end.
    core.originAlive('us', false, now + 200)
    expect(core.wake(now + 200)).toEqual([])
    expect(core.fetchBytes(fetch, 1, now)).toEqual([])
    expect(answerWhole(core, again.fetch, answer(200, 60_000), now + 300).at(-1)).toMatchObject({ do: 'complete' })
  })

  test('whose body is arriving is left to its end: the heartbeat says nothing about an open connection', () => {
    const core = twoRegions()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    core.fetchHead(fetch, answer(200, 60_000), now)
    core.originAlive('eu', false, now + 1)
    expect(core.wake(now + 1)).toEqual([])
  })

  test('and may have been carried out is not sent to the other region', () => {
    const core = twoRegions()
    const { fetch } = one(ask(core, { method: 'POST', path: '/page' }, now).effects, 'fetch')
    core.originAlive('eu', false, now + 1)
    expect(core.wake(now + 1)).toEqual([])
    expect(core.fetchFailed(fetch, 'reset', now + 2).map(effect => effect.do)).not.toContain('fetch')
  })
})
