import type { Client } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import { HedgeDelay } from './hedge-delay.ts'

/** A client that knows `nodes` nodes of data centre eu that are up, one that is down, and one elsewhere. */
const clientOf = (nodes: number) => {
  const host = (datacenter: string, up: boolean) => ({ datacenter, isUp: () => up })
  const hosts = [...Array.from({ length: nodes }, () => host('eu', true)), host('eu', false), host('us', true)]
  return { hosts: { values: () => hosts } } as unknown as Client
}
const delayOf = (latencies: readonly number[], budgetMs = 2_000) => {
  const delay = new HedgeDelay('eu', budgetMs)
  for (const latency of latencies) delay.learn(latency)
  return delay.delayMs
}

describe('the delay before a hedge', () => {
  it('is what all but one in twenty of the last answers took', () => {
    const latencies = Array.from({ length: 256 }, (_, i) => 30 + (i % 100))
    const longer = latencies.filter(latency => latency > (delayOf(latencies) as number)).length
    expect(longer / latencies.length).toBeLessThanOrEqual(0.05)
    expect(longer / latencies.length).toBeGreaterThan(0.02)
  })

  it('follows slow and quick days, and forgets', () => {
    const slow = Array.from({ length: 256 }, () => 300)
    const quick = Array.from({ length: 256 }, () => 40)
    expect(delayOf([...slow, ...quick])).toBe(40)
    expect(delayOf([...quick, ...slow])).toBe(300)
  })

  it('is never so short that it doubles the load, nor so long that it helps nobody', () => {
    expect(delayOf(Array.from({ length: 256 }, () => 1))).toBe(20)
    expect(delayOf(Array.from({ length: 256 }, () => 5_000))).toBe(500)
    expect(delayOf([])).toBe(100)
  })

  it('sends one hedge, and none where no other node of the region is up', () => {
    const delay = new HedgeDelay('eu', 2_000)
    expect(delay.newPlan().nextExecution()).toBe(-1)
    delay.init(clientOf(1))
    expect(delay.newPlan().nextExecution()).toBe(-1)
    delay.init(clientOf(3))
    const plan = delay.newPlan()
    expect([plan.nextExecution(), plan.nextExecution()]).toEqual([100, -1])
  })
})
