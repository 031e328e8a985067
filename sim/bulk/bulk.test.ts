import { describe, expect, test } from 'vitest'
import { policyOf } from '../../edge/core/policy.ts'
import { simulateBulk } from './bulk.ts'
import { type BulkWorld, edgeKeysOf } from './layout.ts'
import { aClass, aWorld, peakOf, startMs, totalOf } from './testing.fixture.ts'

const policy = (name: string, switches = {}) => policyOf(name, switches)

describe('closed forms', () => {
  // 30 s are 15 segments, of 2 renditions; with those that were asked for before the first and behind the last one.
  const result = simulateBulk(aWorld())

  test('one fill for each site, rendition and segment', () => {
    const numbers = result.counts.edgeKeys / (4 * 2)
    expect(numbers).toBeGreaterThanOrEqual(15)
    expect(totalOf(result, 'origin.fills/eu')).toBe(totalOf(result, 'origin.requests/eu'))
    const livefills = numbers * 2 * 2
    expect(totalOf(result, 'origin.fills/eu')).toBeGreaterThanOrEqual(livefills)
    // The few that are older were asked for by those who joined first.
    expect(totalOf(result, 'origin.fills/eu')).toBeLessThanOrEqual(livefills + 2 * 2 * 4)
    expect(totalOf(result, 'origin.probes/eu')).toBe(0)
  })

  test('edge requests = viewers x tracks / segment duration, once all are there', () => {
    const requests = [...result.series.get('edge.requests')].slice(12, 28).reduce((sum, value) => sum + value, 0)
    expect(requests / ((10_000 * 2 * 16) / 2)).toBeCloseTo(1, 1)
  })

  test('every request is answered in one way', () => {
    const parts = ['hits', 'collapsed', 'forwarded', 'negative', 'refused', 'failed']
    const sum = parts.reduce((total, part) => total + totalOf(result, `edge.${part}`), 0)
    expect(sum).toBeCloseTo(totalOf(result, 'edge.requests'), 3)
  })

  test('without a cache every request reaches the origin', () => {
    const none = simulateBulk(aWorld({ policy: policy('none') }))
    const share = totalOf(none, 'origin.requests/eu') / totalOf(none, 'edge.requests')
    expect(share).toBeCloseTo(1, 6)
    const others = totalOf(none, 'origin.other_requests/eu') / totalOf(none, 'edge.other_requests')
    expect(others).toBeCloseTo(1, 6)
  })

  test('without designated fill every edge fills', () => {
    const each = simulateBulk(aWorld({ policy: policy('oca', { designatedFill: false }) }))
    const live = result.counts.askedKeys
    expect(totalOf(each, 'origin.fills/eu')).toBeGreaterThanOrEqual(live)
    expect(totalOf(each, 'site.requests')).toBe(0)
  })
})

describe('a result is a matter of its inputs', () => {
  test('the same world gives the same series to the bit', () => {
    const [a, b] = [simulateBulk(aWorld()), simulateBulk(aWorld())]
    expect(new Map(a.series.entries())).toEqual(new Map(b.series.entries()))
  })

  test('another seed gives other ones', () => {
    const [a, b] = [simulateBulk(aWorld()), simulateBulk(aWorld({ seed: 2 }))]
    expect(a.series.get('edge.collapsed')).not.toEqual(b.series.get('edge.collapsed'))
  })

  test('four times the viewers at four times the edges ask four times as much', () => {
    const small = simulateBulk(aWorld())
    const large = simulateBulk(aWorld({ viewers: 40_000, classes: [aClass({ sites: 8 })] }))
    expect(totalOf(large, 'edge.requests') / totalOf(small, 'edge.requests')).toBeCloseTo(4, 2)
    expect(totalOf(large, 'origin.fills/eu') / totalOf(small, 'origin.fills/eu')).toBeCloseTo(4, 0)
  })

  test('ten times the viewers at the same edges are no more for the origin', () => {
    const many = simulateBulk(aWorld({ viewers: 100_000 }))
    const few = simulateBulk(aWorld())
    expect(totalOf(many, 'origin.fills/eu')).toBe(totalOf(few, 'origin.fills/eu'))
    expect(peakOf(many, 'edge.requests') / peakOf(few, 'edge.requests')).toBeCloseTo(10, 0)
  })

  test('it says how far it is, and ends early when it is told to, marked as partial', () => {
    const told: number[] = []
    const classes = ['a', 'b', 'c', 'd'].map(name => aClass({ name, viewerShare: 0.25 }))
    const result = simulateBulk(aWorld({ classes }), {
      onProgress: ({ done }) => {
        told.push(done)
        return done < 0.5
      },
    })
    expect(result.partial).toBe(true)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.at(-1)).toBeLessThan(1)
  })
})

