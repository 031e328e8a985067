import { describe, expect, test } from 'vitest'
import { answer, answerWhole, ask, edge, one, only, publication, segment } from './testing/rig.ts'

// The preset `nginx` against what facts/peers.md says of stock nginx.

const now = publication(10)

/** Wakes the core whenever it asks for it, until `until`; the effects with their instants. */
function wakeUntil(core: ReturnType<typeof edge>, until: number) {
  const woken = []
  for (let at = core.nextWakeMs(); at !== undefined && at <= until; at = core.nextWakeMs()) {
    for (const effect of core.wake(at)) woken.push({ at: at as number, effect })
  }
  return woken
}

describe('lifetimes are whole seconds', () => {
  const freshFor = (cacheControl: string, arrivesAt: number) => {
    const core = edge('nginx')
    const { fetch } = one(ask(core, segment(10), arrivesAt).effects, 'fetch')
    answerWhole(
      core,
      fetch,
      { status: 404, headers: { 'content-length': '1000', 'cache-control': cacheControl } },
      arrivesAt,
    )
    const verdict = core.inspect(segment(10), arrivesAt)
    return verdict.do === 'serve' ? (verdict.validUntilMs as number) - arrivesAt : 0
  }

  test('N lives N to N+1 s', () => {
    expect(freshFor('max-age=1', now)).toBe(2_000)
    expect(freshFor('max-age=1', now + 999)).toBe(1_001)
  })

  test('a fraction, zero, and less than a second are not kept', () => {
    expect(freshFor('max-age=1.5', now)).toBe(0)
    expect(freshFor('max-age=0', now)).toBe(0)
    expect(freshFor('max-age=0.5', now)).toBe(0)
  })

  test('CDN-Cache-Control is not read', () => {
    const core = edge('nginx')
    const { fetch } = one(ask(core, segment(10), now).effects, 'fetch')
    answerWhole(core, fetch, answer(404, 600), now)
    expect(core.inspect(segment(10), now + 1)).toMatchObject({ do: 'fill', reason: 'fill-uncacheable' })
  })
})

