import { describe, expect, test } from 'vitest'
import { answer, answerWhole, ask, edge, event, fromSibling, one, only, publication, segment } from './testing/rig.ts'
import { Topology } from './topology.ts'

const now = publication(10)
const edges = ['a1', 'a2', 'a3']

describe('the order of edges', () => {
  const orderOf = (self: string, names = edges) => {
    const topology = new Topology(self)
    topology.set(names)
    return topology
  }
  const renditions = Array.from({ length: 200 }, (_, i) => `r${i}`)

  test('is the same on every edge, whatever the order in which the edges are named', () => {
    for (const rendition of renditions) {
      const order = orderOf('a1').order('final', rendition)
      expect(orderOf('a3', ['a3', 'a2', 'a1']).order('final', rendition)).toEqual(order)
    }
  })

  test('gives each edge its share, and moves only what a lost edge filled', () => {
    const three = orderOf('a1')
    const two = orderOf('a1', ['a1', 'a2'])
    const firsts = renditions.map(rendition => three.order('final', rendition)[0])
    for (const name of edges) expect(firsts.filter(first => first === name).length).toBeGreaterThan(40)
    renditions.forEach((rendition, i) => {
      if (firsts[i] !== 'a3') expect(two.order('final', rendition)[0]).toBe(firsts[i])
    })
  })

  test('an edge that is dead is passed over until it is back', () => {
    const topology = orderOf('a9', ['a1', 'a2'])
    const rendition = renditions.find(name => topology.order('final', name)[0] !== 'a9') as string
    const first = topology.order('final', rendition)[0] as string
    expect(topology.upstreamOf('final', rendition, [])).toEqual({ is: 'sibling', edge: first })
    expect(topology.setAlive(first, false)).toBe(true)
    expect(topology.setAlive(first, false)).toBe(false)
    expect(topology.upstreamOf('final', rendition, [])).not.toEqual({ is: 'sibling', edge: first })
    topology.setAlive(first, true)
    expect(topology.upstreamOf('final', rendition, [])).toEqual({ is: 'sibling', edge: first })
    expect(topology.setAlive('unknown', false)).toBe(false)
  })
})

/** An edge of three, and a segment for which the two others come before it in the order. */
function third() {
  const probe = new Topology('a1')
  probe.set(edges)
  const rendition = Array.from({ length: 50 }, (_, i) => `v${i}`).find(name => probe.order('final', name)[2] === 'a1')
  const [template] = event().renditions
  const renditions = [{ ...template, name: rendition as string }] as ReturnType<typeof event>['renditions']
  const core = edge('oca', {}, event({ renditions }))
  core.siblings({ edges }, now)
  const [first, second] = probe.order('final', rendition as string) as [string, string]
  return { core, question: segment(10, rendition), first, second }
}

