import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cores } from './cores.ts'
import { Machine } from './machine.ts'

const processes = (cores: number, count: number): Cores[] => {
  const machine = new Machine(cores)
  return Array.from({ length: count }, () => new Cores(1, machine))
}

test('as many busy processes as there are cores do not slow each other', () => {
  const [a, b] = processes(2, 2) as [Cores, Cores]
  expect([a.work(10, 0), b.work(10, 0), a.work(5, 4)]).toEqual([10, 10, 15])
})

test('more of them share the cores equally, and one that is done is out of the way', () => {
  const [a, b, c] = processes(1, 3) as [Cores, Cores, Cores]
  expect(a.work(4, 0)).toBe(4)
  // Both run at half speed until a's four are done, at 8; then b is alone.
  expect(b.work(10, 0)).toBe(14)
  expect(c.work(1, 20)).toBe(21)
})

test('what follows an answer delays the next one, not the answer', () => {
  const [a, b] = processes(2, 2) as [Cores, Cores]
  expect([a.work(1, 0, 4), b.work(1, 0, 4), a.work(1, 1)]).toEqual([1, 1, 6])
  const alone = new Cores(1)
  expect([alone.work(1, 0, 4), alone.work(1, 1)]).toEqual([1, 6])
})

test('whatever comes, no machine does more than its cores can, nor leaves work undone', () => {
  const piece = fc.record({
    who: fc.integer({ min: 0, max: 4 }),
    inMs: fc.integer({ min: 0, max: 6 }),
    cpuMs: fc.integer({ min: 1, max: 20 }),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(piece, { minLength: 1, maxLength: 40 }), (cores, pieces) => {
      const all = processes(cores, 5)
      let [now, sum, last, most] = [0, 0, 0, 0]
      for (const { who, inMs, cpuMs } of pieces) {
        now += inMs
        sum += cpuMs
        const doneMs = (all[who] as Cores).work(cpuMs, now) as number
        expect(doneMs).toBeGreaterThanOrEqual(now + cpuMs - 1e-9)
        last = Math.max(last, doneMs)
        most = Math.max(most, now)
      }
      // On one core alone everything would be done by then.
      expect(last).toBeLessThanOrEqual(most + sum + 1e-6)
      if (cores === 1 && now === 0) expect(last).toBeCloseTo(sum)
    }),
  )
})

test('what follows answers waits for all who are told at the same instant', () => {
  for (const one of [processes(2, 1)[0] as Cores, new Cores(1)]) {
    expect([one.tell(1, 0, 4), one.tell(1, 0, 4), one.tell(1, 0, 4)]).toEqual([1, 2, 3])
    expect(one.work(1, 5)).toBe(16)
  }
})

test('what follows an answer comes before all else, also where that came at the same instant', () => {
  for (const one of [processes(2, 1)[0] as Cores, new Cores(1)]) {
    expect([one.work(1, 0, 4), one.work(1, 0, 4), one.tell(1, 0, 2), one.work(1, 0)]).toEqual([1, 6, 11, 14])
  }
})

test('threads beside take longer on a busy machine, and hold others up', () => {
  const [a, b] = processes(1, 2) as [Cores, Cores]
  expect(a.beside(4, 0)).toBe(4)
  expect(b.work(4, 0)).toBe(8)
  const alone = new Cores(1)
  expect([alone.beside(4, 0), alone.work(1, 0)]).toEqual([4, 1])
})
