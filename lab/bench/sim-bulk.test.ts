import { expect, test } from 'vitest'
import { benchBulk, benchWorld } from './sim-bulk.ts'

test('a small run decides every key and gives every figure', () => {
  const figures = benchBulk({ viewers: 50_000, edges: 800, sites: 260, durationMs: 480_000 })
  expect(figures.bulk_edge_keys).toBe(figures.bulk_edge_keys_expected)
  for (const name of ['bulk_times_real_time', 'bulk_edge_keys_per_s', 'bulk_memory_bytes'] as const) {
    expect(figures[name]).toBeGreaterThan(0)
  }
}, 120_000)

test('the full run has 100 million viewers at 18,000 edges in 6,000 sites of more than 200 classes that differ', () => {
  const { classes, viewers, event, durationMs, faults, fleet } = benchWorld()
  expect(viewers).toBe(100_000_000)
  expect(classes.reduce((sum, one) => sum + one.sites, 0)).toBe(6_000)
  expect(classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)).toBe(18_000)
  const kinds = new Set(classes.map(({ region, edgesPerSite, mix }) => `${region} ${edgesPerSite} ${[...mix]}`))
  expect(kinds.size).toBeGreaterThanOrEqual(200)
  expect(event.renditions).toHaveLength(10)
  expect(durationMs).toBe(10_800_000)
  expect(faults.map(fault => fault.do)).toEqual(['lose-region'])
  expect(fleet.arrivals.map(({ is }) => is)).toEqual(expect.arrayContaining(['ramp', 'half-time']))
})
