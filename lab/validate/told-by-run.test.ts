import { expect, test } from 'vitest'
import { variantOf } from '../../results/record.fixture.ts'
import { toldBy } from './told-by-run.ts'

const variant = variantOf({
  name: 'oca',
  fills: 1,
  requests: 90,
  bytes: 4_000_000,
  reasons: { hit: 600, 'fill-miss': 400 },
  early404s: 3,
  waitMs: 50,
  lagMs: 1,
})

test('every figure of a record is told, and each count of a tier', () => {
  const told = toldBy(variant)
  for (const figure of Object.keys(variant.figures)) expect(told.has(figure), figure).toBe(true)
  expect(told.get('edges.requests.reason.hit')).toEqual({ value: 600, kind: 'count', n: 600 })
  expect(told.get('players.players_joined')?.value).toBe(300)
})

test('the noise of a count is that of the events behind it', () => {
  const told = toldBy(variant)
  const n = (name: string) => told.get(name)?.n
  expect(n('player_requests')).toBe(4_000)
  // Bytes come with requests, means from all that was counted.
  expect([n('origin_egress_bytes'), n('origins.bytes_sent')]).toEqual([90, 90])
  expect(n('fills_per_segment')).toBe(
    (variant.figures.fills_per_segment ?? 0) * (variant.figures.segments_counted ?? 0),
  )
})

test('a percentile comes with its sample', () => {
  const [p50, p99] = [50, 99].map(percent => toldBy(variant).get(`publication_to_first_byte_ms_p${percent}`))
  expect([p50?.kind, p50?.n, p99?.kind]).toEqual(['p50_wait', 100, 'p99_wait'])
  expect(p50?.sample?.totalCount).toBe(100)
  expect(p50?.value).toBeCloseTo(50, 1)
})

test('counts of several processes are added up; of peaks, the largest counts', () => {
  const [origin, edge, fleet] = variant.parts
  const another = { ...edge!, name: 'a2', counts: { 'requests.reason.hit': 5, waiters_max: 9 } }
  const first = { ...edge!, counts: { ...edge!.counts, waiters_max: 4 } }
  const told = toldBy({ ...variant, parts: [origin!, first, another, fleet!] })
  expect(told.get('edges.requests.reason.hit')?.value).toBe(605)
  expect(told.get('edges.waiters_max')?.value).toBe(9)
})
