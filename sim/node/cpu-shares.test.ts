import { expect, test } from 'vitest'
import { afterMsOf, cpuMsOf, type Work } from '../calibration.ts'
import { sharedOut } from './cpu-shares.ts'

const mib = 1024 * 1024
const work = (cpuMs: number, cpuMsPerMib = 0): Work => ({ cpuMs, cpuMsPerMib, besideMs: [[0, 1]] })
/** Of `times` pieces with `mibOfAll` of bodies together. */
const whole = (one: Work, times: number, mibOfAll: number): number => {
  const bytes = (mibOfAll / times) * mib
  return times * ((cpuMsOf(one, bytes) as number) + (afterMsOf(one, bytes) as number))
}

test('the CPU of all work together is that of the process', () => {
  const done = { a: { work: work(0.1, 0.5), times: 1_000, mib: 40 }, b: { work: work(0.3), times: 200, mib: 0 } }
  for (const cpuMs of [50, 180, 900]) {
    const { a, b } = sharedOut(done, { cpuMs })
    expect(whole(a, 1_000, 40) + whole(b, 200, 0)).toBeCloseTo(cpuMs)
  }
})

test('what a process spends beyond what its answers show comes after them, half of it with their bytes', () => {
  const { a } = sharedOut({ a: { work: work(0.1), times: 100, mib: 0 } }, { cpuMs: 50 })
  expect(a).toMatchObject({ cpuMs: 0.1, besideMs: [[0, 1]] })
  expect(a.afterMs).toBeCloseTo(0.4)
  const withBodies = sharedOut({ a: { work: work(0.1), times: 100, mib: 10 } }, { cpuMs: 50 }).a
  expect([withBodies.afterMs, withBodies.afterMsPerMib]).toEqual([0.2, 2])
})

test('no more follows an answer than in a busier run: a process that is hardly asked spends the rest by the hour', () => {
  const done = { a: { work: work(0.1), times: 100, mib: 10 } }
  const { a } = sharedOut(done, { cpuMs: 50, most: { afterMs: 0.15, afterMsPerMib: 0.5 } })
  expect(a).toMatchObject({ cpuMs: 0.1, afterMs: 0.15, afterMsPerMib: 0.5 })
  const little = sharedOut(done, { cpuMs: 12, most: { afterMs: 5, afterMsPerMib: 5 } }).a
  expect([little.afterMs, little.afterMsPerMib]).toEqual([expect.closeTo(0.01), expect.closeTo(0.1)])
})

test('work that is mostly waiting keeps its length, and occupies less', () => {
  const { a } = sharedOut({ a: { work: work(4), times: 10, mib: 0 } }, { cpuMs: 10 })
  expect(a).toMatchObject({ cpuMs: 1, afterMs: 0, besideMs: [[0, 4]] })
})

test('where nothing was measured, everything stays', () => {
  const done = { a: { work: work(0.1), times: 0, mib: 0 } }
  expect(sharedOut(done, { cpuMs: 100 })).toEqual({ a: work(0.1) })
  expect(sharedOut({ a: { work: work(0.1), times: 5, mib: 0 } }, { cpuMs: 0 })).toEqual({ a: work(0.1) })
})
