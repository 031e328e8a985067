import { describe, expect, test } from 'vitest'
import {
  answer,
  answerWhole,
  ask,
  edge,
  fill,
  fromSibling,
  one,
  only,
  publication,
  segment,
  startMs,
} from './testing/rig.ts'

const now = publication(10)

describe('hits', () => {
  test('a fresh copy is served until its lifetime ends, to the millisecond', () => {
    const core = edge()
    fill(core, segment(10), answer(200, 1_500), now)
    const verdict = core.inspect(segment(10), now + 1_499.9)
    expect(verdict).toMatchObject({ do: 'serve', reason: 'hit', validUntilMs: now + 1_500 })
    expect(core.inspect(segment(10), now + 1_500)).toMatchObject({ do: 'fill', reason: 'fill-expired' })
  })

  test('a hit changes no state', () => {
    const core = edge()
    fill(core, segment(10), answer(200, 60_000), now)
    const before = core.stats()
    const first = ask(core, segment(10), now + 1)
    expect(first.effects).toEqual([])
    expect(first.ticket).toBeUndefined()
    expect(core.stats()).toEqual(before)
    expect(core.inspect(segment(10), now + 1)).toEqual(first.verdict)
  })

  test('a negative answer is kept for its lifetime and then asked for once, under any herd', () => {
    const core = edge()
    fill(core, segment(10), answer(404, 300), now)
    expect(core.inspect(segment(10), now + 299)).toMatchObject({ do: 'serve', reason: 'negative-hit' })
    const herd = Array.from({ length: 50 }, () => ask(core, segment(10), now + 300))
    expect(herd.flatMap(({ effects }) => only(effects, 'fetch'))).toHaveLength(1)
    expect(herd[0]?.verdict).toMatchObject({ do: 'fill', reason: 'fill-negative-expired' })
    expect(herd[1]?.verdict).toMatchObject({ do: 'join', reason: 'collapsed' })
  })

  test('an early 404 ends when the due window opens, whatever its travel added', () => {
    const dueMs = publication(10) - 1_000
    const core = edge()
    fill(core, segment(10), answer(404, 300), dueMs - 290)
    expect(core.inspect(segment(10), dueMs - 0.5)).toMatchObject({ do: 'serve', reason: 'negative-hit' })
    expect(core.inspect(segment(10), dueMs)).toMatchObject({ do: 'fill', reason: 'fill-negative-expired' })
    const apart = edge()
    fill(apart, segment(10), answer(404, 400), dueMs - 290)
    expect(apart.inspect(segment(10), dueMs + 100), 'clocks that differ are no travel').toMatchObject({ do: 'serve' })
  })

  test('HEAD joins the full fill', () => {
    const core = edge()
    const { effects } = ask(core, { ...segment(10), method: 'HEAD' }, now)
    expect(one(effects, 'fetch').plan.method).toBe('GET')
    expect(ask(core, segment(10), now).verdict.do).toBe('join')
  })
})

