import { expect, test } from 'vitest'
import { spentBeforeNext, takenByEdges, takenByFleet, takenByOrigin } from './behind.ts'
import type { Seen } from './read-runs.ts'

const players = new Map<string, Seen>([
  ['0/0/p1-1', { atMs: 100, firstByteMs: 102.4 }],
  ['0/0/p2-1', { atMs: 100, firstByteMs: 102.5 }],
  ['0/0/p3-1', { atMs: 101.2, firstByteMs: 102.6 }],
  ['0/0/p4-1', { atMs: 100 }],
])
const edges = new Map<string, Seen>([
  ['a1 0/0/p1-1', { atMs: 101, firstByteMs: 101.1, reason: 'hit', bytes: 7 }],
  ['a1 0/0/p2-1', { atMs: 101.25, firstByteMs: 101.3, reason: 'hit' }],
  ['a1 0/0/p3-1', { atMs: 101.3, firstByteMs: 101.35, reason: 'negative-hit' }],
  ['a2 0/0/p4-1', { atMs: 101.4, reason: 'hit' }],
])

test('what an edge spends on a request is the time until it takes the next one, where that was there already', () => {
  // The third was sent only when the second was taken, and the fourth went to another edge.
  expect(takenByEdges({ edges, players }).flatMap(taken => spentBeforeNext(taken))).toEqual([{ ms: 0.25, bytes: 7 }])
  const refused = ({ reason }: Seen) => reason === 'negative-hit'
  expect(takenByEdges({ edges, players }).flatMap(taken => spentBeforeNext(taken, refused))).toEqual([])
})

test('the same of the fleet and its answers', () => {
  expect(spentBeforeNext(takenByFleet({ edges, players })).map(({ ms }) => Number(ms.toFixed(6)))).toEqual([0.1, 0.1])
})

test('and of an origin; what was taken much later waited for something else', () => {
  const fetches = new Map(['a1-f1', 'a1-f2', 'a1-f3'].map(name => [name, { atMs: 10, sibling: false }]))
  const origin = new Map<string, Seen>([
    ['a1-f1', { atMs: 12, bytes: 5 }],
    ['a1-f2', { atMs: 12.5 }],
    ['a1-f3', { atMs: 42.5 }],
  ])
  expect(spentBeforeNext(takenByOrigin({ origin, fetches }))).toEqual([{ ms: 0.5, bytes: 5 }])
})
