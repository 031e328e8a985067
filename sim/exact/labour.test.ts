import { expect, test } from 'vitest'
import { Cores } from '../network/cores.ts'
import { Machine } from '../network/machine.ts'
import { Labour } from './ground.ts'

const waits = { cpuMs: 0, cpuMsPerMib: 0, besideMs: [[0, 20]] as [number, number][] }

test("a store's threads hold up the machine that they work on; a store of its own processes only keeps its asker waiting", () => {
  const doneFor = (elsewhere: boolean): number[] => {
    const machine = new Machine(1)
    const origin = new Cores(1, machine)
    const labour = new Labour(waits, 1, 'storeWrite', elsewhere)
    const storedMs = labour.doneBeside(origin, 0, 0) as number
    return [storedMs, new Cores(1, machine).work(1, 0) as number]
  }
  expect(doneFor(true)).toEqual([20, 1])
  const [storedMs, workedMs] = doneFor(false) as [number, number]
  expect(storedMs).toBeGreaterThanOrEqual(20)
  expect(workedMs).toBeGreaterThan(1.5)
})
