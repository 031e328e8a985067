import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bandOf } from './band.ts'

test.each<[string, Parameters<typeof bandOf>, [number, number]]>([
  ['ten runs are widened by their spread', ['1', [100, 110, 100, 100, 100, 100, 100, 100, 100, 100]], [90, 120]],
  ['five runs by twice their spread', ['1', [100, 110, 100, 100, 100]], [80, 130]],
  ['equal counts by two', ['1', [4, 4, 4]], [2, 6]],
  ['equal large counts by a twentieth', ['1', [1_000, 1_000, 1_000]], [950, 1_050]],
  ['equal shares by two points', ['share', [0.2, 0.2, 0.2]], [0.18, 0.22]],
  ['equal bytes by a twentieth', ['bytes', [2_000, 2_000, 2_000]], [1_900, 2_100]],
  ['no band is below nothing', ['1', [0, 0, 1]], [0, 1 + 10 / 3]],
  ['no share is over all', ['share', [0.99, 1, 0.98]], [0.98 - 0.2 / 3, 1]],
])('%s', (_, args, [low, high]) => {
  const band = bandOf(...args)
  expect(band.low).toBeCloseTo(low)
  expect(band.high).toBeCloseTo(high)
})

test('every run that made a band lies in it, and more runs like them do not widen it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 12 }), values => {
      const band = bandOf('1', values)
      for (const value of values) {
        expect(value).toBeGreaterThanOrEqual(band.low)
        expect(value).toBeLessThanOrEqual(band.high)
      }
      const doubled = bandOf('1', [...values, ...values])
      expect(doubled.high).toBeLessThanOrEqual(band.high)
      expect(doubled.low).toBeGreaterThanOrEqual(band.low)
    }),
  )
})
