import { expect, it } from 'vitest'
import { findMemcached } from '../../services/memcached.ts'
import { printEvolution } from './store/store-table.ts'
import { benchStore, type StoreBenchOptions } from './store.ts'

const found = await findMemcached()
if ('absent' in found) process.stderr.write(`NOT TESTED: the store benchmark: ${found.absent}\n`)

/** Tiny: that it runs, counts and tells, not how fast anything is. */
const options: StoreBenchOptions = {
  stores: ['lsm'],
  parts: ['publish', 'delivery'],
  publish: { turns: 1, publishesATurn: 6, publishEveryMs: 30, bodyBytes: 300_000, window: 8, readsPerS: 100 },
  delivery: { turns: 1, turnMs: 200, bodies: 4, bodyBytes: 300_000, inFlight: 4 },
  visible: { publishes: 2, bodyBytes: 300_000 },
  faults: {},
}

it.skipIf('absent' in found)('measures a store with and without the tier', { timeout: 120_000 }, async () => {
  const figures = await benchStore(options, () => {})
  for (const title of ['lsm', 'lsm_memcached']) {
    expect(figures[`publishes.${title}`]).toBe(18)
    expect(figures[`publishes_failed.${title}`]).toBe(0)
    expect(figures[`storm_reads_failed.${title}`]).toBe(0)
    expect(figures[`publish_p50_storm_over_quiet.${title}`]).toBeGreaterThan(0)
    expect(figures[`delivery_gbit_s.${title}`]).toBeGreaterThan(0)
    expect(figures[`storm_bytes.${title}`]).toBe((figures[`storm_reads.${title}`] as number) * 300_000)
  }
  // Without the tier every read of the storm reaches the database; with it those that the cache was too slow for.
  expect(figures['database_reads_in_storm.lsm']).toBe(1)
  expect(figures['database_reads_in_storm.lsm_memcached']).toBeLessThan(0.5)
  expect(figures.publish_p50_storm_over_quiet, 'only of what was measured').toBeUndefined()
  expect(printEvolution(figures)).toContain('lsm + memcached')
})
