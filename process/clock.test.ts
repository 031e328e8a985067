import { expect, test } from 'vitest'
import { aheadOf } from './clock.ts'

// Issue 6: of five hundred edges of real runs eight stood 1 to 67 ms beside everybody's clock. Their processes had been
// held up between the two clocks that they read once, at their start.

/** A clock that is 1,000 ms ahead of another; what reads them is held up for `heldUpMs` before the reading of each number. */
function clocks(heldUpMs: (reading: number) => number): [clock: () => number, other: () => number] {
  let [readings, nowMs] = [0, 0]
  const read = (ms: number) => {
    nowMs += 0.001 + heldUpMs(readings++)
    return nowMs + ms
  }
  return [() => read(1_000), () => read(0)]
}

test('two clocks are as far apart as they are, however often their reader is held up between them', () => {
  expect(aheadOf(...clocks(() => 0))).toBeCloseTo(1_000, 2)
  expect(aheadOf(...clocks(reading => (reading < 20 ? 67 : 0)))).toBeCloseTo(1_000, 2)
  expect(aheadOf(...clocks(reading => (reading % 5 === 0 ? 3 : 0)))).toBeCloseTo(1_000, 2)
})
