import { expect, test } from 'vitest'
import { Pauses } from './pauses.ts'

const calibrated = (everyMs: number) => ({ everyMs, lastsMs: [[0, 4]] as [number, number][] })

test('a process stands still once for every so much work, however small its pieces are', () => {
  const pauses = new Pauses(calibrated(50), 1, 'a1')
  const worked = Array.from({ length: 2_000 }, () => pauses.dueAfter(0.5))
  expect(worked.reduce((all, ms) => all + ms, 0)).toBe(20 * 4)
  expect(new Set(worked)).toEqual(new Set([0, 4]))
})

test('a long piece of work has all the pauses that are due in it', () => {
  expect(new Pauses(calibrated(50), 1, 'a1').dueAfter(500)).toBe(10 * 4)
})

test('processes do not stand still at the same time', () => {
  const workUntilPause = (name: string): number => {
    const pauses = new Pauses(calibrated(50), 1, name)
    let workedMs = 0
    do workedMs++
    while (pauses.dueAfter(1) === 0)
    return workedMs
  }
  expect(new Set(['a1', 'a2', 'b1', 'b2'].map(workUntilPause)).size).toBeGreaterThan(1)
  expect(workUntilPause('a1')).toBe(workUntilPause('a1'))
})
