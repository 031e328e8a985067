import fc from 'fast-check'
import { build } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { percentileInterval, ranksAround } from './percentile-interval.ts'

test('a sample carries a percentile where both bounds are values of it', () => {
  // 0.99^n <= 0.025 from 368 values on; 0.5^n <= 0.025 from 6 on.
  expect([367, 368].map(n => ranksAround(0.99, n) !== undefined)).toEqual([false, true])
  expect([5, 6].map(n => ranksAround(0.5, n) !== undefined)).toEqual([false, true])
  expect(ranksAround(0.5, 0)).toBeUndefined()
})

test('of six values, the median lies between the smallest and the largest', () => {
  expect(ranksAround(0.5, 6)).toEqual({ low: 1, high: 6 })
  // The tables of the sign test.
  expect(ranksAround(0.5, 20)).toEqual({ low: 6, high: 15 })
})

test('bounds lie around the percentile, and closer together the more values there are', () => {
  const share = fc.constantFrom(0.5, 0.9, 0.99)
  fc.assert(
    fc.property(share, fc.integer({ min: 400, max: 50_000 }), (at, n) => {
      const [few, many] = [ranksAround(at, n), ranksAround(at, 4 * n)]
      if (few === undefined || many === undefined) throw new Error('both carry it')
      expect(few.low).toBeLessThanOrEqual(at * n + 1)
      expect(few.high).toBeGreaterThanOrEqual(at * n)
      expect((many.high - many.low) / (4 * n)).toBeLessThan((few.high - few.low) / n)
    }),
  )
})

test.each([
  [0.5, 60],
  [0.99, 800],
  [0.99, 5_000],
])(
  'of a known distribution, the interval of the percentile %d of %i values holds it in about 95 of 100',
  (share, n) => {
    const stream = new RandomStream(7, `interval/${share}/${n}`)
    const rounds = 400
    let held = 0
    for (let round = 0; round < rounds; round++) {
      const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: 300_000_000 })
      for (let i = 0; i < n; i++) histogram.recordValue(Math.round(stream.next() * 1_000_000))
      const [low, high] = percentileInterval(histogram, 100 * share) as [number, number]
      // Buckets are a thousandth wide.
      if (low <= share * 1_001 && high >= share * 999) held++
    }
    expect(held / rounds).toBeGreaterThan(0.92)
    expect(held / rounds).toBeLessThan(1)
  },
)
