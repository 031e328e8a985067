import { expect, test } from 'vitest'
import { Cores } from './cores.ts'
import { Machine } from './machine.ts'

test('as many busy processes as there are cores do not slow each other', () => {
  const machine = new Machine(2)
  const [a, b] = [new Cores(1, machine), new Cores(1, machine)]
  expect([a.work(10, 0), b.work(10, 0)]).toEqual([10, 10])
})

test('more of them share the cores equally, and one that is done is out of the way', () => {
  const machine = new Machine(2)
  const [a, b, c, d] = Array.from({ length: 4 }, () => new Cores(1, machine)) as [Cores, Cores, Cores, Cores]
  a.work(10, 0)
  b.work(10, 0)
  expect(c.work(10, 0)).toBe(15)
  expect(d.work(10, 5)).toBe(25)
  expect(a.work(10, 30)).toBe(40)
})

test('what one process has still to do slows itself by its order alone', () => {
  const machine = new Machine(1)
  const cores = new Cores(1, machine)
  expect([cores.work(4, 0), cores.work(4, 1), cores.work(4, 2)]).toEqual([4, 8, 12])
  expect(cores.busyMs).toBe(12)
})

test('a process with several cores keeps as many of the machine’s busy', () => {
  const machine = new Machine(2)
  const [wide, other] = [new Cores(2, machine), new Cores(1, machine)]
  wide.work(10, 0)
  wide.work(10, 0)
  expect(other.work(10, 1)).toBe(16)
})
