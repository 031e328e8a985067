import { describe, expect, test } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { clockDraw, drawSetup } from '../../loadgen/fleet/fleet.ts'
import { normalQuantile } from './normal-quantile.ts'
import { LatinHypercube } from './stratified-stream.ts'
import { aWorld } from './testing.fixture.ts'

const sizes = [1, 2, 3, 7, 30, 400, 1_000, 4_001]

describe('draws of a few players that stand for many', () => {
  test.each(sizes)('of %i players each step of a draw has one', size => {
    const cube = new LatinHypercube(size, 3, 'test')
    const draws = Array.from({ length: size }, (_, i) => {
      const stream = cube.stream(i)
      return Array.from({ length: 12 }, () => Math.floor(stream.next() * size))
    })
    for (let draw = 0; draw < 12; draw++) expect(new Set(draws.map(own => own[draw])).size).toBe(size)
  })

  test('join instant and clock error are even together: no rectangle of the two has many too many or too few', () => {
    const size = 1_000
    const cube = new LatinHypercube(size, 5, 'test')
    const { event, startMs, durationMs } = aWorld()
    const fleet = {
      ...aWorld().fleet,
      profiles: { 'dash.js': 1 },
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 1_000, share: 1 }] as const,
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 500 } as const,
    }
    const source = { fleet: { ...fleet, arrivals: [...fleet.arrivals] }, event, seed: 1, startMs, durationMs }
    const players = Array.from({ length: size }, (_, i) => drawSetup(source, i, cube.stream(i)))
    let worst = 0
    for (let early = 0.05; early < 1; early += 0.05) {
      for (let behind = 0.05; behind < 1; behind += 0.05) {
        const joinedBy = (startMs as number) + early * 1_000
        const clockBelow = 50 * normalQuantile(behind)
        const inside = players.filter(one => one.joinMs < joinedBy && (one.clockErrorMs as number) < clockBelow).length
        worst = Math.max(worst, Math.abs(inside / size - early * behind))
      }
    }
    // By chance it is above 0.02, ten times what it is here.
    expect(worst).toBeLessThan(0.006)
  })

  test('a draw that is bent is the one at its place, and only that', () => {
    const cube = new LatinHypercube(10, 1, 'test')
    const [plain, bent] = [cube.stream(4), cube.stream(4, { draw: clockDraw, bend: even => 5 + even })]
    for (let draw = 0; draw < 20; draw++) {
      const shift = draw === clockDraw ? 5 : 0
      expect(bent.next()).toBeCloseTo(plain.next() + shift, 12)
    }
  })
})

test('the clock error is the draw at its place', () => {
  const event = anEvent()
  const cube = new LatinHypercube(10, 1, 'test')
  const fleet = { ...aWorld().fleet, clockError: { is: 'uniform', lowMs: 0, highMs: 1 } as const }
  const source = { fleet, event, seed: 1, startMs: event.startMs, durationMs: 10_000 }
  const setup = drawSetup(source, 0, cube.stream(0, { draw: clockDraw, bend: () => 0.123 }))
  expect(setup.clockErrorMs).toBeCloseTo(0.123, 12)
})

test('quantiles of the normal distribution, as tables have them', () => {
  for (const [share, deviations] of [
    [0.5, 0],
    [0.8, 0.841621],
    [0.975, 1.959964],
    [0.001, -3.090232],
    [0.999999, 4.753424],
    [1e-12, -7.034484],
  ] as const) {
    expect(normalQuantile(share)).toBeCloseTo(deviations, 5)
  }
})
