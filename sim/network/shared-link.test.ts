import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SharedLink } from './shared-link.ts'

interface Sending {
  readonly atMs: number
  readonly bytes: number
}

/** When each flow ends on a real link, whose one event is kept here. */
function run(sendings: readonly Sending[], bitsPerSecond: number | null, flowBitsPerSecond?: number): number[] {
  const ends = sendings.map(() => NaN)
  let nextMs = Infinity
  const link = new SharedLink({ bitsPerSecond, flowBitsPerSecond, endsAt: at => (nextMs = at as number) })
  const settleUntil = (atMs: number) => {
    while (nextMs <= atMs) link.settle(nextMs)
  }
  for (const [i, { atMs, bytes }] of sendings.entries()) {
    settleUntil(atMs)
    link.send({ through: at => (ends[i] = at as number) }, bytes, atMs)
  }
  settleUntil(Number.MAX_SAFE_INTEGER)
  return ends
}

/** The same in tiny steps: every flow under way gets its share of each step. */
function naive(sendings: readonly Sending[], bytesAMs: number, flowBytesAMs: number, stepMs: number): number[] {
  const left = sendings.map(({ bytes }) => bytes)
  const ends = sendings.map(() => NaN)
  for (let at = 0; ends.some(Number.isNaN); at += stepMs) {
    const running = sendings.flatMap(({ atMs }, i) => (atMs <= at && Number.isNaN(ends[i]) ? [i] : []))
    for (const i of running) {
      left[i] = (left[i] as number) - Math.min(flowBytesAMs, bytesAMs / running.length) * stepMs
      if ((left[i] as number) <= 0) ends[i] = at + stepMs
    }
  }
  return ends
}

const sendings = fc
  .array(fc.record({ atMs: fc.integer({ min: 0, max: 60 }), bytes: fc.integer({ min: 1, max: 4_000 }) }), {
    minLength: 1,
    maxLength: 12,
  })
  .map(list => list.sort((a, b) => a.atMs - b.atMs))

test('flows share the capacity as a fluid would, none over its own limit', () => {
  fc.assert(
    fc.property(sendings, list => {
      const [capacity, limit, stepMs] = [100, 40, 0.02]
      const exact = run(list, capacity * 8_000, limit * 8_000)
      const stepped = naive(list, capacity, limit, stepMs)
      for (const [i, at] of exact.entries()) expect(Math.abs(at - (stepped[i] as number))).toBeLessThan(14 * stepMs)
    }),
    { numRuns: 60 },
  )
})

test('the link is never idle while something is under way: the last end is that of all bytes in a row', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 20 }), sizes => {
      const ends = run(
        sizes.map(bytes => ({ atMs: 5, bytes })),
        800_000,
      )
      const all = sizes.reduce((sum, bytes) => sum + bytes, 0)
      expect(Math.max(...ends)).toBeCloseTo(5 + all / 100, 6)
      // Equal starts: the smaller never ends later.
      for (const [i, bytes] of sizes.entries())
        for (const [j, other] of sizes.entries())
          if (bytes < other) expect(ends[i] as number).toBeLessThanOrEqual((ends[j] as number) + 1e-9)
    }),
  )
})

test('a link that nothing bounds takes no time and asks for no event', () => {
  let asked = 0
  const link = new SharedLink({ bitsPerSecond: null, endsAt: () => asked++ })
  const ends: number[] = []
  link.send({ through: at => ends.push(at as number) }, 1_000_000, 7)
  expect([ends, asked, link.flows]).toEqual([[7], 0, 0])
})

test('goes on at the instants of today, where a clock of milliseconds has steps that a fast link can tell apart', () => {
  const fast = fc.array(fc.record({ inMs: fc.double({ min: 0, max: 20, noNaN: true }), bytes: fc.nat(900_000) }), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(fast, given => {
      let [nextMs, through, looks] = [Infinity, 0, 0]
      const link = new SharedLink({ bitsPerSecond: 900_000_000, endsAt: at => (nextMs = at as number) })
      const settleUntil = (atMs: number) => {
        for (; nextMs <= atMs; looks++) {
          // Each look lets a flow end, or comes a little too early for the next one: it never comes for ever.
          if (looks > 3 * given.length) throw new Error(`looked ${looks} times at ${given.length} flows`)
          link.settle(nextMs)
        }
      }
      for (const { inMs, bytes } of given.toSorted((a, b) => a.inMs - b.inMs)) {
        settleUntil(1_800_000_000_000 + inMs)
        link.send({ through: () => through++ }, bytes, 1_800_000_000_000 + inMs)
      }
      settleUntil(Number.MAX_SAFE_INTEGER)
      expect(through).toBe(given.length)
    }),
  )
})
