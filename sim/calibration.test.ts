import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CalibrationError, calibrationId, meanOf, parseCalibration, type Quantiles, quantileAt } from './calibration.ts'
import { defaultCalibration } from './default-calibration.ts'

describe('a calibration', () => {
  test('is read back as it was written, and known by what it says', () => {
    const read = parseCalibration(JSON.parse(JSON.stringify(defaultCalibration)), 'x.json')
    expect(read).toEqual(defaultCalibration)
    expect(calibrationId(read)).toBe(calibrationId(defaultCalibration))
    const slower = { ...read, cores: { ...read.cores, edge: 2 } }
    expect(calibrationId(slower)).not.toBe(calibrationId(read))
    expect(calibrationId({ ...read, origin: 'the same numbers from elsewhere' })).toBe(calibrationId(read))
  })

  test('of another version is refused with what to do', () => {
    const old = { ...defaultCalibration, schema: 'tidegate-calibration/0' }
    expect(() => parseCalibration(old, 'old.json')).toThrow(
      new CalibrationError(
        "old.json is of version 'tidegate-calibration/0', and 'tidegate-calibration/1' is wanted: measure anew with 'tidegate calibrate'",
      ),
    )
  })

  test.each([
    ['nothing', {}, 'is no calibration'],
    [
      'a distribution that falls',
      {
        ...defaultCalibration,
        loss: {
          share: 0,
          delayMs: [
            [0, 5],
            [1, 2],
          ],
        },
      },
      'must rise',
    ],
    ['a store too few', { ...defaultCalibration, stores: {} }, "the store 'memory' must be there"],
  ])('with %s is refused', (_, json, why) => {
    expect(() => parseCalibration(json, 'x.json')).toThrow(why)
  })
})

test('quantiles rise with their share, and their mean is that of many draws', () => {
  const quantiles = fc
    .array(fc.tuple(fc.double({ min: 0.01, max: 1, noNaN: true }), fc.double({ min: 0, max: 100, noNaN: true })), {
      maxLength: 6,
    })
    .map(steps => {
      let [share, ms] = [0, 1]
      const points: Quantiles = [[share, ms]]
      for (const [more, longer] of steps) {
        share = Math.min(1, share + more)
        ms += longer
        if (share > points.at(-1)![0]) points.push([share, ms])
      }
      return points
    })
  fc.assert(
    fc.property(quantiles, points => {
      const drawn = Array.from({ length: 2_000 }, (_, i) => quantileAt(points, (i + 0.5) / 2_000) as number)
      for (const [i, ms] of drawn.entries()) if (i > 0) expect(ms).toBeGreaterThanOrEqual(drawn[i - 1] as number)
      const mean = drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length
      expect(meanOf(points)).toBeCloseTo(mean, 0)
    }),
    { numRuns: 60 },
  )
})
