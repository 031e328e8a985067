import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { onOneMachine } from '../../sim/node/one-machine.ts'
import { errorOf } from './comparison.ts'
import { Ground } from './ground.ts'
import { v2 } from './twins.ts'

test('a scenario as real processes and as its twin: what the design fixes is the same in both', {
  timeout: 120_000,
}, async () => {
  const records = mkdtempSync(join(tmpdir(), 'tidegate-twins-'))
  try {
    const ground = () => new Ground(records, onOneMachine(defaultCalibration))
    const said: string[] = []
    const options = { seeds: 1, scenarios: ['smoke'], quick: true, say: (line: string) => void said.push(line) }
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
  } finally {
    rmSync(records, { recursive: true })
  }
})
