import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cores } from './cores.ts'

/** First come, first served by whichever core is free first: looked up afresh for each piece. */
function naive(cores: number, work: readonly { atMs: number; cpuMs: number }[]): number[] {
  const ends: number[] = []
  for (const { atMs, cpuMs } of work) {
    const lastOfEach = Array.from(
      { length: cores },
      (_, i) => ends.toSorted((a, b) => b - a)[cores - 1 - i] ?? -Infinity,
    )
    ends.push(Math.max(atMs, Math.min(...lastOfEach)) + cpuMs)
  }
  return ends
}

test('work is done in the order in which it comes, on the core that is free first', () => {
  const piece = fc.record({ inMs: fc.integer({ min: 0, max: 20 }), cpuMs: fc.integer({ min: 0, max: 30 }) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(piece, { maxLength: 40 }), (count, pieces) => {
      const cores = new Cores(count)
      const work: { atMs: number; cpuMs: number }[] = []
      for (const { inMs, cpuMs } of pieces) work.push({ atMs: (work.at(-1)?.atMs ?? 0) + inMs, cpuMs })
      expect(work.map(one => cores.work(one.cpuMs, one.atMs))).toEqual(naive(count, work))
    }),
  )
})

test('two cores carry two pieces at once, and the third waits for the first of them', () => {
  const cores = new Cores(2)
  expect([cores.work(10, 0), cores.work(4, 0), cores.work(1, 1), cores.work(1, 20)]).toEqual([10, 4, 5, 21])
  expect(cores.busyMs).toBe(16)
})
