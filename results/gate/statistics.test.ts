import { expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { bootstrapMedian, median, quantile } from './statistics.ts'

const options = { confidence: 0.98, resamples: 500, seed: 1, name: 'test' }

test('quantiles lie between neighbours by proportion', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(quantile([10, 20, 30, 40, 50], 0.1)).toBeCloseTo(14)
  expect([quantile([7], 0), quantile([7], 1)]).toEqual([7, 7])
  expect(median([])).toBeNaN()
})

test('an interval is the same for the same seed and name, holds the median and needs values', () => {
  const values = [1.2, 0.9, 1.1, 1, 1.05, 0.97, 1.3, 1.01]
  const interval = bootstrapMedian(values, options)
  expect(bootstrapMedian(values, options)).toEqual(interval)
  expect(bootstrapMedian(values, { ...options, name: 'other', resamples: 50 })).not.toEqual(interval)
  expect(interval.estimate).toBe(median(values))
  expect(interval.low).toBeLessThan(interval.estimate)
  expect(interval.high).toBeGreaterThan(interval.estimate)
  expect(() => bootstrapMedian([], options)).toThrow(RangeError)
})

test('of ten noisy values it misses the true median in about 4 of 100, more often than it says: few values show few tails', () => {
  const chance = new RandomStream(7, 'coverage')
  let missed = 0
  for (let i = 0; i < 400; i++) {
    const values = Array.from({ length: 10 }, () => chance.lognormal(1, 0.3))
    const { low, high } = bootstrapMedian(values, { ...options, resamples: 400, name: `coverage ${i}` })
    if (low > 1 || high < 1) missed++
  }
  expect(missed / 400).toBeLessThan(0.07)
})