describe('waiting', () => {
  test('all who wait get the head at once, and who comes later the copy that is arriving', () => {
    const core = edge()
    const first = ask(core, segment(10), now)
    const second = ask(core, segment(10), now + 1)
    const { fetch } = one(first.effects, 'fetch')
    const head = core.fetchHead(fetch, answer(200, 60_000), now + 50)
    const { copy } = one(head, 'collect')
    expect(only(head, 'deliver')).toEqual([
      { do: 'deliver', ticket: first.ticket, copy, reason: 'upstream-answer', collapsed: false },
      { do: 'deliver', ticket: second.ticket, copy, reason: 'upstream-answer', collapsed: true },
    ])
    expect(core.inspect(segment(10), now + 51)).toMatchObject({ do: 'serve', copy, reason: 'collapsed' })
    core.fetchBytes(fetch, 1_000, now + 60)
    expect(core.fetchEnd(fetch, now + 61)).toEqual([{ do: 'complete', copy }])
    expect(core.inspect(segment(10), now + 62)).toMatchObject({ do: 'serve', copy, reason: 'hit' })
  })

  test('a waiter ends after its own bound, and the fill goes on without it', () => {
    const core = edge()
    const { ticket, effects } = ask(core, segment(10), now)
    expect(core.nextWakeMs()).toBe(now + 4_000)
    expect(core.wake(now + 3_999)).toEqual([])
    const ended = one(core.wake(now + 4_000), 'answer')
    expect(ended).toMatchObject({ ticket, answer: { status: 503, reason: 'wait-ended' } })
    expect(core.nextWakeMs()).toBeUndefined()
    answerWhole(core, one(effects, 'fetch').fetch, answer(200, 60_000), now + 4_100)
    expect(core.inspect(segment(10), now + 4_200)).toMatchObject({ do: 'serve', reason: 'hit' })
  })

  test("a sibling's request has its own bound", () => {
    const core = edge()
    const { ticket, effects } = ask(core, fromSibling(segment(10), 'a2', undefined, 3_400), now)
    expect(one(effects, 'fetch').plan).toMatchObject({ headByMs: now + 3_150, upstream: { is: 'origin' } })
    expect(one(core.wake(now + 3_400), 'answer').ticket).toBe(ticket)
  })

  test("the origin's short 404 goes to all who waited; the first to ask afterwards makes one request", () => {
    const core = edge()
    const first = ask(core, segment(10), now)
    ask(core, segment(10), now)
    const ended = answerWhole(core, one(first.effects, 'fetch').fetch, answer(404, 300), now + 3_000)
    expect(only(ended, 'deliver').map(({ reason }) => reason)).toEqual(['hold-ended', 'hold-ended'])
    const after = [0, 100, 200, 300, 301].map(ms => ask(core, segment(10), now + 3_000 + ms))
    expect(after.flatMap(({ effects }) => only(effects, 'fetch'))).toHaveLength(1)
  })

  test('the client that came first may leave: nothing changes for the fill', () => {
    const core = edge()
    const first = ask(core, segment(10), now)
    const second = ask(core, segment(10), now)
    core.leave(first.ticket as number, now + 1)
    const head = core.fetchHead(one(first.effects, 'fetch').fetch, answer(200, 60_000), now + 2)
    expect(only(head, 'deliver').map(({ ticket }) => ticket)).toEqual([second.ticket])
    expect(core.stats().waiting).toBe(0)
  })

  test('waiters and fills are limited, and the verdict says how many may still come', () => {
    const core = edge('oca', { waiters: 2, fills: 1 })
    expect(ask(core, segment(10), now).verdict.maxArrivals).toBe(2)
    expect(core.inspect(segment(11), now)).toMatchObject({ do: 'refuse', status: 503, reason: 'refused-fills' })
    expect(ask(core, segment(10), now).verdict.maxArrivals).toBe(1)
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'refuse', status: 503, reason: 'refused-waiters' })
  })

  test('an answer that cannot be kept goes to all who waited; who comes while it arrives waits for the next', () => {
    const core = edge()
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    core.fetchHead(fetch, answer(200, 0), now + 1)
    const late = ask(core, segment(10), now + 2)
    expect(late.verdict.do).toBe('join')
    core.fetchBytes(fetch, 1_000, now + 3)
    const end = core.fetchEnd(fetch, now + 3)
    expect(end.map(effect => effect.do)).toEqual(['complete', 'drop', 'fetch'])
    expect(one(end, 'fetch').plan.reason).toBe('fill-uncacheable')
  })
})

test('the policy none sends every request through', () => {
  const core = edge('none')
  const asked = [1, 2, 3].map(() => ask(core, segment(10), now))
  expect(asked.map(({ verdict }) => verdict.reason)).toEqual(Array(3).fill('pass-no-cache'))
  const fetches = asked.map(({ effects }) => one(effects, 'fetch').fetch)
  expect(new Set(fetches).size).toBe(3)
  answerWhole(core, fetches[0] as number, answer(200, 60_000), now)
  expect(core.inspect(segment(10), now)).toMatchObject({ do: 'pass' })
  expect(core.stats()).toMatchObject({ copies: 0, waiting: 2 })
  const [, second] = fetches as [number, number]
  expect(one(core.fetchFailed(second, 'refused', now), 'answer').answer).toEqual({ status: 502, reason: 'fill-failed' })
})

test('a group of askers is one ticket, and where nothing collapses as many requests', () => {
  const core = edge('none')
  const { effects } = core.admit(core.inspect(segment(10), now), 5, now)
  expect(one(effects, 'fetch').count).toBe(5)
  expect(core.stats()).toMatchObject({ waiting: 5, fetches: 5 })
  const oca = edge()
  const shared = oca.admit(oca.inspect(segment(10), now), 5, now).effects
  expect(one(shared, 'fetch').count).toBe(1)
})

test('an edge that has just started knows when nothing is to be done', () => {
  expect(edge().nextWakeMs()).toBeUndefined()
  expect(edge().wake(startMs)).toEqual([])
})
