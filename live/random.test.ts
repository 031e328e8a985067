import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jitterBetween, RandomStream, unitFraction } from './random.ts'

describe('seeded randomness', () => {
  it('depends on seed and name only', () => {
    const take = (stream: RandomStream) => Array.from({ length: 20 }, () => stream.next())
    expect(take(new RandomStream(1, 'x'))).toEqual(take(new RandomStream(1, 'x')))
    expect(take(new RandomStream(1, 'x'))).not.toEqual(take(new RandomStream(2, 'x')))
    expect(take(new RandomStream(1, 'x'))).not.toEqual(take(new RandomStream(1, 'y')))
  })

  it('is spread over the unit interval, by stream and by name', () => {
    const stream = new RandomStream(7, 'spread')
    for (const draw of [() => stream.next(), (i: number) => unitFraction(7, `n${i}`)]) {
      const tenths = new Array<number>(10).fill(0)
      for (let i = 0; i < 20_000; i++) tenths[Math.floor(draw(i) * 10)]! += 1
      for (const count of tenths) expect(count).toBeGreaterThan(1_700)
    }
  })

  it('has the moments that its distributions promise', () => {
    const stream = new RandomStream(3, 'moments')
    const mean = (draw: () => number) => Array.from({ length: 20_000 }, draw).reduce((a, b) => a + b) / 20_000
    expect(mean(() => stream.exponential(50))).toBeCloseTo(50, -1)
    expect(mean(() => stream.normal(10, 2))).toBeCloseTo(10, 0)
    expect(mean(() => Math.log(stream.lognormal(100, 0.5)))).toBeCloseTo(Math.log(100), 1)
  })

  it('keeps jitter between its bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), (seed, name) => {
        const ms = jitterBetween(250, 500, seed, name)
        expect(ms).toBeGreaterThanOrEqual(250)
        expect(ms).toBeLessThan(500)
      }),
    )
  })
})
