import { describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { bodyOf, CoreWorld, questionOf, short } from './core-world.fixture.ts'
import type { OriginVerdict } from './verdict.ts'

// Segment n: capture ends at 2,000 n and it is due from there; expected at 2,000 n + 1,000; given up 10,000 later.

const word = ({ do: what, reason }: OriginVerdict): string => `${what} ${reason}`
const pipelineOf = (verdict: OriginVerdict | undefined): string | undefined =>
  verdict?.do === 'serve' ? verdict.candidate.pipeline : undefined
const lifetimeMs = (verdict: OriginVerdict | undefined): number | undefined =>
  verdict?.do === 'refuse' && verdict.lifetime?.is === 'for' ? (verdict.lifetime.forMs as number) : undefined

describe('the life of a segment number', () => {
  it('is refused for long outside of the event and under unknown names', () => {
    const world = new CoreWorld({ firstNumber: 5, endMs: 20_000 })
    expect(world.ask(4)).toMatchObject({ status: 404, reason: 'outside-event', lifetime: { forMs: limits.outsideMs } })
    expect(word(world.ask(15))).toBe('refuse outside-event')
    expect(world.ask(5, 'v9')).toMatchObject({ status: 404, reason: 'unknown-rendition' })
    const other = world.core.ask({ address: { kind: 'manifest', event: 'other' } }, 0).verdict
    expect(other).toMatchObject({ status: 404, reason: 'unknown-event', lifetime: { forMs: limits.outsideMs } })
    expect(word(world.core.ask({}, 0).verdict)).toBe('refuse not-an-address')
  })

  it('is refused in the future until its due window opens', () => {
    const world = new CoreWorld().advanceTo(1_500)
    expect(world.ask(3)).toMatchObject({
      status: 404,
      reason: 'too-early',
      lifetime: { is: 'until', untilMs: 6_000 },
      validUntilMs: 6_000,
    })
    world.put(1)
    expect(word(world.advanceTo(6_000).inspect(3))).toBe('hold held')
  })

  it('is held when due, and released when the store has acknowledged a body', () => {
    const world = new CoreWorld().advanceTo(2_000)
    expect(world.ask(1)).toMatchObject({ do: 'hold', reason: 'held', longestMs: 3_000 })
    world.ask(1)
    world.advanceTo(3_100)
    const body = bodyOf(1)
    expect(world.core.offer(body, world.now)).toEqual({ do: 'receive' })
    expect(world.core.arrived(body, world.now)).toEqual({ do: 'store' })
    expect(word(world.inspect(1))).toBe('hold held')
    expect(world.stored(body)).toMatchObject({ status: 201, reason: 'accepted' })
    expect(world.answered.map(({ endedMs, verdict }) => [endedMs, word(verdict)])).toEqual([
      [3_100, 'serve published'],
      [3_100, 'serve published'],
    ])
    expect(world.ask(1)).toMatchObject({
      candidate: { pipeline: 'a', etag: '"a-1"', storedMs: 3_100 },
      lifetime: { is: 'until', untilMs: 303_000 },
    })
  })

  it('is refused at once, for a moment, after a hold of it ended', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.ask(1)
    world.advanceTo(4_000).ask(1)
    world.advanceTo(5_000)
    expect(world.answered).toMatchObject([{ arrivedMs: 2_000, endedMs: 5_000, verdict: { reason: 'hold-ended' } }])
    const again = world.ask(1)
    expect(again).toMatchObject({ status: 404, reason: 'overdue' })
    for (const verdict of [again, world.answered[0]?.verdict]) {
      expect(lifetimeMs(verdict)).toBeGreaterThanOrEqual(limits.overdueLowMs)
      expect(lifetimeMs(verdict)).toBeLessThanOrEqual(limits.overdueHighMs)
    }
    expect(world.waiting.size, 'who came later waits its own time').toBe(1)
    world.advanceTo(5_500).put(1)
    expect(word(world.inspect(1))).toBe('serve published')
    expect(world.waiting.size).toBe(0)
  })

  it('spreads those who ask again', () => {
    const world = new CoreWorld().advanceTo(8_000)
    const lifetimes = ['a1', 'a2', 'b1', 'b2'].map(asker => lifetimeMs(world.ask(2, 'v1', { asker })))
    expect(new Set(lifetimes).size).toBe(4)
  })

  it('is not held while no pushes arrive', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1)
    expect(word(world.advanceTo(6_999).inspect(3))).toBe('hold held')
    expect(word(world.advanceTo(7_000).inspect(3))).toBe('refuse overdue')
    world.put(2)
    expect(word(world.inspect(3)), 'pushes arrive again').toBe('hold held')
  })

  it('is gone after the retry deadline, and a later PUT is refused', () => {
    const world = new CoreWorld().advanceTo(12_999)
    expect(word(world.inspect(1))).toBe('refuse overdue')
    expect(world.advanceTo(13_000).inspect(1)).toMatchObject({ status: 410, reason: 'never-made' })
    expect(world.put(1)).toMatchObject({ status: 410, reason: 'past-deadline' })
  })

  it('refuses a body whose deadline passed while it was on its way', () => {
    const world = new CoreWorld().advanceTo(12_999)
    const body = bodyOf(1)
    world.core.offer(body, world.now)
    expect(world.core.arrived(body, world.now)).toEqual({ do: 'store' })
    expect(word(world.advanceTo(13_000).inspect(1))).toBe('refuse never-made')
    expect(world.stored(body).reason).toBe('past-deadline')
    expect(world.store.size, 'the store removes it').toBe(0)
    expect(word(world.inspect(1))).toBe('refuse never-made')
  })

  it('is gone when it leaves the window, and then forgotten', () => {
    const world = new CoreWorld({ dvrWindowMs: 20_000 }).advanceTo(2_000)
    world.put(1)
    expect(word(world.advanceTo(22_999).inspect(1))).toBe('serve published')
    expect(world.advanceTo(23_000).inspect(1)).toMatchObject({ status: 410, reason: 'left-window' })
    expect(world.advanceTo(32_999).store.size).toBe(1)
    expect(world.advanceTo(33_000).store.size).toBe(0)
    expect(world.core.nextWakeMs()).toBeUndefined()
  })

  it('takes a backlog until its instant, and says nothing final about it before', () => {
    const world = new CoreWorld({}, { startedMs: 60_000, backlogUntilMs: 65_000 }).advanceTo(60_000)
    expect(word(world.inspect(3))).toBe('refuse overdue')
    expect(world.put(3)).toMatchObject({ reason: 'accepted' })
    expect(word(world.inspect(3))).toBe('serve published')
    expect(world.put(4, 'a', { defects: short }).reason).toBe('accepted')
    expect(word(world.inspect(4)), 'nobody waits for a better one').toBe('serve published-defective')
    world.advanceTo(65_000)
    expect(word(world.inspect(5))).toBe('refuse never-made')
    expect(world.put(5).reason).toBe('past-deadline')
    expect(world.put(3, 'b').reason, 'published by the other').toBe('accepted')
  })

  it('refuses when the limit on holds is met, and lets none in beyond it', () => {
    const world = new CoreWorld().advanceTo(2_000)
    const verdict = world.inspect(1)
    expect(verdict.maxArrivals).toBe(limits.originHolds)
    world.core.admit(verdict, limits.originHolds - 1, world.now)
    expect(world.inspect(1).maxArrivals).toBe(1)
    world.ask(1)
    expect(world.ask(1)).toMatchObject({ status: 503, reason: 'too-many-holds' })
  })

  it('forgets who has gone', () => {
    const world = new CoreWorld().advanceTo(2_000)
    const { ticket } = world.core.ask(questionOf(1), 2_000)
    expect(world.core.leave(ticket as number, 2_100)).toEqual([])
    expect(world.core.leave(ticket as number, 2_100)).toEqual([])
    expect(world.core.summary().holds).toBe(0)
    world.advanceTo(4_500).put(2)
    expect(word(world.advanceTo(5_100).inspect(1)), 'no hold has ended').toBe('hold held')
  })
})

