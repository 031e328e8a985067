import { describe, expect, test } from 'vitest'
import { answer, answerWhole, ask, edge, event, fill, one, only, publication, segment } from './testing/rig.ts'

const now = publication(10)

describe('versions and rules', () => {
  test('a risen version drops what is stored; the next fill says why', () => {
    const core = edge()
    fill(core, segment(10), answer(200, 600_000), now)
    expect(only(core.learn(event({ version: 2 }), now), 'drop')).toHaveLength(1)
    const { verdict, effects } = ask(core, segment(10), now)
    expect(verdict).toMatchObject({ do: 'fill', reason: 'fill-flushed', key: 'v2 /live/final/v1/10.m4s' })
    expect(one(effects, 'fetch').plan.asked).toEqual({ version: 2, sequence: 0 })
    expect(core.inspect(segment(11), now)).toMatchObject({ reason: 'fill-miss' })
  })

  test('an older configuration changes nothing', () => {
    const core = edge('oca', {}, event({ version: 3 }))
    fill(core, segment(10), answer(200, 600_000), now)
    expect(core.learn(event({ version: 2 }), now)).toEqual([])
    expect(core.eventState('final')?.state).toEqual({ version: 3, sequence: 0 })
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'serve' })
  })

  test('the answer to a fill of the old version is not kept under the new one', () => {
    const core = edge()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    core.learn(event({ version: 2 }), now)
    const effects = answerWhole(core, fetch, answer(200, 600_000), now)
    expect(only(effects, 'drop')).toHaveLength(1)
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'fill' })
  })

  const rule = { sequence: 1, from: 10, to: 11 }
  test.each([
    ['in its range', {}, true],
    ['by its pipeline', { pipeline: 'a' }, true],
    ['by another pipeline', { pipeline: 'b' }, false],
    ['by its pipeline from its region', { pipeline: 'a', region: 'eu' }, true],
    ['by its pipeline from another region', { pipeline: 'a', region: 'us' }, false],
  ])('a rule expires what was made %s', (_, by, expires) => {
    const core = edge()
    fill(core, segment(10), answer(200, 600_000, { 'live-pipeline': 'a', 'live-region': 'eu' }), now)
    core.learn(event({ invalidations: [{ ...rule, ...by }] }), now)
    const expected = expires ? { do: 'fill', reason: 'fill-invalidated' } : { do: 'serve' }
    expect(core.inspect(segment(10), now)).toMatchObject(expected)
    expect(core.inspect(segment(9), now)).toMatchObject({ reason: 'fill-miss' })
  })

  test('what is fetched after the rule is not covered by it', () => {
    const core = edge('oca', {}, event({ invalidations: [rule] }))
    fill(core, segment(10), answer(200, 600_000), now)
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'serve' })
  })

  test('who came before the rule gets the fill that began before it, who came after waits for the next', () => {
    const core = edge()
    const before = ask(core, segment(10), now)
    core.learn(event({ invalidations: [rule] }), now)
    const after = ask(core, segment(10), now)
    const { fetch } = one(before.effects, 'fetch')
    const head = core.fetchHead(fetch, answer(200, 600_000), now)
    expect(only(head, 'deliver').map(({ ticket }) => ticket)).toEqual([before.ticket])
    core.fetchBytes(fetch, 1_000, now)
    const next = one(core.fetchEnd(fetch, now), 'fetch')
    expect(next.plan).toMatchObject({ reason: 'fill-invalidated', asked: { version: 1, sequence: 1 } })
    const second = answerWhole(core, next.fetch, answer(200, 600_000), now)
    expect(one(second, 'deliver').ticket).toBe(after.ticket)
  })

  test('an answer of an older state than was asked for is refused', () => {
    const core = edge('oca', {}, event({ version: 2 }))
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    const effects = core.fetchHead(fetch, answer(200, 60_000, { 'live-version': '1;sequence=9' }), now)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
  })

  test('an answer of a newer state makes the edge learn, once', () => {
    const core = edge()
    const newer = answer(200, 60_000, { 'live-version': '2;sequence=0' })
    expect(only(fill(core, segment(10), newer, now), 'learn-event')).toEqual([{ do: 'learn-event', event: 'final' }])
    expect(only(fill(core, segment(11), newer, now), 'learn-event')).toEqual([])
  })
})

describe('an event that is not known', () => {
  const fresh = () => edge('oca', {}, event({ event: 'other' }))

  test('is learned once, tried again a few times, then left alone for a while', () => {
    const core = fresh()
    expect(only(ask(core, segment(10), now).effects, 'learn-event')).toHaveLength(1)
    expect(only(ask(core, segment(11), now).effects, 'learn-event')).toHaveLength(0)
    core.learnFailed('final', now)
    expect(core.nextWakeMs()).toBe(now + 500)
    expect(only(core.wake(now + 500), 'learn-event')).toHaveLength(1)
    core.learnFailed('final', now + 500)
    expect(only(core.wake(now + 1_500), 'learn-event')).toHaveLength(1)
    core.learnFailed('final', now + 1_500)
    expect(only(ask(core, segment(12), now + 6_499).effects, 'learn-event')).toHaveLength(0)
    expect(only(ask(core, segment(13), now + 6_500).effects, 'learn-event')).toHaveLength(1)
  })

  test('what was stored and in flight before it is known is found afterwards', () => {
    const core = fresh()
    const stored = answer(200, 60_000, { 'live-version': '1;sequence=0' })
    fill(core, segment(10), stored, now)
    const inFlight = ask(core, segment(11), now)
    core.learn(event(), now)
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'serve', key: 'v1 /live/final/v1/10.m4s' })
    expect(ask(core, segment(11), now).verdict).toMatchObject({ do: 'join' })
    answerWhole(core, one(inFlight.effects, 'fetch').fetch, stored, now)
    expect(core.inspect(segment(11), now)).toMatchObject({ do: 'serve', reason: 'hit' })
  })
})

describe('notifications', () => {
  const state = (sequence: number) =>
    `"state";version=1;epoch=1;sequence=${sequence}, "ad-break";sequence=${sequence};at-ms=5`

  test('the newest stand for the event, also when an old segment arrives late', () => {
    const core = edge()
    fill(core, segment(11), answer(200, 60_000, { 'live-notifications': state(2) }), now)
    fill(core, segment(10), answer(200, 60_000, { 'live-notifications': state(1) }), now)
    expect(core.eventState('final')?.notifications?.order.sequence).toBe(2)
  })

  test('a policy without event state has none', () => {
    const core = edge('nginx')
    fill(core, segment(11), answer(200, 60_000, { 'live-notifications': state(2) }), now)
    expect(core.eventState('final')).toBeUndefined()
  })
})
