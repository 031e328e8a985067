import { expect, test } from 'vitest'
import { defaultCalibration } from '../default-calibration.ts'
import { Hearing } from './hearing.ts'

const hears = (...points: [number, number][]) => ({
  ...defaultCalibration.cores,
  hears: points.map(([idleMs, takesMs]) => ({ idleMs, takesMs: [[0, takesMs]] as [number, number][] })),
})

test('the longer a process has been idle, the later it hears', () => {
  const hearing = new Hearing(hears([0, 0.02], [1, 0.2], [50, 0.5]), 1)
  expect(hearing.isAtOnce).toBe(false)
  expect([0, 0.9, 1, 49, 50, 1e9].map(idleMs => hearing.takesMs(idleMs))).toEqual([0.02, 0.02, 0.2, 0.2, 0.5, 0.5])
})

test('where nothing is said of it, everybody hears at once', () => {
  const hearing = new Hearing(hears(), 1)
  expect(hearing.isAtOnce).toBe(true)
  expect(hearing.takesMs(1_000)).toBe(0)
})
