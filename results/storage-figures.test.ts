import { expect, test } from 'vitest'
import { originWith, partOf, segmentOf, stormOf } from './figures.fixture.ts'
import { figuresOf } from './figures.ts'

type Counts = Record<string, number>

const origin = (counts: Counts, times: Record<string, number[]> = {}, name = 'origin') =>
  partOf('origin', name, recorder => {
    for (const [what, count] of Object.entries(counts)) recorder.count(what, count)
    for (const [what, values] of Object.entries(times)) for (const ms of values) recorder.time(what, ms)
  })

const storageOf = (...parts: ReturnType<typeof origin>[]) => figuresOf(stormOf(parts))

test('where nothing was read, audited or published, nothing is said', () => {
  const figures = storageOf(origin({ requests: 1 }))
  for (const name of ['store_reads', 'acknowledged_lost', 'read_retries', 'publish_ms_p50', 'writes_over_500_ms']) {
    expect(figures).not.toHaveProperty(name)
  }
})

test('the audit is what the lab found', () => {
  const lab = { ...partOf('fleet', 'lab'), role: 'lab' as const, counts: { acknowledged: 40, acknowledged_lost: 2 } }
  expect(storageOf(lab)).toMatchObject({ acknowledged: 40, acknowledged_lost: 2 })
})

test('reads of all origins, those that failed, and what was sent once more', () => {
  const eu = origin({
    store_reads: 50,
    'store.unavailable': 1,
    'store.cassandra.retries': 3,
    'store.cassandra.hedges': 4,
  })
  const us = origin({ store_reads: 10, 'store.corrupt': 1, 'store.s3.retries': 1 }, {}, 'origin-us')
  expect(storageOf(eu, us)).toMatchObject({ store_reads: 60, reads_failed_after_retries: 2, read_retries: 8 })
})

test('what reaches the database is a share of what the tier was asked, and unknown without a tier', () => {
  const reads = { store_reads: 100 }
  const tier = { ...reads, 'store.memcached.reads': 200, 'store.memcached.store_reads': 1 }
  expect(storageOf(origin(tier)).database_reads_in_storm).toBe(1 / 200)
  expect(storageOf(origin(reads))).not.toHaveProperty('database_reads_in_storm')
})

test('reads that no answer with a body explains are those of 404s and decisions', () => {
  const explained = { 'requests.reason.published': 6, 'holds.reason.published': 3, 'requests.reason.too-early': 500 }
  const reads = (store_reads: number) => ({ ...explained, store_reads, 'store_reads.init': 2 })
  expect(storageOf(origin(reads(11))).storage_reads_in_404_storm).toBe(0)
  expect(storageOf(origin(reads(15))).storage_reads_in_404_storm).toBe(4)
  // Of those who want one body at once, one reads.
  expect(storageOf(origin(reads(5))).storage_reads_in_404_storm).toBe(0)
  const follows = { ...reads(15), 'feed.lines_taken': 1 }
  expect(storageOf(origin(follows))).not.toHaveProperty('storage_reads_in_404_storm')
})

test('times of publishes, and every write that took longer than 500 ms', () => {
  const times = {
    publish_ms: [1, 2, 3, 4, 900],
    store_write_ms: [1, 499, 501, 2_000, 3],
    publish_to_hold_visible_ms: [4, 5, 40],
    'store.visible_ms.eu': [30, 40],
    'store.visible_ms.us': [200],
  }
  const figures = storageOf({ ...origin({}, times), region: 'eu' })
  expect(figures.publish_ms_p50).toBeCloseTo(3, 1)
  expect(figures.publish_ms_p99).toBeCloseTo(900, -1)
  expect(figures.writes_over_500_ms).toBe(2)
  expect(figures.publish_to_hold_visible_ms_p50).toBeCloseTo(5, 1)
  expect(figures.read_your_writes_ms_p99).toBeCloseTo(40, 0)
  expect(figures.read_your_writes_across_ms_p99).toBeCloseTo(200, 0)
  expect(storageOf(origin({}, { store_write_ms: [1, 2] })).writes_over_500_ms).toBe(0)
  expect(storageOf(origin({}, { store_write_ms: [700] })).writes_over_500_ms).toBe(1)
})

test('a segment that was filled in two regions was filled twice', () => {
  const eu = originWith([segmentOf(13)])
  const us = { ...originWith([segmentOf(13, { probes: 1 }), segmentOf(14)]), name: 'origin-us' }
  expect(figuresOf(stormOf([eu, us]))).toMatchObject({
    segments_counted: 2,
    fills_per_segment: 1.5,
    fills_per_segment_max: 2,
    probes_per_segment_max: 1,
  })
})
