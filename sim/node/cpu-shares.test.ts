import { expect, test } from 'vitest'
import type { Work } from '../calibration.ts'
import { sharedOut } from './cpu-shares.ts'

const work = (cpuMs: number, cpuMsPerMib = 0): Work => ({ cpuMs, cpuMsPerMib, besideMs: [[0, 1]] })
const total = (works: Record<'a' | 'b', Work>, times: Record<'a' | 'b', number>, mib: number) =>
  times.a * works.a.cpuMs + times.b * works.b.cpuMs + mib * works.a.cpuMsPerMib

test('the CPU of all work together is that of the process', () => {
  const done = { a: { work: work(0.1, 0.5), times: 1_000, mib: 40 }, b: { work: work(0.3), times: 200, mib: 0 } }
  for (const cpuMs of [50, 180, 900]) {
    expect(total(sharedOut(done, cpuMs), { a: 1_000, b: 200 }, 40)).toBeCloseTo(cpuMs)
  }
})

test('work that is mostly waiting keeps its length, and occupies less', () => {
  const { a } = sharedOut({ a: { work: work(4), times: 10, mib: 0 } }, 10)
  expect([a.cpuMs, a.besideMs]).toEqual([1, [[0, 4]]])
})

test('where nothing was measured, everything stays', () => {
  const done = { a: { work: work(0.1), times: 0, mib: 0 } }
  expect(sharedOut(done, 100)).toEqual({ a: work(0.1) })
  expect(sharedOut({ a: { work: work(0.1), times: 5, mib: 0 } }, 0)).toEqual({ a: work(0.1) })
})
