import { expect, test } from 'vitest'
import { valueAt } from '../calibration.ts'
import { type SeenWay, upstreamWaysOf, wakeMsOf } from './ways.ts'

test('of an edge that was restarted, fetches and answers of two lives are not taken for one way', () => {
  const fetches = new Map([
    ['a1-f1', { atMs: 100, sibling: false, headMs: 104 }],
    // The origin was asked by that name in the edge's first life; or the head is of the first life.
    ['a1-f2', { atMs: 9_000, sibling: false, headMs: 9_004 }],
    ['a1-f3', { atMs: 100, sibling: false, headMs: 105 }],
    ['a1-f4', { atMs: 100, sibling: false }],
  ])
  const origin = new Map([
    ['a1-f1', { atMs: 101, firstByteMs: 103 }],
    ['a1-f2', { atMs: 1_100, firstByteMs: 1_104 }],
    ['a1-f3', { atMs: 9_100, firstByteMs: 9_104 }],
    ['a1-f4', { atMs: 101, firstByteMs: 103 }],
  ])
  expect(upstreamWaysOf({ fetches, origin })).toEqual([1])
})

test('a core sleeps soon: what waits half a millisecond is told apart from what is answered at once', () => {
  const ways: SeenWay[] = [0.05, 0.3, 8, 500].flatMap((idleMs, i) =>
    Array.from({ length: 40 }, () => ({ idleMs, tookMs: 0.1 + 0.1 * i })),
  )
  const wakeMs = wakeMsOf(ways, 1)
  expect(wakeMs[0]).toEqual([0, 0])
  expect(valueAt(wakeMs, Math.sqrt(0.2 * 0.5))).toBeCloseTo(0.1, 3)
  expect(valueAt(wakeMs, Math.sqrt(5 * 10))).toBeCloseTo(0.2, 3)
  expect(valueAt(wakeMs, 1_000)).toBeCloseTo(0.3, 3)
})
