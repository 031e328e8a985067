import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bandedPeakOf, burstOf, suddenSeconds } from './bursts.ts'
import { peakOf } from './peaks.ts'

const faultSecond = 40
const seconds = 60
const stepsASecond = 20
const error = 0.02

/** A steady level, and a burst of less than a second that begins `phase` steps into the second of the fault. */
function seriesOf(level: number, burst: readonly number[], phase: number): { steps: number[]; values: Float64Array } {
  const steps = new Array<number>(seconds * stepsASecond).fill(level / stepsASecond)
  for (const [i, requests] of burst.entries()) {
    const at = faultSecond * stepsASecond + phase + i
    steps[at] = (steps[at] as number) + requests
  }
  const values = Float64Array.from({ length: seconds }, (_, second) =>
    steps.slice(second * stepsASecond, (second + 1) * stepsASecond).reduce((sum, one) => sum + one, 0),
  )
  return { steps, values }
}

describe('the peak of a second at a fault', () => {
  const level = fc.integer({ min: 0, max: 10_000 })
  const burst = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: stepsASecond })
  const phase = fc.integer({ min: 0, max: stepsASecond - 1 })

  test('its band holds the busiest second wherever that begins, and what the same fault shows at any other instant', () => {
    fc.assert(
      fc.property(level, burst, phase, phase, (steady, requests, seenAt, otherAt) => {
        const { steps, values } = seriesOf(steady, requests, seenAt)
        const seen = bandedPeakOf(values, [faultSecond], error)
        expect(seen.band).toBe('burst')
        const sliding = steps.map((_, from) =>
          steps.slice(from, from + stepsASecond).reduce((sum, one) => sum + one, 0),
        )
        expect(seen.high).toBeGreaterThanOrEqual(Math.max(...sliding))
        const other = peakOf(seriesOf(steady, requests, otherAt).values).peak
        expect(other).toBeGreaterThanOrEqual(seen.low)
        expect(other).toBeLessThanOrEqual(seen.high)
      }),
    )
  })

  test('where nothing strikes at once the band is what validation has found', () => {
    const values = Float64Array.from({ length: seconds }, (_, second) => (second === 20 ? 200 : 100))
    expect(bandedPeakOf(values, [faultSecond], error)).toEqual({
      peak: 200,
      atSecond: 20,
      low: 196,
      high: 204,
      band: 'usual',
    })
  })

  test('what goes on for seconds after a fault is no burst: its band is hardly wider', () => {
    const values = Float64Array.from({ length: seconds }, (_, second) => (second < faultSecond ? 100 : 1_000))
    const { low, high } = bandedPeakOf(values, [faultSecond], error)
    expect(low).toBeCloseTo(980)
    expect(high).toBeCloseTo(1_020)
  })

  test('a fault strikes when it comes, when its sites have gone over, and when it is over', () => {
    const faults = [
      { atMs: 10_500, do: 'lose-region', region: 'eu', forMs: 20_000, wayOverMs: 2_000 },
      { atMs: 50_000, do: 'restart-edges', siteShare: 0.1, downMs: 3_000 },
    ] as const
    const sudden = suddenSeconds({ faults })
    expect(sudden).toEqual([10, 12, 30, 50, 53])
    expect(burstOf(sudden, 13)).toBe(12)
    expect(burstOf(sudden, 14)).toBeUndefined()
  })
})