describe('the choice', () => {
  it('takes the first sound candidate at once, of whichever pipeline, and keeps to it', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'b')
    expect(pipelineOf(world.inspect(1))).toBe('b')
    world.put(1, 'a')
    expect(pipelineOf(world.inspect(1))).toBe('b')
  })

  it('lets a defective one wait for the other pipeline', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'a', { defects: short })
    expect(word(world.ask(1))).toBe('hold waiting-for-candidate')
    world.advanceTo(2_300).put(1, 'b')
    expect(world.answered).toMatchObject([{ endedMs: 2_300, verdict: { reason: 'published' } }])
    expect(pipelineOf(world.inspect(1))).toBe('b')
  })

  it('takes the least defective when the wait ends', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'a', { defects: short })
    world.ask(1)
    world.advanceTo(2_600)
    expect(world.answered).toMatchObject([
      { endedMs: 2_500, verdict: { reason: 'published-defective', candidate: { defects: short } } },
    ])
    world.put(1, 'b')
    expect(pipelineOf(world.inspect(1)), 'pinned').toBe('a')
  })

  it('does not wait when both are defective', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'a', { defects: [...short, ...short] })
    world.put(1, 'b', { defects: short })
    expect(pipelineOf(world.inspect(1))).toBe('b')
  })

  it('never waits beyond the end of a hold', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.ask(1)
    world.advanceTo(4_800).put(1, 'a', { defects: short })
    world.put(2, 'b')
    world.advanceTo(5_000)
    expect(world.answered).toMatchObject([{ endedMs: 5_000, verdict: { reason: 'published-defective' } }])
  })

  it('does not wait for a pipeline that is known to be dead', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'b')
    world.advanceTo(4_900).put(2, 'a', { defects: short })
    world.ask(2)
    world.advanceTo(5_400)
    expect(world.answered, 'dead from 1.5 segments after its last PUT').toMatchObject([{ endedMs: 5_000 }])
    world.put(1, 'a', { rendition: 'v2', defects: short })
    expect(word(world.inspect(1, 'v2'))).toBe('serve published-defective')
  })

  it('does not make what is overdue wait any longer', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.ask(1)
    world.advanceTo(5_000).put(2, 'b')
    world.put(1, 'a', { defects: short })
    expect(word(world.inspect(1))).toBe('serve published-defective')
  })
})

