import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventQueue } from './event-queue.ts'

const startMs = 1_800_000_000_000

/** What the queue must do, done naively: a list that is sorted whenever somebody asks. */
class NaiveQueue {
  readonly entries = new Map<number, { atMs: number; turn: number }>()
  nowMs = startMs
  turn = 0

  readonly held = new Set<number>()

  put(slot: number, atMs: number, isHeld: boolean): void {
    this.entries.set(slot, { atMs: Math.max(atMs, this.nowMs), turn: ++this.turn })
    if (isHeld) this.held.add(slot)
    else this.held.delete(slot)
  }

  release(slot: number): void {
    const entry = this.entries.get(slot)
    if (this.held.delete(slot) && entry) entry.atMs = Math.max(entry.atMs, this.nowMs)
  }

  take(untilMs: number): number {
    const loose = [...this.entries].filter(([slot]) => !this.held.has(slot))
    const [first] = loose.sort(([, a], [, b]) => a.atMs - b.atMs || a.turn - b.turn)
    if (first === undefined || first[1].atMs > untilMs) return -1
    this.entries.delete(first[0])
    this.nowMs = first[1].atMs
    return first[0]
  }
}

// Instants close together, equal ones, past ones, and some that lie in every level of the wheel.
const offset = fc.oneof(
  fc.integer({ min: -5, max: 40 }),
  fc.double({ min: 0, max: 3, noNaN: true }),
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: 0, max: 40_000_000 }),
)
const step = fc.oneof(
  fc.record({ do: fc.constant('put' as const), slot: fc.nat(700), inMs: offset }),
  fc.record({ do: fc.constant('put' as const), slot: fc.nat(40), inMs: offset }),
  fc.record({ do: fc.constant('hold' as const), slot: fc.nat(40), inMs: offset }),
  fc.record({ do: fc.constant('release' as const), slot: fc.nat(40) }),
  fc.record({ do: fc.constant('remove' as const), slot: fc.nat(700) }),
  fc.record({ do: fc.constant('take' as const), withinMs: offset }),
)

describe('the event queue', () => {
  test('takes slots by time, then in the order in which they were put in, whatever is moved, held and removed meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.constantFrom(0.01, 0.25, 10), (steps, bucketMs) => {
        const queue = new EventQueue(startMs, bucketMs)
        const naive = new NaiveQueue()
        const takeBoth = (untilMs: number): number => {
          const taken = queue.take(untilMs)
          expect(taken).toBe(naive.take(untilMs))
          if (taken >= 0) expect(queue.nowMs).toBe(naive.nowMs)
          return taken
        }
        for (const one of steps) {
          if (one.do === 'put' || one.do === 'hold') {
            const atMs = naive.nowMs + one.inMs
            if (one.do === 'put') queue.put(one.slot, atMs)
            else queue.hold(one.slot, atMs)
            naive.put(one.slot, atMs, one.do === 'hold')
            expect(queue.dueMs(one.slot)).toBe(naive.entries.get(one.slot)?.atMs)
          } else if (one.do === 'release') {
            queue.release(one.slot)
            naive.release(one.slot)
          } else if (one.do === 'remove') {
            queue.remove(one.slot)
            naive.entries.delete(one.slot)
            naive.held.delete(one.slot)
            expect(queue.dueMs(one.slot)).toBe(Infinity)
          } else takeBoth(naive.nowMs + one.withinMs)
        }
        for (const slot of [...naive.held]) {
          queue.release(slot)
          naive.release(slot)
        }
        while (takeBoth(Infinity) >= 0);
        expect(naive.entries.size).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('goes on behind an instant up to which nothing was due', () => {
    const queue = new EventQueue(startMs, 1)
    queue.put(3, startMs + 10_000_000)
    expect(queue.take(startMs + 5)).toBe(-1)
    queue.put(4, startMs + 6)
    expect(queue.take(Infinity)).toBe(4)
    expect(queue.take(Infinity)).toBe(3)
    expect(queue.take(Infinity)).toBe(-1)
    expect(queue.nowMs).toBe(startMs + 10_000_000)
  })
})
