import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Distribution, distributionSchema, sample } from './distribution.ts'
import { RandomStream } from './random.ts'

const samples = (distribution: Distribution, count: number, seed = 1): number[] => {
  const stream = new RandomStream(seed, 'test')
  return Array.from({ length: count }, () => sample(distribution, stream) as number)
}

test('every sample lies within the bounds that its distribution states', () => {
  fc.assert(
    fc.property(fc.integer(), fc.double({ min: 0, max: 500, noNaN: true }), (seed, boundMs) => {
      for (const ms of samples({ is: 'normal', meanMs: 20, deviationMs: 300, boundMs }, 20, seed))
        expect(Math.abs(ms - 20)).toBeLessThanOrEqual(boundMs + 1e-9)
      for (const ms of samples({ is: 'uniform', lowMs: -5, highMs: 5 }, 20, seed))
        expect(Math.abs(ms)).toBeLessThanOrEqual(5)
      for (const ms of samples({ is: 'lognormal', medianMs: 100, sigma: 2, boundMs }, 20, seed))
        expect(ms > 0 || boundMs === 0).toBe(true)
      for (const ms of samples({ is: 'lognormal', medianMs: 100, sigma: 2, boundMs }, 20, seed))
        expect(ms).toBeLessThanOrEqual(boundMs)
    }),
    { numRuns: 50 },
  )
})

test('the same seed gives the same samples, and the middle is where it should be', () => {
  const normal = distributionSchema.parse({ is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 })
  expect(samples(normal, 50)).toEqual(samples(normal, 50))
  expect(samples(normal, 50)).not.toEqual(samples(normal, 50, 2))
  const mean = samples(normal, 20_000).reduce((sum, ms) => sum + ms, 0) / 20_000
  expect(Math.abs(mean)).toBeLessThan(2)
  const sorted = samples({ is: 'lognormal', medianMs: 100, sigma: 1, boundMs: 10_000 }, 20_001).sort((a, b) => a - b)
  expect(sorted[10_000]).toBeGreaterThan(95)
  expect(sorted[10_000]).toBeLessThan(105)
  expect(samples({ is: 'constant', ms: -3 }, 2)).toEqual([-3, -3])
})
