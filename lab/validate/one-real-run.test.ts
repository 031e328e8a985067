import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { onOneMachine } from '../../sim/node/one-machine.ts'
import { processCostsOf } from '../../sim/node/process-costs.ts'
import { errorOf } from './comparison.ts'
import { Ground } from './ground.ts'
import { v1 } from './replayed-logs.ts'
import { v2 } from './twins.ts'

// One real run, of smoke, held against its simulated twin (V2) and, log by log, against new cores (V1).

const records = mkdtempSync(join(tmpdir(), 'tidegate-one-real-run-'))
afterAll(() => rmSync(records, { recursive: true }))
const costs = processCostsOf({ storms: [], origin: new Map() })
const ground = () => new Ground(records, { calibration: onOneMachine(defaultCalibration), costs })
const quick = (said: string[]) => ({ seeds: 1, quick: true, say: (line: string) => void said.push(line) })

test('a scenario as real processes and as its twin: what the design fixes is the same in both', {
  timeout: 120_000,
}, async () => {
  const said: string[] = []
  const options = { ...quick(said), scenarios: ['smoke'] }
  const comparisons = await v2(options, ground())
  expect(said[0]).toMatch(/^1 scenarios over 1 seeds: 1 real runs to make \(0 are there\), about \d+ min$/)
  expect(said.filter(line => line.includes('only one world tells'))).toEqual([])
  expect(new Set(comparisons.map(({ variant }) => variant))).toEqual(new Set(['none', 'oca']))
  const error = (figure: string, variant = 'oca') => {
    const found = comparisons.find(one => one.figure === figure && one.variant === variant)
    return found && errorOf(found)
  }
  const fixed = ['players', 'wrong_bodies', 'fills_per_segment', 'fills_per_segment_max', 'hold_over_bound']
  expect(fixed.map(figure => error(figure))).toEqual(fixed.map(() => 0))
  // How much everybody asks depends on the players alone, whoever stands in the edges.
  expect(error('player_requests', 'none')).toBeLessThan(0.1)
  const waits = comparisons.filter(({ kind }) => kind === 'p50_wait')
  expect(waits.length).toBeGreaterThan(5)
  for (const { interval, figure } of waits) {
    expect(interval?.[0], figure).toBeLessThanOrEqual(interval?.[1] as number)
  }
  // What was run is not run again.
  const again = await v2(options, ground())
  expect(said.filter(line => line.includes('0 real runs to make (1 are there)'))).toHaveLength(1)
  expect(again).toEqual(comparisons)
})

test('real processes: every log of an edge, an origin and a packager comes out of a new core byte by byte', {
  timeout: 120_000,
}, async () => {
  const said: string[] = []
  const comparisons = await v1(quick(said), ground())
  // The run is the one that is there.
  expect(said).toEqual([expect.stringMatching(/^\d+ logs of smoke replayed$/)])
  expect(comparisons.filter(comparison => errorOf(comparison) > 0)).toEqual([])
  const logs = new Set(comparisons.map(({ variant, figure }) => `${variant} ${figure}`))
  for (const policy of ['none', 'oca']) {
    for (const name of ['a1', 'a2', 'origin', 'pipeline-a', 'pipeline-b']) {
      expect(logs).toContain(`${policy} decisions.${name}`)
    }
  }
  // Not because there was nothing to decide.
  for (const { trusted } of comparisons) expect(trusted).toBeGreaterThan(20)
})
