import { describe, expect, it } from 'vitest'
import { bodyOf, CoreWorld, short } from './core-world.fixture.ts'
import type { Candidate } from './verdict.ts'

// Candidates that another process took, that the store held already, and that it has lost.

const candidateOf = (number: number | undefined, pipeline = 'a', changes: Partial<Candidate> = {}): Candidate => {
  const { rendition, etag, bodyBytes, defects } = bodyOf(number, pipeline)
  return { pipeline, rendition, number, etag, bodyBytes, defects, storedMs: 0, ...changes }
}

describe('a candidate that another process took', () => {
  it('releases those who wait for it', () => {
    const world = new CoreWorld().advanceTo(2_500)
    expect(world.ask(1)).toMatchObject({ do: 'hold' })
    world.apply(world.core.learned(candidateOf(1, 'b', { storedMs: 2_490 }), world.now))
    expect(world.answered).toMatchObject([{ verdict: { do: 'serve', candidate: { pipeline: 'b', storedMs: 2_490 } } }])
  })

  it('is known once, and is no candidate when it is not of the event, not captured or out of the window', () => {
    const world = new CoreWorld({ dvrWindowMs: 20_000 }).advanceTo(60_000)
    for (const wrong of [
      candidateOf(29, 'c'),
      candidateOf(29, 'a', { rendition: 'v9' }),
      candidateOf(40),
      candidateOf(2),
    ]) {
      world.core.learned(wrong, world.now)
    }
    expect(world.core.candidates()).toEqual([])
    world.core.learned(candidateOf(29), world.now)
    world.core.learned(candidateOf(29, 'a', { etag: '"a-2"' }), world.now)
    expect(world.core.candidates()).toEqual([candidateOf(29)])
    expect(world.core.knows(candidateOf(29))).toBe(true)
    expect(world.core.knows(candidateOf(29, 'b'))).toBe(false)
  })

  it('says that its pipeline is alive only by its pushes', () => {
    const world = new CoreWorld().advanceTo(62_500)
    expect(world.inspect(31), 'nothing was pushed').toMatchObject({ reason: 'overdue' })
    world.core.pushed('b', world.now)
    expect(world.inspect(31)).toMatchObject({ reason: 'held' })
    world.core.pushed('nobody', world.now)
    expect(world.core.summary().lastPutMs).toEqual({ b: 62_500 })
  })
})

describe('what the store held when the origin started', () => {
  it('is served again, with the choice as it was', () => {
    const world = new CoreWorld().advanceTo(60_000)
    const { taken, effects } = world.core.restore(
      [
        // The second pipeline came first and was chosen; the first one later.
        candidateOf(20, 'a', { storedMs: 43_200 }),
        candidateOf(20, 'b', { storedMs: 43_000 }),
        // A defective one first, a sound one within the wait, and one beyond it.
        candidateOf(21, 'a', { defects: short, storedMs: 45_000 }),
        candidateOf(21, 'b', { storedMs: 45_400 }),
        candidateOf(22, 'a', { defects: short, storedMs: 47_000 }),
        candidateOf(22, 'b', { storedMs: 47_600 }),
        candidateOf(undefined, 'b', { storedMs: 10 }),
        candidateOf(undefined, 'a', { storedMs: 20 }),
      ],
      world.now,
    )
    expect([taken, effects]).toEqual([8, []])
    for (const [number, pipeline] of [
      [20, 'b'],
      [21, 'b'],
      [22, 'a'],
    ] as const) {
      expect(world.inspect(number)).toMatchObject({ do: 'serve', candidate: { number, pipeline } })
    }
    const init = { address: { kind: 'init', event: 'cup', rendition: 'v1' } } as const
    expect(world.core.inspect(init, world.now)).toMatchObject({ candidate: { pipeline: 'b' } })
  })

  it('is removed where it has left the window, and no PUT is taken for another body', () => {
    const world = new CoreWorld({ dvrWindowMs: 20_000 }).advanceTo(60_000)
    const { taken, effects } = world.core.restore([candidateOf(3), candidateOf(28, 'b')], world.now)
    expect(taken).toBe(1)
    expect(effects).toEqual([{ do: 'forget', rendition: 'v1', number: 3, pipelines: ['a'] }])
    expect(world.put(28, 'b')).toMatchObject({ reason: 'accepted-again' })
    expect(world.put(28, 'b', { etag: '"b-2"' })).toMatchObject({ reason: 'conflict' })
  })

  it('answers those who wait when the store is listed in mid-run', () => {
    const world = new CoreWorld().advanceTo(2_500)
    world.ask(1)
    world.apply(world.core.restore([candidateOf(1, 'a', { storedMs: 2_400 })], world.now).effects)
    expect(world.answered).toMatchObject([{ verdict: { do: 'serve' } }])
  })
})

describe('a body that the store has lost', () => {
  it('gives its place to another candidate', () => {
    const world = new CoreWorld().advanceTo(2_500)
    world.put(1, 'a')
    world.put(1, 'b')
    world.apply(world.core.unreadable(candidateOf(1, 'a'), world.now))
    expect(world.inspect(1)).toMatchObject({ do: 'serve', candidate: { pipeline: 'b' } })
    world.core.unreadable(candidateOf(1, 'b', { etag: '"b-2"' }), world.now)
    expect(world.inspect(1), 'another body is meant').toMatchObject({ do: 'serve' })
  })

  it('without another one is a short 503 for as long as its number lives, and may be put again', () => {
    const world = new CoreWorld({ dvrWindowMs: 60_000 }).advanceTo(2_500)
    world.put(1, 'a')
    world.core.unreadable(candidateOf(1, 'a'), world.now)
    for (const instant of [2_500, 9_000, 20_000]) {
      const verdict = world.advanceTo(instant).inspect(1)
      expect(verdict).toMatchObject({ do: 'refuse', status: 503, reason: 'store-failed' })
      expect((verdict as { lifetime: { forMs: number } }).lifetime.forMs).toBeLessThanOrEqual(500)
    }
    expect(world.put(1, 'b')).toMatchObject({ status: 201 })
    expect(world.inspect(1)).toMatchObject({ do: 'serve', candidate: { pipeline: 'b' } })
    expect(world.advanceTo(63_000).inspect(1)).toMatchObject({ reason: 'left-window' })
  })

  it('is a gap in the playlist, which never takes back a number', () => {
    const world = new CoreWorld().advanceTo(4_500)
    world.put(1)
    world.put(2)
    world.core.unreadable(candidateOf(1), world.now)
    expect(world.playlist()).toMatchObject({ segments: { first: 1, last: 2, gaps: [1] } })
  })

  it('of an initialisation segment falls back to the other pipeline, then to a short 503', () => {
    const world = new CoreWorld().advanceTo(100)
    const init = { address: { kind: 'init', event: 'cup', rendition: 'v1' } } as const
    for (const pipeline of ['a', 'b']) world.core.learned(candidateOf(undefined, pipeline), world.now)
    world.core.unreadable(candidateOf(undefined, 'a'), world.now)
    expect(world.core.inspect(init, world.now)).toMatchObject({ candidate: { pipeline: 'b' } })
    world.core.unreadable(candidateOf(undefined, 'b'), world.now)
    expect(world.core.inspect(init, world.now)).toMatchObject({ status: 503, reason: 'store-failed' })
  })
})