describe('the lock', () => {
  test('its waiters look again every 500 ms from their arrival: up to that long after the copy is stored', () => {
    const core = edge('nginx')
    const first = ask(core, segment(10), now)
    const waiters = Array.from({ length: 500 }, (_, i) => ask(core, segment(10), now + i))
    expect(waiters[0]?.verdict).toMatchObject({ do: 'poll', reason: 'lock-poll', againAtMs: now + 500 })
    expect(wakeUntil(core, now + 2_000)).toEqual([])
    const stored = answerWhole(core, one(first.effects, 'fetch').fetch, answer(200, 60_000), now + 2_000)
    expect(only(stored, 'deliver').map(({ ticket }) => ticket)).toEqual([first.ticket])
    // Arrivals that are spread are late by anything up to 500 ms, each by its own phase.
    const late = wakeUntil(core, now + 3_000).map(({ at }) => at - now - 2_000)
    expect(late).toEqual(Array.from({ length: 500 }, (_, i) => (i === 0 ? 500 : i)).sort((a, b) => a - b))
  })

  test('waiters that came together are late together', () => {
    const core = edge('nginx')
    const first = ask(core, segment(10), now)
    for (let i = 0; i < 20; i++) ask(core, segment(10), now)
    expect(wakeUntil(core, now + 580)).toEqual([])
    answerWhole(core, one(first.effects, 'fetch').fetch, answer(200, 60_000), now + 590)
    expect(wakeUntil(core, now + 2_000).map(({ at }) => at - now)).toEqual(Array(20).fill(1_000))
  })

  test('who fills gets the head at once, its waiters nothing before the whole body is stored', () => {
    const core = edge('nginx')
    const first = ask(core, segment(10), now)
    const second = ask(core, segment(10), now)
    const { fetch } = one(first.effects, 'fetch')
    expect(one(core.fetchHead(fetch, answer(200, 60_000), now), 'deliver').ticket).toBe(first.ticket)
    expect(wakeUntil(core, now + 1_000)).toEqual([])
    core.fetchBytes(fetch, 1_000, now + 1_000)
    core.fetchEnd(fetch, now + 1_000)
    const [woken] = wakeUntil(core, now + 1_500)
    expect(woken?.effect).toMatchObject({ do: 'deliver', ticket: second.ticket, reason: 'hit' })
  })

  test('covers new entries only: an expired one is fetched by everybody at once', () => {
    const core = edge('nginx')
    answerWhole(core, one(ask(core, segment(10), now).effects, 'fetch').fetch, answer(200, 1_000), now)
    const asked = Array.from({ length: 15 }, () => ask(core, segment(10), now + 3_000))
    expect(asked.map(({ verdict }) => verdict.reason)).toEqual(Array(15).fill('fill-unlocked'))
    const fetches = asked.map(({ effects }) => one(effects, 'fetch').fetch)
    for (const fetch of fetches) answerWhole(core, fetch, answer(200, 10_000), now + 3_100)
    expect(core.inspect(segment(10), now + 3_200)).toMatchObject({ do: 'serve', reason: 'hit' })
    expect(core.stats()).toMatchObject({ copies: 1, waiting: 0, fetches: 0 })
  })

  test('an uncacheable answer under it is served to one after the other', () => {
    const core = edge('nginx')
    const asked = [1, 2, 3].map(() => ask(core, segment(10), now))
    let fetch = one(asked[0]?.effects ?? [], 'fetch').fetch
    const delivered: unknown[] = []
    for (let round = 1; round <= 3; round++) {
      const at = now + round * 600
      delivered.push(one(answerWhole(core, fetch, answer(404, 0), at), 'deliver').ticket)
      const next = wakeUntil(core, at + 500).map(({ effect }) => effect)
      expect(next.filter(effect => effect.do === 'fetch')).toHaveLength(round < 3 ? 1 : 0)
      if (round < 3) fetch = one(next, 'fetch').fetch
    }
    expect(new Set(delivered)).toEqual(new Set(asked.map(({ ticket }) => ticket)))
  })

  test('after 5 s each waiter goes to the origin by itself, and its answer is not kept', () => {
    const core = edge('nginx')
    ask(core, segment(10), now)
    const waiters = [1, 2].map(() => ask(core, segment(10), now))
    const woken = wakeUntil(core, now + 5_000)
    expect(woken.map(({ at }) => at)).toEqual([now + 5_000, now + 5_000])
    const fetches = woken.map(({ effect }) => one([effect], 'fetch'))
    expect(fetches.map(({ plan }) => plan.reason)).toEqual(['lock-timeout', 'lock-timeout'])
    const effects = answerWhole(core, fetches[0]?.fetch as number, answer(200, 60_000), now + 5_100)
    expect(one(effects, 'deliver').ticket).toBe(waiters[0]?.ticket)
    expect(only(effects, 'drop')).toHaveLength(1)
    expect(core.inspect(segment(10), now + 5_200)).toMatchObject({ do: 'poll' })
  })

  test('when who fills fails, it gets 502 and one waiter takes over', () => {
    const core = edge('nginx')
    const first = ask(core, segment(10), now)
    ask(core, segment(10), now)
    ask(core, segment(10), now)
    const failed = core.fetchFailed(one(first.effects, 'fetch').fetch, 'reset', now + 1)
    expect(failed).toEqual([{ do: 'answer', ticket: first.ticket, answer: { status: 502, reason: 'fill-failed' } }])
    expect(wakeUntil(core, now + 1_000).filter(({ effect }) => effect.do === 'fetch')).toHaveLength(1)
  })
})

test('nothing of the event is heeded: no versions, no windows, no siblings', () => {
  const core = edge('nginx')
  core.siblings({ edges: ['a1', 'a2', 'a3'] }, now)
  const tooEarly = ask(core, segment(400), now)
  expect(tooEarly.verdict).toMatchObject({ do: 'fill', key: 'v0 /live/final/v1/400.m4s' })
  expect(one(tooEarly.effects, 'fetch').plan).toMatchObject({ upstream: { is: 'origin' }, headByMs: now + 60_000 })
  expect(one(tooEarly.effects, 'fetch').plan.asked).toBeUndefined()
})
