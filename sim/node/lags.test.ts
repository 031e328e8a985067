import { expect, test } from 'vitest'
import { lagsOf } from './lags.ts'
import type { Seen } from './read-runs.ts'

test('what is asked for upon an answer waits for no timer', () => {
  const players = new Map<string, Seen>([
    ['0/0/p1-1', { plannedMs: 100, atMs: 100.6, lastByteMs: 103 }],
    ['0/0/p1-2', { plannedMs: 103.1, atMs: 103.125, lastByteMs: 104 }],
    ['0/0/p1-3', { plannedMs: 2_000, atMs: 2_000.75 }],
    // Another player's answer is none of its own.
    ['0/0/p2-1', { plannedMs: 104.1, atMs: 104.6 }],
    ['0/0/p2-2', { atMs: 300 }],
  ])
  const { planned, atOnce } = lagsOf({ players })
  expect(planned.map(ms => Number((ms as number).toFixed(3)))).toEqual([0.6, 0.75, 0.5])
  expect(atOnce.map(ms => Number((ms as number).toFixed(3)))).toEqual([0.025])
})
