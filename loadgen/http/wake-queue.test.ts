import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WakeQueue } from './wake-queue.ts'

describe('the wake queue', () => {
  it('gives seats in the order of their instants, whatever is moved in between', () => {
    const move = fc.record({ seat: fc.nat(40), at: fc.oneof(fc.nat(1_000), fc.constant(Infinity)) })
    fc.assert(
      fc.property(fc.array(move, { maxLength: 200 }), moves => {
        const queue = new WakeQueue()
        const model = new Map<number, number>()
        for (const { seat, at } of moves) {
          queue.set(seat, at)
          if (at === Infinity) model.delete(seat)
          else model.set(seat, at)
          expect(queue.nextMs).toBe(Math.min(Infinity, ...model.values()))
          expect(queue.size).toBe(model.size)
        }
        const order: number[] = []
        for (let seat = queue.due(2_000); seat !== undefined; seat = queue.due(2_000)) {
          order.push(model.get(seat) as number)
          queue.set(seat, Infinity)
        }
        expect(order).toEqual([...model.values()].sort((a, b) => a - b))
      }),
    )
  })

  it('grows beyond its first capacity and says what is due only when it is', () => {
    const queue = new WakeQueue()
    for (let seat = 0; seat < 5_000; seat++) queue.set(seat, 5_000 - seat)
    expect(queue.due(0)).toBeUndefined()
    expect(queue.due(1)).toBe(4_999)
    expect(queue.nextMs).toBe(1)
  })
})