describe('masks', () => {
  it('hide what was chosen, so that the other is chosen', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'a')
    world.put(1, 'b')
    world.core.mask({ pipeline: 'a', from: 1, to: 9 }, world.now)
    expect(pipelineOf(world.inspect(1))).toBe('b')
    world.core.liftMask({ pipeline: 'a', from: 1, to: 9 }, world.now)
    expect(pipelineOf(world.inspect(1)), 'the choice stands').toBe('b')
  })

  it('make a number gone for a short time when nothing is left', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1, 'a')
    world.put(1, 'b')
    for (const pipeline of ['a', 'b']) world.core.mask({ pipeline, from: 1, to: 1 }, world.now)
    expect(world.inspect(1)).toMatchObject({ status: 410, reason: 'all-masked', lifetime: { forMs: limits.maskedMs } })
    world.core.liftMask({ pipeline: 'b', from: 0, to: 5 }, world.now)
    expect(pipelineOf(world.inspect(1))).toBe('b')
  })

  it('leave a number due while the other pipeline may still come', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.core.mask({ pipeline: 'a', from: 1, to: 9 }, world.now)
    world.put(1, 'a')
    expect(word(world.ask(1))).toBe('hold held')
    world.put(1, 'b')
    expect(pipelineOf(world.answered[0]?.verdict)).toBe('b')
    world.put(2, 'a')
    expect(word(world.advanceTo(15_000).inspect(2)), 'past its deadline').toBe('refuse all-masked')
    expect(world.put(2, 'b').reason).toBe('past-deadline')
  })

  it('release those who wait when they are lifted, and can be of one rendition', () => {
    const world = new CoreWorld().advanceTo(2_000)
    const mask = { pipeline: 'a', from: 1, to: 1, rendition: 'v1' }
    world.core.mask(mask, world.now)
    world.put(1, 'a')
    world.put(1, 'a', { rendition: 'v2' })
    expect(word(world.inspect(1, 'v2'))).toBe('serve published')
    world.ask(1)
    const lifted = world.core.liftMask(mask, world.now)
    expect(lifted.done && lifted.effects).toMatchObject([{ do: 'release', verdict: { reason: 'published' } }])
  })

  it('are limited', () => {
    const world = new CoreWorld()
    const commanded = Array.from({ length: limits.masks + 1 }, (_, i) =>
      world.core.mask({ pipeline: 'a', from: 2 * i, to: 2 * i }, 0),
    )
    expect(commanded.filter(({ done }) => !done)).toHaveLength(1)
    expect(commanded.at(-1)).toMatchObject({ done: false })
    expect(world.core.mask({ pipeline: 'a', from: 0, to: 10_000 }, 0).done, 'joined with those it covers').toBe(true)
    expect(world.core.summary().masks).toHaveLength(1)
  })
})

