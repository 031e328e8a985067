import { expect, test } from 'vitest'
import { quantileAt } from '../calibration.ts'
import type { Seen } from './read-runs.ts'
import { hearingOf, leastOf, type SeenWay, times, upstreamWaysOf, waysOf } from './ways.ts'

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

/** Forty ways each to processes that were idle for so long, which took so long. */
const ways = (...taken: [idleMs: number, tookMs: number][]): SeenWay[] =>
  taken.flatMap(([idleMs, tookMs]) => Array.from({ length: 40 }, () => ({ idleMs, tookMs })))

test('what went to a process that was busy waited for that, and says nothing of how late one hears', () => {
  const players = new Map<string, Seen>()
  const edges = new Map<string, Seen>()
  // Two requests in the socket at once, over and over: an edge spends 0.5 ms on each. The third comes while it does.
  for (let i = 0; i < 200; i++) {
    const at = i * 100
    for (const [j, [sentMs, atMs]] of [
      [at, at + 0.3],
      [at, at + 0.8],
      [at + 1, at + 1.4],
    ].entries()) {
      players.set(`0/0/p${j}-${i}`, { atMs: sentMs as number })
      edges.set(`a1 0/0/p${j}-${i}`, { atMs: atMs as number, firstByteMs: (atMs as number) + 0.1, reason: 'hit' })
    }
  }
  const seen = waysOf({ players, edges }, 1)
  const busy = seen.filter(({ idleMs }) => (idleMs as number) < 0)
  expect(busy.length).toBe(200)
  expect(busy.every(({ tookMs }) => Math.abs((tookMs as number) - 0.4) < 1e-6)).toBe(true)
  const heard = hearingOf(seen, 0.3, { awake: 1, idle: 1 })
  expect(heard.map(({ idleMs }) => idleMs)).toEqual([50])
})

test('a core sleeps soon: what waits half a millisecond is told apart from what is answered at once', () => {
  const seen = ways([0.05, 0.1], [0.3, 0.2], [8, 0.3], [500, 0.4])
  expect(leastOf(times(seen))).toBe(0.1)
  const heard = hearingOf(seen, 0.1, { awake: 1, idle: 1 })
  expect(heard.map(({ idleMs, takesMs }) => [idleMs, quantileAt(takesMs, 0.5)])).toEqual([
    [0, 0],
    [0.2, 0.1],
    [5, 0.2],
    [200, 0.3],
  ])
})

test('who has slept for less does not wake later: what looks so had something to do', () => {
  const heard = hearingOf(ways([0.05, 0.1], [8, 9], [30, 0.3]), 0.1, { awake: 1, idle: 1 })
  expect(heard.map(({ takesMs }) => quantileAt(takesMs, 0.5))).toEqual([0, expect.closeTo(0.2), expect.closeTo(0.2)])
})
