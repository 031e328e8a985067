import { expect, test } from 'vitest'
import { checkFigure } from '../checks.ts'
import type { RunRecord } from '../record/record.ts'
import { type GateInput, holdGate } from './gate.ts'
import { historyLine } from './history.ts'
import { figuresByVariant, type Pair } from './in-pairs.ts'
import { GateError } from './outcome.ts'
import { baselineWith, runWith } from './runs.fixture.ts'

const at = '2026-01-31T18:00:00.000Z'
const hold = (given: Partial<GateInput> = {}) => holdGate({ record: runWith(), baseline: baselineWith(), at, ...given })
const slower = (times: number): Pair[] =>
  Array.from({ length: 8 }, () => ({
    against: figuresByVariant(runWith({ ttfb_ms_p50: 100 })),
    candidate: figuresByVariant(runWith({ ttfb_ms_p50: 100 * times })),
  }))

test('holds for the same code, without pairs and with them', () => {
  expect(hold()).toMatchObject({
    outcome: 'held',
    notes: ['Times are not compared: --against measures them in pairs.'],
  })
  const measurement = { against: 'main', first: slower(1), confirming: [] }
  expect(hold({ measurement })).toMatchObject({
    outcome: 'held',
    notes: ['Times are compared with main in 8 pairs measured in one go (A B B A).'],
  })
})

test('fails for an extra fill, a slowdown that is confirmed, and drift', () => {
  expect(hold({ record: runWith({ fills_per_segment_max: 2 }) }).outcome).toBe('failed')
  const measurement = { against: 'main', first: slower(1.3), confirming: slower(1.3) }
  const { outcome, comparisons, line } = hold({ measurement })
  expect(outcome).toBe('failed')
  expect(comparisons.filter(one => one.outcome === 'worse').map(({ figure, by }) => [figure, by])).toEqual([
    ['ttfb_ms_p50', 'pairs'],
  ])
  expect(line.ratios.oca?.ttfb_ms_p50?.estimate).toBeCloseTo(1.3)
  const history = Array.from({ length: 30 }, (_, i) => historyLine(runWith({ origin_requests: 70 + i }), [], at))
  const drifted = hold({ record: runWith({ origin_requests: 100 }), history })
  expect(drifted.comparisons.filter(one => one.by === 'drift')).toMatchObject([{ figure: 'origin_requests' }])
  expect(drifted.outcome).toBe('failed')
})

test('a count that left its band is worse where a second run left it, too', () => {
  const record = runWith({ origin_requests: 200 })
  expect(hold({ record }).outcome).toBe('failed')
  expect(hold({ record, rerun: record }).outcome).toBe('failed')
  expect(hold({ record, rerun: runWith({ origin_requests: undefined }) }).outcome).toBe('failed')
  const held = hold({ record, rerun: runWith() })
  expect(held.outcome).toBe('held')
  expect(held.comparisons.find(({ reason }) => reason.endsWith('and a second run was not'))).toMatchObject({
    figure: 'origin_requests',
    outcome: 'not-shown',
  })
  // What is exact needs no second run, and none excuses it.
  expect(hold({ record: runWith({ fills_per_segment_max: 2 }), rerun: runWith() }).outcome).toBe('failed')
})

test('a slowdown is not said before it is confirmed', () => {
  expect(hold({ measurement: { against: 'main', first: slower(1.3), confirming: slower(1) } }).outcome).toBe('held')
  expect(() => hold({ measurement: { against: 'main', first: slower(1.3), confirming: [] } })).toThrow(GateError)
})

test('fails for a check that failed and for one on a figure that nobody emitted', () => {
  const [none, nginx, oca] = runWith().variants
  const withCheck = (figure: string, want: number): RunRecord => ({
    ...runWith(),
    variants: [none, nginx, { ...oca, checks: [checkFigure(oca?.figures ?? {}, figure, { equals: want })] }] as never,
  })
  expect(hold({ record: withCheck('wrong_bodies', 0) })).toMatchObject({ outcome: 'held', checksHeld: true })
  expect(hold({ record: withCheck('wrong_bodies', 1) })).toMatchObject({ outcome: 'failed', checksHeld: false })
  expect(hold({ record: withCheck('fills_of_nobody', 0) })).toMatchObject({ outcome: 'failed', checksHeld: false })
})

test('says when the generator fell behind in the pairs', () => {
  const behind = slower(1).map(pair => ({ ...pair, candidate: figuresByVariant(runWith({ generator_kept_up: 0 })) }))
  expect(hold({ measurement: { against: 'main', first: behind, confirming: [] } }).notes.at(-1)).toBe(
    'The generator fell behind its plan in 8 of these 16 runs: the machine is busy.',
  )
})