describe('publishing', () => {
  it('takes an idempotent retry as no second publish, and refuses other bytes', () => {
    const world = new CoreWorld().advanceTo(2_000)
    expect(world.put(1)).toMatchObject({ status: 201, reason: 'accepted' })
    expect(world.put(1)).toMatchObject({ status: 200, reason: 'accepted-again' })
    expect(world.put(1, 'a', { etag: '"a-2"' })).toMatchObject({ status: 409, reason: 'conflict' })
  })

  it('lets one of two overlapping bodies through', () => {
    const world = new CoreWorld().advanceTo(2_000)
    const body = bodyOf(1)
    expect(world.core.arrived(body, 2_000)).toEqual({ do: 'store' })
    expect(world.core.arrived(bodyOf(1, 'a', { etag: '"a-2"' }), 2_000)).toMatchObject({ reason: 'conflict' })
    expect(world.core.arrived(body, 2_000), 'the same again').toEqual({ do: 'store' })
    expect(world.stored(body).reason).toBe('accepted')
    expect(world.stored(body).reason).toBe('accepted-again')
  })

  it('welcomes a retry after the store failed', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.core.arrived(bodyOf(1), 2_000)
    world.core.failed(bodyOf(1))
    expect(word(world.inspect(1))).toBe('hold held')
    expect(world.put(1, 'a', { etag: '"a-2"' }).reason).toBe('accepted')
  })

  it.each([
    ['another event', { event: 'other' }, 404, 'unknown-target'],
    ['another rendition', { rendition: 'v9' }, 404, 'unknown-target'],
    ['another pipeline', { pipeline: 'c' }, 404, 'unknown-pipeline'],
    ['a number before the first', { number: 0 }, 404, 'outside-event'],
    ['a number before its capture', { number: 3 }, 425, 'before-capture'],
    ['a body over the limit', { bodyBytes: limits.segmentBodyBytes + 1 }, 413, 'too-large'],
  ] as const)('refuses %s', (_, changes, status, reason) => {
    const world = new CoreWorld().advanceTo(2_500)
    expect(world.put(1, 'a', changes)).toEqual({ do: 'answer', status, reason })
  })

  it('takes a number whose capture ends within what clocks differ', () => {
    const world = new CoreWorld().advanceTo(4_000)
    expect(world.put(3).reason).toBe('accepted')
  })

  it('serves the first initialisation segment that came', () => {
    const world = new CoreWorld().advanceTo(2_000)
    const question = { address: { kind: 'init', event: 'cup', rendition: 'v1' } } as const
    expect(word(world.core.inspect(question, 0))).toBe('refuse overdue')
    for (const pipeline of ['b', 'a']) {
      const body = bodyOf(undefined, pipeline)
      world.core.arrived(body, 2_000)
      expect(world.core.stored(body, 2_000).answer.reason).toBe('accepted')
    }
    expect(pipelineOf(world.core.inspect(question, 2_000))).toBe('b')
  })
})

