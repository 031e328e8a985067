import { expect, test } from 'vitest'
import { driftOf, product } from './drift.ts'
import { type HistoryLine, historyLine, historyMark, parseHistory, rolled } from './history.ts'
import { comparePairs } from './in-pairs.ts'
import { GateError } from './outcome.ts'
import { pairsOf, runWith } from './runs.fixture.ts'

const at = '2026-01-31T18:00:00.000Z'
const scenario = runWith().scenario.sha256
const floor = 0.05
const lineWith = (figures: Record<string, number>): HistoryLine => historyLine(runWith(figures), [], at)

const outcomes = (lines: readonly HistoryLine[]) =>
  driftOf(lines, scenario, floor).map(({ variant, figure, outcome, by }) => [variant, figure, outcome, by])

const creeping = (count: number, by: number) =>
  Array.from({ length: count }, (_, i) => lineWith({ origin_requests: 100 + i * by }))

test('requests that grow by one in each change are drift, though no change is over its band', () => {
  expect(outcomes(creeping(30, 1))).toEqual([['oca', 'origin_requests', 'worse', 'drift']])
  expect(outcomes(creeping(30, 0))).toEqual([])
  expect(outcomes(creeping(30, -2))).toEqual([['oca', 'origin_requests', 'better', 'drift']])
})

test('of counts nothing is said until both ends have their runs', () => {
  expect(outcomes(creeping(19, 5))).toEqual([])
  expect(outcomes(creeping(20, 5))).toEqual([['oca', 'origin_requests', 'worse', 'drift']])
})

test('a few outliers are no drift', () => {
  const lines = creeping(30, 0).map((line, i) => (i % 4 === 3 ? lineWith({ origin_requests: 200 }) : line))
  expect(outcomes([...lines.slice(0, 3), ...lines])).toEqual([])
})

test('a new baseline, with its reason, begins anew; another scenario’s lines are its own', () => {
  const lines = creeping(30, 1)
  const mark = historyMark(scenario, 'c', 'players ask twice now', at)
  expect(outcomes([...lines, mark, ...creeping(5, 0)])).toEqual([])
  expect(driftOf(lines, 'another', floor)).toEqual([])
})

test('changes of 3 % add up: none shows it alone, six together do', () => {
  const figure = 'ttfb_ms_p50'
  const change = (times: number): HistoryLine => {
    const times8 = [0.99, 1.01, 1, 1, 0.995, 1.005, 1, 1].map(noise => [100, 100 * times * noise] as const)
    const compared = comparePairs(pairsOf(figure, times8))
    expect(compared.map(({ outcome }) => outcome)).toEqual(['not-shown'])
    return historyLine(runWith(), compared, at)
  }
  expect(outcomes([change(1.03)])).toEqual([])
  const [drift] = driftOf(
    Array.from({ length: 6 }, () => change(1.03)),
    scenario,
    floor,
  )
  expect(drift).toMatchObject({ figure, outcome: 'worse', by: 'drift' })
  expect(drift?.ratio?.estimate).toBeCloseTo(1.03 ** 6, 2)
  expect(outcomes(Array.from({ length: 6 }, () => change(1)))).toEqual([])
})

test('a product’s interval grows as independent errors do', () => {
  const ratio = { estimate: 1, low: 1 / 1.1, high: 1.1 }
  const four = product([ratio, ratio, ratio, ratio])
  expect(four.estimate).toBe(1)
  expect(four.high).toBeCloseTo(1.1 ** 2)
  expect(four.low).toBeCloseTo(1.1 ** -2)
})

test('a history is read back as it was written, rolls, and names the line that is none', () => {
  const lines = [lineWith({ origin_requests: 7 }), historyMark(scenario, 'c', 'because', at)]
  const text = lines.map(line => `${JSON.stringify(line)}\n`).join('')
  expect(parseHistory(text, 'h.ndjson')).toEqual(lines)
  expect(rolled(lines, lines[0] as HistoryLine, 2)).toEqual([lines[1], lines[0]])
  expect(() => parseHistory(`${text}{"schema":"tid`, 'h.ndjson')).toThrow(GateError)
  expect(() => parseHistory(`${text}{"schema":"tid`, 'h.ndjson')).toThrow('h.ndjson:3 is no line of a history')
})

test('a line has no times and nothing of the generator', () => {
  const names = Object.keys(lineWith({}).counts.oca ?? {})
  expect(names).toContain('fills_per_segment_max')
  expect(names.filter(name => name.includes('_ms') || name.startsWith('generator'))).toEqual([])
})
