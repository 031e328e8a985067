import { describe, expect, test } from 'vitest'
import { loadScenario } from '../../scenarios/load.ts'
import { calibrationSchemaName, parseCalibration, quantileAt } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { calibrationFrom } from './calibrate.ts'
import { runForCalibration } from './calibration-run.ts'
import type { CalibrationRun, Seen } from './read-runs.ts'
import { simulateScenario } from './simulate-scenario.ts'

const mib = 1024 * 1024
const nothingSeen: CalibrationRun = {
  edges: new Map(),
  origin: new Map(),
  players: new Map(),
  fetches: new Map(),
  parts: [],
  storms: [],
  puts: [],
  ways: [],
  upstreamWaysMs: [],
  actionMs: [],
  edgeStartMs: [],
  busyShare: 0,
  commit: 'abc',
}

/** Hits that take `bareMs` and so much for each MiB; every tenth is disturbed by 5 ms. */
function hits(bareMs: number, msAMib: number): Map<string, Seen> {
  return new Map(
    Array.from({ length: 200 }, (_, i): [string, Seen] => {
      const bytes = i % 2 === 0 ? mib / 8 : 2 * mib
      const tookMs = bareMs + (msAMib * bytes) / mib + (i % 10 < 2 && i % 3 === 0 ? 5 : 0)
      return [`a1 p${i}-1`, { atMs: i * 100, lastByteMs: i * 100 + tookMs, bytes, reason: 'hit' }]
    }),
  )
}

describe('a calibration from a run', () => {
  test('takes the CPU of a hit, its cost by the MiB, and what disturbs it, apart', () => {
    const { calibration } = calibrationFrom({ ...nothingSeen, edges: hits(0.2, 0.5) }, { measuredAt: 'today' })
    const { cpuMs, cpuMsPerMib, besideMs } = calibration.work.edgeHit
    expect(cpuMs).toBeCloseTo(0.2, 3)
    expect(cpuMsPerMib).toBeCloseTo(0.5, 3)
    expect(quantileAt(besideMs, 0.5)).toBeCloseTo(0, 3)
    expect(quantileAt(besideMs, 1)).toBeCloseTo(5, 3)
  })

  test('leaves what was not seen often enough as it stands, and names it', () => {
    const { calibration, kept } = calibrationFrom(nothingSeen, { measuredAt: 'today' })
    expect(kept).toContain('edge hit (0 samples)')
    expect(calibration.work).toEqual(defaultCalibration.work)
  })

  test('measured on this machine, is one that a simulation takes', async () => {
    const run = await runForCalibration(() => undefined, new AbortController().signal)
    const { calibration, kept } = calibrationFrom(run, { measuredAt: '2027-01-15T08:00:00Z' })
    expect(parseCalibration(JSON.parse(JSON.stringify(calibration)), 'x')).toEqual(calibration)
    expect(calibration).toMatchObject({ schema: calibrationSchemaName, machine: { node: process.version } })
    for (const measured of ['edge hit', 'origin serve', 'origin publish', 'player to edge', 'generator lag']) {
      expect(kept.filter(name => name.startsWith(measured))).toEqual([])
    }
    expect(calibration.work.edgeHit.cpuMs).toBeGreaterThan(0)
    // An edge that was restarted names its fetches anew: two requests of one name once made a wait of 7 s.
    expect(quantileAt(calibration.work.edgeWait.besideMs, 1)).toBeLessThan(3_000)
    const { record } = await simulateScenario(loadScenario('smoke'), { calibration, policies: ['oca'], out: null })
    expect(record.variants[0]?.checks.filter(check => check.outcome !== 'held')).toEqual([])
  }, 120_000)
})
