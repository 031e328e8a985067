import { describe, expect, test } from 'vitest'
import { quantileAt } from '../calibration.ts'
import type { Seen } from './read-runs.ts'
import { quantilesOf, quantilesWithPauses, releaseOf, spentOn } from './samples.ts'

/** Forty publications that release eight each: the first head 0.2 ms later, every other one 0.05 ms after the one before. */
const released: Seen[] = Array.from({ length: 320 }, (_, i) => {
  const releasedMs = Math.floor(i / 8) * 2_000
  const firstByteMs = releasedMs + 0.2 + (i % 8) * 0.05
  return { ticket: i, releasedMs, firstByteMs, lastByteMs: releasedMs + 1 + (i % 8) * 0.01 }
})

describe('what those who wait for one thing cost', () => {
  test('is what each of them comes behind the one before; what the first one takes passes beside it', () => {
    const { cpuMs, afterMs, besideMs } = releaseOf(released)
    expect(cpuMs).toBeCloseTo(0.05, 6)
    // From the last one's first byte, at 0.55, until all are through, at 1.07: an eighth for each.
    expect(afterMs).toBeCloseTo(0.065, 6)
    expect(quantileAt(besideMs, 0.5)).toBeCloseTo(0.15, 3)
  })

  test('is not told apart where nobody waits with another: the least of all is taken for it', () => {
    const alone = released.filter((_, i) => i % 8 === 0)
    expect(releaseOf(alone).cpuMs).toBeCloseTo(0.2, 6)
  })
})

test('the least disturbed share of what was seen counts, but for pauses in the last hundredth', () => {
  const values = Array.from({ length: 1_000 }, (_, i) => (i <= 500 ? 1 : i < 990 ? 3 : 80))
  const half = quantilesWithPauses(values, 0.5)
  expect([0, 0.5, 0.99].map(share => quantileAt(half, share))).toEqual([1, 1, 1])
  expect(quantileAt(half, 1)).toBe(80)
  expect(quantileAt(quantilesOf(values, 0.5), 1)).toBe(1)
  expect(quantilesWithPauses(values)).toEqual(quantilesOf(values))
})

test('a request that waits for nobody is over with its last byte, or with its first, without what its body was read for', () => {
  const seen: Seen[] = [
    { atMs: 10, firstByteMs: 14, lastByteMs: 20, readMs: 3, bytes: 7 },
    { atMs: 10, firstByteMs: 90, lastByteMs: 99, ticket: 1 },
    { atMs: 10 },
  ]
  expect(spentOn(seen)).toEqual([{ ms: 7, bytes: 7 }])
  expect(spentOn(seen, 'first')).toEqual([{ ms: 1, bytes: 7 }])
})
