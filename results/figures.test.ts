import { expect, test } from 'vitest'
import { countedSegments, liesInside } from './counted-segments.ts'
import { definitionOf } from './figure-definitions.ts'
import {
  endedMs,
  originWith,
  partOf,
  publishedMs,
  segmentOf,
  startedMs,
  stormEvent,
  stormOf,
} from './figures.fixture.ts'
import { figuresOf } from './figures.ts'
import { mergeParts } from './record/merge.ts'

const figuresOfSegments = (...segments: ReturnType<typeof segmentOf>[]) => figuresOf(stormOf([originWith(segments)]))

test('segments at the ends of the storm are left out', () => {
  const inside = Array.from({ length: 20 }, (_, i) => i + 5).filter(n => liesInside(stormEvent, n, startedMs, endedMs))
  // Number 11 is due at 2 s, and its slack of 2 s begins with the storm; number 18 is published at 17 s, and its hold of
  // 3 s ends with the storm.
  expect(inside).toEqual([11, 12, 13, 14, 15, 16, 17, 18])
})

test('fills and probes are taken over rendition, number and site that asked', () => {
  const figures = figuresOfSegments(
    segmentOf(13),
    segmentOf(13, { site: 'b', fills: 3, probes: 2 }),
    segmentOf(13, { rendition: 'a1', probes: 1 }),
    segmentOf(14, { fills: 0, probes: 0 }),
    segmentOf(2, { fills: 9 }),
  )
  expect(figures).toMatchObject({
    segments_counted: 3,
    fills_per_segment: 5 / 3,
    fills_per_segment_max: 3,
    probes_per_segment: 1,
    probes_per_segment_max: 2,
  })
})

test('a maximum over no segments is not emitted', () => {
  const figures = figuresOfSegments()
  expect(figures.segments_counted).toBe(0)
  expect(figures).not.toHaveProperty('fills_per_segment_max')
})

test('segments that a fault touched are left out of the untouched maximum only', () => {
  // A stall from 8 s to 11 s of the storm: 14 to 17 are alive in it or in the second behind it.
  const stall = { atMs: startedMs + 8_000, action: { do: 'stall-encoder', forMs: 3_000 } }
  const segments = [12, 13, 14, 15, 16, 17, 18].map(n => segmentOf(n, { publishedMs: publishedMs(n) }))
  const run = stormOf([originWith(segments)], [stall])
  const touched = countedSegments(run).filter(segment => segment.touched)
  expect(touched.map(segment => segment.number)).toEqual([14, 15, 16, 17])
  const figures = figuresOf(
    stormOf([originWith(segments.map(s => (s.number === 15 ? { ...s, fills: 2 } : s)))], [stall]),
  )
  expect(figures).toMatchObject({ fills_per_segment_max: 2, fills_per_segment_untouched_max: 1 })
})

test('a fault that loses copies reaches back to what live players still ask for', () => {
  const kill = { atMs: startedMs + 12_000, action: { do: 'kill-edge', edge: 'a1' } }
  const segments = [11, 12, 13, 14, 15, 16, 17, 18].map(n => segmentOf(n))
  const touched = (action: typeof kill) =>
    countedSegments(stormOf([originWith(segments)], [action]))
      .filter(segment => segment.touched)
      .map(segment => segment.number)
  // 11 was published at 3 s, within the 10 s before 12 s; 17 is alive from 12 s on, 18 from 14 s on.
  expect(touched(kill)).toEqual([11, 12, 13, 14, 15, 16, 17])
  expect(touched({ ...kill, atMs: startedMs + 17_500 })).toEqual([14, 15, 16, 17, 18])
  expect(touched({ ...kill, action: { do: 'notify', edge: 'a1' } })).toEqual([])
})

test('the last 404 counts from the publication at the origin, and one before it counts as 0', () => {
  const fleet = (last404Ms: number) => ({
    ...partOf('fleet', 'fleet'),
    segments: [{ rendition: 'v1', number: 14, site: '', last404Ms, publishedMs: publishedMs(14) + 3 }],
  })
  const lastOf = (last404Ms: number) =>
    figuresOf(stormOf([originWith([segmentOf(14)]), fleet(last404Ms)])).last_404_after_publication_ms
  expect(lastOf(publishedMs(14) + 40)).toBe(40)
  expect(lastOf(publishedMs(14) - 40)).toBe(0)
})

test('shares are of players segment requests by the reason of their verdict, over all edges and for each', () => {
  const edge = (name: string, reasons: Record<string, number>) =>
    partOf('edge', name, recorder => {
      for (const [reason, count] of Object.entries(reasons)) recorder.count(`requests.reason.${reason}`, count)
      recorder.count('sibling_requests.reason.hit', 100)
    })
  const figures = figuresOf(
    stormOf([
      edge('a1', { hit: 6, collapsed: 1, 'refused-too-early': 1 }),
      edge('a2', { hit: 1, 'lock-poll': 1, 'negative-hit': 2, 'fill-miss': 4 }),
    ]),
  )
  expect(figures).toMatchObject({
    hit_share: 7 / 16,
    'hit_share.a1': 6 / 8,
    'hit_share.a2': 1 / 8,
    collapsed_share: 2 / 16,
    negative_hit_share: 2 / 16,
    refused_share: 1 / 16,
  })
})

test('counts, rates and times come from the merged parts of shards', () => {
  const shard = (lagMs: number) =>
    partOf('fleet', 'fleet', recorder => {
      recorder.count('players_joined', 10)
      recorder.count('responses.status.503', 2)
      recorder.count('responses.status.200', 50)
      recorder.count('failures.reset', 1)
      recorder.count('requests', 55)
      for (let i = 0; i < 100; i++) recorder.time('lag_ms', lagMs)
      recorder.time('startup_ms', 40)
    })
  const origin = partOf('origin', 'origin', recorder => {
    recorder.count('requests', 400)
    recorder.count('bytes_sent', 2_000_000)
    recorder.count('holds_over_bound', 1)
    recorder.peak('held_max', 9)
    recorder.count('requests.reason.shed', 3)
  })
  const edge = partOf('edge', 'a1', recorder => recorder.count('waits_over_bound', 2))
  const figures = figuresOf(stormOf([origin, edge, mergeParts([shard(1), shard(30)])]))
  expect(figures).toMatchObject({
    players: 20,
    player_requests: 110,
    player_5xx: 4,
    player_failures: 2,
    hold_over_bound: 3,
    origin_requests_per_s: 20,
    origin_egress_bytes_per_s: 100_000,
    origin_held_max: 9,
    dvr_shed: 3,
    generator_kept_up: 0,
  })
  expect(figures.generator_lag_ms_p50).toBeCloseTo(1, 1)
  expect(figures.generator_lag_ms_p99).toBeCloseTo(30, 0)
  for (const name of Object.keys(figures)) expect(definitionOf(name), name).toBeDefined()
})
