import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RandomStream } from '../../live/random.ts'
import { runWith } from '../../results/gate/runs.fixture.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { benchGate, grownFigure } from './gate.ts'
import type { Runs } from './gate-comparisons.ts'
import { extraFillRun } from './gate-storm.ts'

const options = { rounds: 12, extraFills: 3, sameCodeGates: 12, delayedGates: 4 }
const chance = new RandomStream(5, 'bench:gate')

/** Runs as the benchmark makes them, with a time of about 100 ms, `times` as long where bodies are delayed. */
function runsWith(given: { times: number; fills: number; noise?: number; requests?: () => number }): Runs {
  const { times, fills, noise = 0.02, requests = () => 100 } = given
  const run = (longer: number, most = 1): RunRecord =>
    runWith({
      [grownFigure]: chance.lognormal(100 * longer, noise),
      fills_per_segment_max: most,
      origin_requests: requests(),
    })
  return {
    rounds: Array.from({ length: options.rounds }, () => [run(1), run(times), run(times), run(1)] as const),
    withExtraFill: Array.from({ length: options.extraFills }, () => run(1, fills)),
  }
}

test('figures say what was found among runs that differ as they should', () => {
  expect(benchGate(runsWith({ times: 1.2, fills: 2 }), options)).toMatchObject({
    false_alarms_of_100: 0,
    slowdowns_found_of_20: options.delayedGates,
    extra_fills_found_of_20: options.extraFills,
    plain_runs: 24,
  })
})

test('they fall where nothing is slower and no fill is extra', () => {
  expect(benchGate(runsWith({ times: 1, fills: 1 }), options)).toMatchObject({
    slowdowns_found_of_20: 0,
    extra_fills_found_of_20: 0,
  })
})

test('they fall where the noise is larger than the change', () => {
  expect(benchGate(runsWith({ times: 1.2, fills: 2, noise: 1 }), options).slowdowns_found_of_20).toBe(0)
})

test('an alarm about the same code is counted', () => {
  let turn = 0
  // The first rounds have twice the requests: a gate that draws two of them, and none for its baseline, cries wolf.
  const requests = () => (++turn <= 8 ? 200 : 100)
  const { false_alarms_of_100: alarms } = benchGate(runsWith({ times: 1.2, fills: 2, requests }), {
    ...options,
    sameCodeGates: 200,
  })
  expect(alarms).toBeGreaterThan(0)
})

test('a real run with an extra request to the origin has one fill more', { timeout: 60_000 }, async () => {
  const { variants } = await extraFillRun(mkdtempSync(join(tmpdir(), 'tidegate-bench-gate-')))
  expect(variants[0]?.figures).toMatchObject({ fills_per_segment_max: 2, wrong_bodies: 0 })
})
