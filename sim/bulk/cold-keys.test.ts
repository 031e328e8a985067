import { describe, expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { binomial, ColdKeys } from './cold-keys.ts'
import { ageBuckets } from './layout.ts'

const site = { edgesPerSite: 2, designated: true }
const requests = (each: number): Float64Array => new Float64Array(ageBuckets.length).fill(each)

describe('cold keys', () => {
  test('with enough requests every cold edge and site fills once, and then nothing more', () => {
    const cold = new ColdKeys(1, 150)
    for (let number = 100; number < 248; number++) cold.add(0, number, 200, 100)
    const stream = new RandomStream(1, 'cold')
    const fills = { origin: 0, sibling: 0 }
    for (let period = 0; period < 4; period++) cold.ask(0, 249, requests(1e6), 0, site, stream, fills)
    // Ages from 2 segments on: 148 numbers.
    expect(fills).toEqual({ origin: 148 * 100, sibling: 148 * 100 })
  })

  test('with few requests the share that fills in a period is 1 - exp(-rate)', () => {
    const cold = new ColdKeys(1, 150)
    const [from, to] = [ageBuckets[4], ageBuckets[5]] as [number, number]
    for (let age = from; age < to; age++) cold.add(0, 1_000 - age, 10_000, 10_000)
    const fills = { origin: 0, sibling: 0 }
    const rate = 0.3
    const row = requests(0)
    row[4] = rate * (to - from)
    cold.ask(0, 1_000, row, 0, { edgesPerSite: 1, designated: true }, new RandomStream(1, 'cold'), fills)
    expect(fills.origin / (10_000 * (to - from))).toBeCloseTo(1 - Math.exp(-rate), 2)
  })

  test('what has left the window is cold no more', () => {
    const cold = new ColdKeys(1, 150)
    cold.add(0, 10, 5, 5)
    cold.forget(10)
    const fills = { origin: 0, sibling: 0 }
    cold.ask(0, 30, requests(1e6), 0, site, new RandomStream(1, 'cold'), fills)
    expect(fills).toEqual({ origin: 0, sibling: 0 })
  })
})

test('binomial draws have the mean and the spread of the binomial, in each of their three ways', () => {
  const stream = new RandomStream(3, 'binomial')
  for (const [trials, chance] of [
    [20, 0.3],
    [5_000, 0.001],
    [5_000, 0.4],
  ] as const) {
    const draws = Array.from({ length: 4_000 }, () => binomial(stream, trials, chance))
    const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length
    const variance = draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws.length
    expect(mean / (trials * chance)).toBeCloseTo(1, 1)
    expect(variance / (trials * chance * (1 - chance))).toBeCloseTo(1, 0)
  }
  expect(binomial(stream, 7, 1)).toBe(7)
  expect(binomial(stream, 0, 0.5)).toBe(0)
})
