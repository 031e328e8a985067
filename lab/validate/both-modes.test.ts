import { describe, expect, test } from 'vitest'
import type { TwinCounts } from '../../sim/bulk/twin-counts.ts'
import { v4 } from './both-modes.ts'
import { comparisonsOfModes, median } from './compare-modes.ts'
import { allowedError, isExceeded } from './comparison.ts'

const counts = (changes: Partial<TwinCounts> = {}): TwinCounts => ({
  segmentRequests: 2_000_000,
  requests: 3_000_000,
  hits: 1_900_000,
  collapsed: 24_000,
  forwarded: 800,
  fills: 250,
  originRequests: 250,
  originOthers: 500,
  heldMs: 10_000,
  answers404: 0,
  answers5xx: 0,
  failures: 0,
  rebuffers: 0,
  ...changes,
})
const one = { scenario: 'kick-off', variant: 'oca', players: 1_000_000, segments: 6 }

describe('the counts of both modes', () => {
  test('are compared one by one, those that are zero in both left out', () => {
    const comparisons = comparisonsOfModes({ exact: [counts()], bulk: [counts()] }, one)
    expect(comparisons.map(({ figure }) => figure)).toEqual([
      'segment_requests',
      'player_requests',
      'hits',
      'collapsed',
      'forwarded',
      'fills',
      'origin_segment_requests',
      'origin_other_requests',
      'origin_held_ms',
    ])
    expect(comparisons.filter(isExceeded)).toEqual([])
  })

  test('may differ by what a sample of so many players leaves open, and no more', () => {
    const [requests] = comparisonsOfModes({ exact: [counts()], bulk: [counts({ segmentRequests: 2_020_000 })] }, one)
    expect(requests).toMatchObject({ trusted: 2_000_000, predicted: 2_020_000, n: 1_000_000 })
    expect([allowedError(requests!), isExceeded(requests!)]).toEqual([0.005, true])
    const few = comparisonsOfModes(
      { exact: [counts()], bulk: [counts({ segmentRequests: 2_020_000 })] },
      { ...one, players: 10_000 },
    )
    expect([allowedError(few[0]!), isExceeded(few[0]!)]).toEqual([0.03, false])
  })

  test('of several seeds are medians, with the spread of what is trusted', () => {
    const exact = [90, 100, 120].map(fills => counts({ fills }))
    const fills = comparisonsOfModes({ exact, bulk: [counts({ fills: 101 })] }, one).find(
      ({ figure }) => figure === 'fills',
    )
    expect(fills).toMatchObject({ trusted: 100, predicted: 101, spread: 0.3 })
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, 0])
  })

  test('what appears in one mode only is a comparison, too', () => {
    const figures = comparisonsOfModes({ exact: [counts()], bulk: [counts({ answers5xx: 900 })] }, one)
    expect(figures.find(({ figure }) => figure === 'player_5xx')).toMatchObject({ trusted: 0, predicted: 900 })
  })
})

test('V4 runs what was asked for, both modes of it', async () => {
  const said: string[] = []
  const comparisons = await v4({
    seeds: 1,
    quick: true,
    scenarios: ['edge-restart'],
    say: line => void said.push(line),
  })
  expect(said).toEqual(['edge-restart, oca, 10,000 players, seed 1 of 1'])
  expect(comparisons.filter(isExceeded)).toEqual([])
  expect(comparisons.find(({ figure }) => figure === 'player_failures')?.trusted).toBeGreaterThan(1_000)
  await expect(v4({ seeds: 1, quick: true, scenarios: ['smoke'], say: () => undefined })).rejects.toThrow(
    /V4 has no 'smoke'; it has kick-off/,
  )
}, 120_000)