describe('operators', () => {
  it('shed DVR and leave the live edge alone', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1)
    world.advanceTo(60_000).put(28)
    world.core.setFaults({ shed: true })
    expect(world.inspect(1)).toMatchObject({ reason: 'published', validUntilMs: 63_000 })
    expect(word(world.advanceTo(63_000).inspect(1))).toBe('refuse shed')
    const shed = world.inspect(1)
    expect(shed).toMatchObject({ status: 503 })
    expect(lifetimeMs(shed)).toBeGreaterThanOrEqual(limits.shedMs)
    expect(lifetimeMs(shed)).toBeLessThanOrEqual(limits.shedMs + limits.shedJitterMs)
    expect(word(world.inspect(28))).toBe('serve published')
    world.core.setFaults({ shed: false })
    expect(word(world.inspect(1))).toBe('serve published')
  })

  it('make the origin refuse everything', () => {
    const world = new CoreWorld().advanceTo(2_000)
    expect(world.core.setFaults({ down: true })).toEqual({ down: true, shed: false, slowMs: 0 })
    expect(world.ask(1)).toMatchObject({ status: 503, reason: 'origin-down' })
  })

  it('raise the version, and askers that know a newer state are refused', () => {
    const world = new CoreWorld().advanceTo(2_000)
    world.put(1)
    expect(world.core.raiseVersion()).toEqual({ version: 2, sequence: 0 })
    expect(world.core.invalidate({ from: 1, to: 2, pipeline: 'a' })).toEqual({ version: 2, sequence: 1 })
    expect(world.core.eventConfig()).toMatchObject({ version: 2, invalidations: [{ sequence: 1, from: 1, to: 2 }] })
    expect(word(world.ask(1, 'v1', { asked: { version: 2, sequence: 1 } }))).toBe('serve published')
    expect(world.ask(1, 'v1', { asked: { version: 2, sequence: 2 } })).toMatchObject({
      status: 503,
      reason: 'out-of-date',
    })
    expect(word(world.ask(1, 'v1', { asked: { version: 3, sequence: 0 } }))).toBe('refuse out-of-date')
  })

  it('join the oldest rules when there are too many, losing none', () => {
    const world = new CoreWorld()
    for (let i = 1; i <= limits.invalidations + 3; i++) {
      world.core.invalidate({ from: i, to: i, pipeline: 'a', ...(i === 3 ? { region: 'eu' } : {}) })
    }
    const { invalidations } = world.core.eventConfig()
    expect(invalidations).toHaveLength(limits.invalidations)
    expect(invalidations[0]).toEqual({ sequence: 4, from: 1, to: 4, pipeline: 'a' })
    expect(world.core.eventState().sequence).toBe(limits.invalidations + 3)
  })

  it('notify, in order', () => {
    const world = new CoreWorld()
    world.core.notify({ type: 'ad-break', atMs: 1 })
    world.core.raiseVersion()
    const { order, notifications } = world.core.notify({ type: 'end-of-event', atMs: 2 })
    expect(order).toEqual({ version: 2, epoch: 1, sequence: 2 })
    expect(notifications.map(({ sequence }) => sequence)).toEqual([1, 2])
  })
})

describe('the media playlist', () => {
  it('is not there before the first segment', () => {
    const world = new CoreWorld()
    expect(world.playlist()).toMatchObject({ reason: 'too-early', lifetime: { untilMs: 2_000 } })
    expect(word(world.advanceTo(2_000).playlist())).toBe('refuse overdue')
  })

  it('lives until the next expected publication, or for a moment when that is late', () => {
    const world = new CoreWorld().advanceTo(3_000)
    world.put(1)
    expect(world.playlist()).toMatchObject({
      segments: { first: 1, last: 1, gaps: [], ended: false },
      lifetime: { is: 'until', untilMs: 5_000 },
    })
    expect(world.advanceTo(5_000).playlist()).toMatchObject({ segments: { last: 1 }, lifetime: { is: 'for' } })
  })

  it('waits for a late one, then makes it a gap, and lists in number order', () => {
    const world = new CoreWorld().advanceTo(4_900)
    world.put(1)
    world.put(3)
    expect(world.playlist(), 'out of order is no gap').toMatchObject({ segments: { last: 1 }, validUntilMs: 5_000 })
    world.advanceTo(6_999)
    expect(world.playlist()).toMatchObject({ segments: { last: 1 }, validUntilMs: 7_000 })
    expect(world.advanceTo(7_000).playlist()).toMatchObject({ segments: { last: 3, gaps: [2] } })
    world.put(2)
    expect(world.playlist()).toMatchObject({ segments: { last: 3, gaps: [] } })
    for (const pipeline of ['a', 'b']) world.core.mask({ pipeline, from: 3, to: 3 }, world.now)
    expect(world.playlist(), 'never takes back').toMatchObject({ segments: { last: 3, gaps: [3] } })
  })

  it('moves with the window and ends with the event', () => {
    const world = new CoreWorld({ dvrWindowMs: 6_000, endMs: 10_000 })
    for (let n = 1; n <= 5; n++) world.advanceTo(n * 2_000 + 1_000).put(n)
    expect(world.playlist()).toMatchObject({ segments: { first: 3, last: 5, gaps: [], ended: true } })
  })
})
