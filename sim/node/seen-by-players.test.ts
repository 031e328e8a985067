import { expect, test } from 'vitest'
import { quantileAt } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import type { CalibrationRun } from './read-runs.ts'
import { seenByPlayers } from './seen-by-players.ts'

test('half of a wait is one way, and the most disturbed waits do not count', () => {
  const players = new Map(
    Array.from({ length: 100 }, (_, i) => [`p${i}-1`, { atMs: i, firstByteMs: i + (i < 80 ? 2 : 50) }]),
  )
  const run = { players, edges: new Map(), origin: new Map(), fetches: new Map(), parts: [] } as unknown
  const { latency, work, cores } = seenByPlayers(defaultCalibration, run as CalibrationRun, 0.75)
  expect(quantileAt(latency.playerEdge, 0.5)).toBe(1)
  expect(quantileAt(latency.playerEdge, 1)).toBe(1)
  expect(work.edgeHit.cpuMs).toBe(0)
  expect(cores.hears).toEqual([])
  expect(work.originServe).toEqual(defaultCalibration.work.originServe)
})