describe('an edge that is not designated', () => {
  test('asks the designated one, and gives up a little before its own waiters', () => {
    const { core, question, first } = third()
    const { plan } = one(ask(core, question, now).effects, 'fetch')
    expect(plan).toMatchObject({ upstream: { is: 'sibling', edge: first }, headByMs: now + 3_500 })
    expect(plan.asked).toEqual({ version: 1, sequence: 0 })
  })

  test('a sibling that refuses or resets is followed by the next in the order, then by the origin, each asked once', () => {
    const { core, question, first, second } = third()
    const asked = [one(ask(core, question, now).effects, 'fetch')]
    for (const failure of ['refused', 'reset', 'refused'] as const) {
      const last = asked.at(-1)?.fetch as number
      asked.push(one(core.fetchFailed(last, failure, now), 'fetch'))
    }
    expect(asked.map(({ plan }) => plan.upstream)).toEqual([
      { is: 'sibling', edge: first },
      { is: 'sibling', edge: second },
      { is: 'origin' },
      { is: 'origin' },
    ])
    const reasons = asked.map(({ plan }) => plan.reason)
    expect(reasons).toEqual(['fill-miss', 'fill-next-sibling', 'fill-next-sibling', 'fill-restart'])
  })

  test('a sibling that says that it refuses is followed by the next in the order', () => {
    const { core, question, second } = third()
    const { fetch } = one(ask(core, question, now).effects, 'fetch')
    const refusal = { status: 503, headers: { 'content-length': '0', 'cache-status': 'a2; detail=refused-waiters' } }
    const effects = core.fetchHead(fetch, refusal, now)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
    expect(one(effects, 'fetch').plan.upstream).toEqual({ is: 'sibling', edge: second })
  })

  test('a sibling that is out of time: the short 404 for all, and for a moment for who comes after', () => {
    const { core, question } = third()
    const { ticket, effects } = ask(core, question, now)
    const ended = core.fetchFailed(one(effects, 'fetch').fetch, 'timeout', now + 3_500)
    expect(ended).toEqual([{ do: 'answer', ticket, answer: { status: 404, reason: 'hold-ended', askAgainInMs: 250 } }])
    expect(core.inspect(question, now + 3_600)).toMatchObject({ do: 'refuse', status: 404, reason: 'hold-ended' })
    expect(core.inspect(question, now + 3_750)).toMatchObject({ do: 'fill' })
  })

  test('fills that wait for a sibling that has died go to the next at the next wake, which is due at once', () => {
    const { core, question, first, second } = third()
    ask(core, question, now)
    core.siblingAlive(first, false, now + 100)
    expect(core.nextWakeMs()).toBe(now + 100)
    const effects = core.wake(now + 100)
    expect(effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
    expect(one(effects, 'fetch').plan.upstream).toEqual({ is: 'sibling', edge: second })
    expect(core.wake(now + 101)).toEqual([])
  })

  test('a body that breaks on its way from a sibling is resumed from the next in the order', () => {
    const { core, question, second } = third()
    const { fetch } = one(ask(core, question, now).effects, 'fetch')
    core.fetchHead(fetch, answer(200, 60_000), now)
    core.fetchBytes(fetch, 10, now)
    const { plan } = one(core.fetchFailed(fetch, 'reset', now), 'fetch')
    expect(plan).toMatchObject({ reason: 'fill-resume', upstream: { is: 'sibling', edge: second } })
  })
})

describe('what a sibling asks for', () => {
  test('goes to the origin and never to a third edge', () => {
    const { core, question, first } = third()
    const { plan } = one(ask(core, fromSibling(question, first), now).effects, 'fetch')
    expect(plan.upstream).toEqual({ is: 'origin' })
  })

  test('turns a fill that waits for a sibling to the origin: two views of the order do not wait for each other', () => {
    const { core, question, first } = third()
    const player = ask(core, question, now)
    const sibling = ask(core, fromSibling(question, first), now + 1)
    expect(sibling.verdict).toMatchObject({ do: 'fill', reason: 'fill-next-sibling' })
    expect(sibling.effects.map(effect => effect.do)).toEqual(['abandon', 'fetch'])
    const { fetch, plan } = one(sibling.effects, 'fetch')
    expect(plan).toMatchObject({ upstream: { is: 'origin' }, headByMs: now + 1 + 3_150 })
    const effects = answerWhole(core, fetch, answer(200, 60_000), now + 2)
    expect(only(effects, 'deliver').map(({ ticket }) => ticket)).toEqual([player.ticket, sibling.ticket])
  })

  test('is refused when it comes from this very edge', () => {
    expect(edge().inspect(fromSibling(segment(10), 'a1'), now)).toMatchObject({ status: 508, reason: 'refused-loop' })
  })

  test('of a newer version is fetched as that version, and makes the edge learn', () => {
    const core = edge()
    const { verdict, effects } = ask(core, fromSibling(segment(10), 'a2', { version: 2, sequence: 1 }), now)
    expect(verdict).toMatchObject({ do: 'fill', key: 'v2 /live/final/v1/10.m4s' })
    expect(one(effects, 'fetch').plan.asked).toEqual({ version: 2, sequence: 1 })
    expect(only(effects, 'learn-event')).toHaveLength(1)
  })

  test('of a newer version is refused where that cannot be learned', () => {
    const core = edge()
    const asked = fromSibling(segment(10), 'a2', { version: 2, sequence: 0 })
    ask(core, asked, now)
    for (const ms of [0, 500, 1_500]) {
      core.wake(now + ms)
      core.learnFailed('final', now + ms)
    }
    const verdict = core.inspect(asked, now + 1_600)
    expect(verdict).toMatchObject({ status: 503, reason: 'refused-out-of-date', validUntilMs: now + 6_500 })
    expect(core.inspect(segment(10), now + 1_600)).toMatchObject({ do: 'fill' })
  })

  test('under rules that this edge does not know is fetched anew', () => {
    const core = edge()
    answerWhole(core, one(ask(core, segment(10), now).effects, 'fetch').fetch, answer(200, 60_000), now)
    const asked = fromSibling(segment(10), 'a2', { version: 1, sequence: 4 })
    expect(core.inspect(segment(10), now)).toMatchObject({ do: 'serve' })
    const again = ask(core, asked, now)
    expect(again.verdict).toMatchObject({ do: 'fill', reason: 'fill-invalidated' })
    answerWhole(core, one(again.effects, 'fetch').fetch, answer(200, 60_000), now)
    expect(core.inspect(asked, now)).toMatchObject({ do: 'serve' })
  })
})
