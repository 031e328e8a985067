import { describe, expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { ArrivalCurve, liveCells } from './arrival-curve.ts'
import { binMs, liveBins, liveFromMs } from './layout.ts'
import { emptyOutput, type SpreadInput, spreadKeys } from './spread.ts'

/** Arrivals at a steady `rate` (1/s) between two instants, which are whole bins. */
function steady(rate: number, fromMs: number, toMs: number): ArrivalCurve {
  const row = new Float64Array(liveCells)
  for (let bin = 0; bin < liveBins; bin++) {
    const atMs = liveFromMs + bin * binMs
    if (atMs < fromMs || atMs >= toMs) continue
    row[bin] = (rate * binMs) / 1_000
    row[liveBins + bin] = (row[bin] as number) / 2
  }
  const curve = new ArrivalCurve()
  curve.read(row)
  return curve
}

const input = (changes: Partial<SpreadInput> = {}): SpreadInput => ({
  arrivals: steady(100, 0, 2_000),
  sites: 1_000,
  edgesPerSite: 3,
  designated: true,
  originMs: 10,
  siblingMs: 5,
  releaseMs: -500,
  bodyMs: 0,
  ...changes,
})

function spread(changes: Partial<SpreadInput> = {}, seed = 1) {
  const output = emptyOutput()
  spreadKeys(input(changes), new RandomStream(seed, 'test'), output)
  return output
}

describe('edge keys', () => {
  test('one fill for each site with many viewers, and its other edges ask it', () => {
    const output = spread()
    expect(output.originRequests).toBe(1_000)
    expect(output.siblingRequests).toBe(2_000)
    expect(output.askedKeys).toBe(3_000)
  })

  test('without designated fill every edge asks the origin', () => {
    expect(spread({ designated: false })).toMatchObject({ originRequests: 3_000, siblingRequests: 0 })
  })

  test('with few viewers a key is asked for with the probability of any arrival: 1 - exp(-mean)', () => {
    const sites = 100_000
    const output = spread({ sites, edgesPerSite: 1, arrivals: steady(0.5, 0, 2_000) })
    expect(output.askedKeys / sites).toBeCloseTo(1 - Math.exp(-1), 2)
  })

  test('of those that ask before the release all are held, and each as long as from its arrival to the release', () => {
    const sites = 20_000
    const rate = 5
    const output = spread({ sites, edgesPerSite: 1, arrivals: steady(rate, 0, 4_000), releaseMs: 1_000, originMs: 0 })
    expect(output.held / sites).toBeCloseTo(1 - Math.exp(-rate), 2)
    // The first of Poisson arrivals comes after 1/rate in the mean; truncated at 1 s: 1 - (1 - exp(-rate)) / rate.
    const meanMs = 1_000 - (1_000 * (1 - Math.exp(-rate))) / rate
    expect(output.heldMs / sites / meanMs).toBeCloseTo(1, 1)
  })

  test('collapsed requests are those between the first and the head, the first left out', () => {
    const sites = 20_000
    const rate = 50
    const output = spread({ sites, edgesPerSite: 1, arrivals: steady(rate, 0, 2_000), releaseMs: 1_000, originMs: 0 })
    expect(output.collapsed / sites).toBeCloseTo(rate - 1, 0)
  })

  test('a fill after publication collapses what comes during its round trip', () => {
    const output = spread({ sites: 20_000, edgesPerSite: 1, arrivals: steady(100, 0, 2_000), originMs: 25 })
    expect(output.held).toBe(0)
    expect(output.collapsed / output.askedKeys).toBeCloseTo(100 * 0.05, 1)
  })

  test('the edge that fills has its own first player forwarded only where no sibling asked before', () => {
    const output = spread({ sites: 20_000, edgesPerSite: 4, arrivals: steady(1, 0, 4_000), releaseMs: 1_000 })
    const fillers = output.askedKeys - output.siblingRequests
    const ofFillers = output.forwarded - output.siblingRequests
    // Each of the four comes first as often as the others, where all are asked: a quarter, and some alone.
    expect(ofFillers / fillers).toBeGreaterThan(0.25)
    expect(ofFillers / fillers).toBeLessThan(0.35)
  })

  test('the same seed gives the same keys, another one others', () => {
    const sparse = { arrivals: steady(0.5, 0, 2_000) }
    expect(spread(sparse, 7)).toEqual(spread(sparse, 7))
    expect(spread(sparse, 8)).not.toEqual(spread(sparse, 7))
  })
})
