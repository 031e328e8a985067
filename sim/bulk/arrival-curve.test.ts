import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ArrivalCurve, addArrival, liveCells } from './arrival-curve.ts'
import { binMs, liveBins, liveFromMs, liveUntilMs } from './layout.ts'

/** The curve of arrivals at these offsets. */
function curveOf(offsetsMs: readonly number[], weight = 1): ArrivalCurve {
  const row = new Float32Array(liveCells)
  for (const offsetMs of offsetsMs) addArrival(row, 0, offsetMs, weight)
  const curve = new ArrivalCurve()
  curve.read(row)
  return curve
}

/** `count` offsets whose share before an instant is that of `inverse`. */
const drawn = (count: number, inverse: (share: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => inverse((i + 0.5) / count))

describe('within a bin', () => {
  // The first of many arrivals: their number rises by e in as many ms as two bins, and one.
  test.each([50, 25])('of arrivals that rise by e in %i ms as many have come as did', riseMs => {
    const curve = curveOf(drawn(200_000, share => riseMs * Math.log(share)))
    for (let atMs = -3 * riseMs; atMs < 0; atMs += 3.7) {
      const truth = 200_000 * Math.exp(atMs / riseMs)
      expect(Math.abs(curve.before(atMs) / truth - 1), `${atMs} ms`).toBeLessThan(0.02)
    }
  })

  test('what comes all at the beginning of a bin comes then', () => {
    const curve = curveOf([-100, -100, -100])
    expect(curve.before(-100.01)).toBe(0)
    expect(curve.before(-99.5)).toBeCloseTo(3, 6)
    expect(curve.instantOf(1.5)).toBeCloseTo(-100, 1)
  })

  test('a steady stream is steady', () => {
    const curve = curveOf(drawn(100_000, share => -1_000 + 2_000 * share))
    for (let atMs = -990; atMs < 1_000; atMs += 13) expect(curve.before(atMs) / (atMs + 1_000)).toBeCloseTo(50, 0)
  })
})

test('whatever comes: it never goes back, keeps every bin, and count and instant are inverse to each other', () => {
  const inRange = fc.double({ min: liveFromMs, max: liveUntilMs - 0.01, noNaN: true })
  const near = fc.double({ min: -60, max: 60, noNaN: true })
  const offsets = fc.array(fc.oneof(near, inRange), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(offsets, offsetsMs => {
      const curve = curveOf(offsetsMs)
      expect(curve.total).toBeCloseTo(offsetsMs.length, 4)
      let before = 0
      for (let bin = 0; bin <= liveBins; bin++) {
        for (const share of [0, 0.2, 0.5, 0.8]) {
          const now = curve.before(liveFromMs + (bin + share) * binMs)
          expect(now).toBeGreaterThanOrEqual(before - 1e-9)
          before = now
        }
        const came = offsetsMs.filter(offsetMs => Math.floor((offsetMs - liveFromMs) / binMs) < bin).length
        expect(curve.before(liveFromMs + bin * binMs)).toBeCloseTo(came, 4)
      }
      for (let count = 0.05; count < offsetsMs.length; count += 0.37) {
        expect(curve.before(curve.instantOf(count))).toBeCloseTo(count, 4)
      }
    }),
  )
})

test('before all and behind all', () => {
  const curve = curveOf([0, 100])
  expect(curve.before(liveFromMs - 1)).toBe(0)
  expect(curve.before(liveUntilMs + 1)).toBeCloseTo(2, 6)
})
