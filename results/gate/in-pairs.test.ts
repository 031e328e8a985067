import { expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { comparePairs, confirmed, figuresByVariant, usualPairRule } from './in-pairs.ts'
import { pairsOf, runWith } from './runs.fixture.ts'

const figure = 'publication_to_first_byte_ms_p50'
const chance = new RandomStream(6, 'pairs')

/** Eight pairs of a time of about `ms` with a noise of `deviation`, the second of each `times` as long. */
const noisy = (times: number, deviation = 0.04, ms = 100) =>
  pairsOf(
    figure,
    Array.from(
      { length: 8 },
      () => [chance.lognormal(ms, deviation), chance.lognormal(ms * times, deviation)] as const,
    ),
  )
const outcome = (pairs: ReturnType<typeof noisy>) => comparePairs(pairs)[0]?.outcome

test('a fifth more is worse, a fifth less is better, and the ratio stands beside it', () => {
  const [worse] = comparePairs(noisy(1.2))
  expect(worse).toMatchObject({ variant: 'oca', figure, by: 'pairs', outcome: 'worse' })
  expect(worse?.ratio?.estimate).toBeCloseTo(1.2, 1)
  expect(worse?.ratio?.low).toBeGreaterThan(1.05)
  expect(outcome(noisy(1 / 1.2))).toBe('better')
})

test('the same code is hardly ever worse, and worse twice in a row never', () => {
  let once = 0
  let twice = 0
  for (let i = 0; i < 300; i++) {
    const first = comparePairs(noisy(1, 0.2))
    if (first[0]?.outcome === 'worse') once++
    if (confirmed(first, comparePairs(noisy(1, 0.2)))[0]?.outcome === 'worse') twice++
  }
  expect(once).toBeLessThan(6)
  expect(twice).toBe(0)
})

test('an effect under the floor is not shown, however sure', () => {
  expect(outcome(noisy(1.04, 0.001))).toBe('not-shown')
  expect(outcome(noisy(1.06, 0.001))).toBe('worse')
})

test('an effect over the floor that the interval does not bear out is not shown', () => {
  expect(outcome(noisy(1.2, 0.5))).toBe('not-shown')
})

test('a few milliseconds are a scheduler’s, whatever their ratio', () => {
  expect(outcome(noisy(1.5, 0.01, 3))).toBe('not-shown')
  expect(outcome(noisy(2, 0.01, 3))).toBe('worse')
})

test('nothing is a millisecond: from 0 to 200 ms is worse, from 0 to 0 is not shown', () => {
  const from0 = (to: number) => outcome(pairsOf(figure, Array(8).fill([0, to])))
  expect(from0(200)).toBe('worse')
  expect(from0(0)).toBe('not-shown')
})

test('worse stays worse only where the confirming rerun says so of the same figure', () => {
  const first = comparePairs(noisy(1.3))
  expect(confirmed(first, comparePairs(noisy(1.3)))[0]).toMatchObject({
    outcome: 'worse',
    reason: expect.stringContaining('and again in the confirming rerun'),
  })
  expect(confirmed(first, comparePairs(noisy(1)))[0]?.outcome).toBe('not-shown')
  expect(confirmed(first, [])[0]?.outcome).toBe('not-shown')
})

test('a time that the candidate does not emit any more is an error; one that it lacks now and then is compared', () => {
  const same = Array(4).fill([100, 100])
  const outcomeOf = (...more: (readonly [number | undefined, number | undefined])[]) =>
    outcome(pairsOf(figure, [...same, ...more]))
  expect(outcomeOf(...Array(5).fill([100, undefined]))).toBe('not-emitted')
  expect(outcomeOf([100, undefined], [undefined, 100])).toBe('not-shown')
  const [few] = comparePairs(
    pairsOf(figure, [
      [1, 900],
      [1, 900],
      [1, 900],
      [1, undefined],
    ]),
  )
  expect(few).toMatchObject({ outcome: 'not-shown', reason: 'both sides emitted it in 3 of 4 pairs only' })
  expect(comparePairs(pairsOf(figure, Array(8).fill([undefined, 1])))).toEqual([])
  expect(comparePairs([])).toEqual([])
})

test('of whole records the times are taken, and neither counts nor the generator’s own', () => {
  const run = figuresByVariant(runWith())
  const figures = comparePairs(Array(8).fill({ against: run, candidate: run })).map(({ figure }) => figure)
  expect(figures).toContain(figure)
  expect(figures.filter(name => name.startsWith('generator') || name.startsWith('fills'))).toEqual([])
})

test('the same pairs give the same interval', () => {
  const pairs = noisy(1.1)
  expect(comparePairs(pairs)).toEqual(comparePairs(pairs))
  const few = { ...usualPairRule, resamples: 20 }
  expect(comparePairs(pairs, { ...few, seed: 2 })).not.toEqual(comparePairs(pairs, few))
})