describe('faults', () => {
  test('a late segment is asked for again by every filler, and its viewers come back as the players do', () => {
    const world = aWorld({ faults: [{ atMs: 12_000, do: 'stall-encoder', forMs: 5_000 }] })
    const result = simulateBulk(world)
    expect(totalOf(result, 'origin.probes/eu')).toBeGreaterThan(0)
    expect(totalOf(result, 'edge.negative')).toBeGreaterThan(0)
    const calm = simulateBulk(aWorld())
    expect(totalOf(result, 'origin.requests/eu')).toBeGreaterThan(totalOf(calm, 'origin.requests/eu'))
  })

  test('who asks again for what came late and meets a fill under way has joined it, and not hit', () => {
    // An origin so far away that each fill is under way for long enough for somebody to come.
    const classes = [aClass({ latencies: { ...aClass().latencies, originMs: 100 } })]
    const joinedLaterOf = (changes: Partial<BulkWorld>): number => {
      const { behaviours } = simulateBulk(aWorld({ classes, ...changes }))
      const keys = [...behaviours.spans.values()].flat().flatMap(span => span.keys)
      return keys.reduce((sum, key) => sum + (key?.joinedLater ?? 0), 0)
    }
    expect(joinedLaterOf({})).toBeLessThan(10)
    expect(joinedLaterOf({ faults: [{ atMs: 12_000, do: 'stall-encoder', forMs: 5_000 }] })).toBeGreaterThan(1_000)
  })

  test('a region that is lost sends its sites to the other one', () => {
    const classes = [
      aClass({ name: 'east', region: 'east', viewerShare: 0.5 }),
      aClass({ name: 'west', region: 'west', viewerShare: 0.5 }),
    ]
    const regions = ['east', 'west']
    const faults = [{ atMs: 15_000, do: 'lose-region', region: 'east', forMs: 20_000, wayOverMs: 2_000 }] as const
    const result = simulateBulk(aWorld({ classes, regions, faults }))
    const before = [...result.series.origin('origin.requests', 'west')].slice(6, 14)
    const after = [...result.series.origin('origin.requests', 'west')].slice(20, 28)
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
    expect(sum(after) / sum(before)).toBeCloseTo(2, 0)
    expect(sum([...result.series.origin('origin.requests', 'east')].slice(20, 28))).toBe(0)
    expect(totalOf(result, 'origin.unreachable/east')).toBeGreaterThan(0)
    expect(totalOf(result, 'edge.negative') + totalOf(result, 'edge.refused')).toBeGreaterThan(0)
  })

  test('a restarted edge refuses its viewers, who go to its sibling', () => {
    const faults = [{ atMs: 15_000, do: 'restart-edges', siteShare: 0.5, downMs: 2_000 }] as const
    const result = simulateBulk(aWorld({ faults }))
    expect(totalOf(result, 'edge.failed')).toBeGreaterThan(100)
    expect(totalOf(result, 'edge.failed')).toBeLessThan(20_000)
  })

  test('a raised version empties every edge: what is behind the live edge is filled again where somebody asks', () => {
    const fleet = { ...aWorld().fleet, dvrShare: 0.3 }
    const world = aWorld({ fleet, faults: [{ atMs: 15_000, do: 'raise-version' }] })
    const raised = simulateBulk(world)
    const calm = simulateBulk(aWorld({ fleet }))
    expect(totalOf(raised, 'origin.fills/eu')).toBeGreaterThan(totalOf(calm, 'origin.fills/eu') + 20)
  })
})

describe('a long storm', () => {
  const world = aWorld({
    event: { ...aWorld().event, startMs: startMs - 300_000 },
    durationMs: 900_000,
    viewers: 50_000,
    backlogSegments: 150,
    representatives: 200,
  })

  test('is calm but for its faults: every key is decided, one fill for each site and segment', () => {
    const result = simulateBulk(world)
    expect(result.counts.edgeKeys).toBe(edgeKeysOf(world))
    const fills = totalOf(result, 'origin.fills/eu')
    expect(fills / (450 * 2 * 2)).toBeCloseTo(1, 1)
    const requests = [...result.series.get('edge.requests')].slice(120, 880).reduce((sum, value) => sum + value, 0)
    expect(requests / (50_000 * 760)).toBeCloseTo(1, 1)
  })

  test('decided one number in ten, it has the same totals', () => {
    const all = simulateBulk(world)
    const some = simulateBulk({ ...world, calmStride: 10 })
    expect(some.counts.edgeKeys).toBeLessThan(all.counts.edgeKeys / 8)
    for (const name of ['edge.requests', 'origin.fills/eu', 'edge.bytes']) {
      expect(totalOf(some, name) / totalOf(all, name)).toBeCloseTo(1, 2)
    }
  })
})
