import { describe, expect, it } from 'vitest'
import { InFlight } from './in-flight.ts'
import { faultOf } from './testing/bodies.ts'

const never = () => performance.now() + 60_000

describe('requests in flight', () => {
  it('run so many at once, the others in the order in which they came', async () => {
    const inFlight = new InFlight('reads', { running: 2, waiting: 10 })
    const order: number[] = []
    let [running, most] = [0, 0]
    const task = (number: number) => async () => {
      running++
      most = Math.max(most, running)
      await new Promise(done => setImmediate(done))
      order.push(number)
      running--
    }
    await Promise.all([1, 2, 3, 4, 5, 6].map(number => inFlight.run(never(), task(number))))
    expect(most).toBe(2)
    expect(order).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('refuse what is beyond those that may wait, and free the place of what failed', async () => {
    let refused = 0
    const inFlight = new InFlight('reads', { running: 1, waiting: 1 }, () => refused++)
    const gate = Promise.withResolvers<void>()
    const first = inFlight.run(never(), () => gate.promise)
    const second = inFlight.run(never(), async () => 'second')
    expect(await faultOf(inFlight.run(never(), async () => 'third'))).toBe('unavailable')
    expect(refused).toBe(1)
    gate.reject(new Error('the first failed'))
    await expect(first).rejects.toThrow('the first failed')
    expect(await second).toBe('second')
    expect(await inFlight.run(never(), async () => 'fourth')).toBe('fourth')
  })

  it('let nothing wait beyond its deadline, and hand the place to the next one', async () => {
    const inFlight = new InFlight('writes', { running: 1, waiting: 3 })
    const gate = Promise.withResolvers<void>()
    const first = inFlight.run(never(), () => gate.promise)
    const impatient = inFlight.run(performance.now() + 10, async () => expect.unreachable())
    const patient = inFlight.run(never(), async () => 'done')
    expect(await faultOf(impatient)).toBe('unavailable')
    gate.resolve()
    await first
    expect(await patient).toBe('done')
  })
})
