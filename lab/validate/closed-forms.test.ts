import { describe, expect, test } from 'vitest'
import { v0 } from './closed-forms.ts'
import { errorOf, isExceeded } from './comparison.ts'
import type { LevelOptions } from './level.ts'
import { collapsingShares, comparePoissonCache, unlockedShares } from './poisson-cache.ts'
import { compareQueues, meanTimeOnLink, meanWaitOfCores } from './queues.ts'
import { compareRate, fillsPerSegmentOf, segmentRequestsOf } from './steady-fleet.ts'

const quick: LevelOptions = { seeds: 1, quick: true, say: () => undefined }

describe('closed forms', () => {
  test('shares of a cache entry add up, and have the limits that they must', () => {
    for (const shares of [collapsingShares, unlockedShares]) {
      for (const inLife of [0.5, 3, 20]) {
        const { filled, collapsed, hit } = shares({ inLife, inFetch: inLife / 4 })
        expect(filled + collapsed + hit).toBeCloseTo(1)
      }
      // A fetch that takes no time: the hit share λT / (1 + λT) of the textbooks.
      expect(shares({ inLife: 4, inFetch: 0 })).toMatchObject({ hit: 4 / 5, filled: 1 / 5 })
    }
    expect(unlockedShares({ inLife: 3, inFetch: 1 }).filled).toBeGreaterThan(
      collapsingShares({ inLife: 3, inFetch: 1 }).filled,
    )
  })

  test('an idle queue has no wait, and one at half load half a piece of work', () => {
    expect(meanWaitOfCores(0)).toBe(0)
    expect(meanWaitOfCores(0.5)).toBe(5)
    expect([meanTimeOnLink(0), meanTimeOnLink(0.5)]).toEqual([10, 20])
  })

  test('fills by policy: one a site, one an edge, one a player', () => {
    const fleet = { players: 120, sites: [2, 4] }
    expect((['oca', 'nginx', 'none'] as const).map(policy => fillsPerSegmentOf({ ...fleet, policy }))).toEqual([
      1, 3, 60,
    ])
    expect(segmentRequestsOf(10, 3)).toBe(60)
  })
})

describe('V0', () => {
  test('the simulator agrees with every closed form', async () => {
    const comparisons = await v0(quick)
    expect(new Set(comparisons.map(({ scenario }) => scenario))).toEqual(
      new Set(['steady-fleet', 'poisson-cache', 'queues']),
    )
    expect(comparisons.filter(isExceeded)).toEqual([])
    // What leaves nothing to chance agrees to the last request.
    const exact = comparisons.filter(({ n }) => n === 0)
    expect(exact.map(errorOf)).toEqual(exact.map(() => 0))
    expect(exact.length).toBe(9)
  }, 60_000)

  test('runs what was asked for alone, and refuses what it does not have', async () => {
    const queues = await v0({ ...quick, scenarios: ['queues'] })
    expect(new Set(queues.map(({ scenario }) => scenario))).toEqual(new Set(['queues']))
    await expect(v0({ ...quick, scenarios: ['kickoff'] })).rejects.toThrow(/V0 has no 'kickoff'; it has steady-fleet/)
  })

  test('can fail: a form of another world is exceeded', async () => {
    const [requests] = await compareRate(
      { players: 50, profile: 'dash.js', policy: 'oca', sites: [1], durationMs: 20_000 },
      {},
    )
    expect(requests).toMatchObject({ trusted: 1_000, predicted: 1_000 })
    const cache = { policy: 'nginx', arrivalsPerS: 3, originSlowMs: 300, requests: 20_000 } as const
    const [unlocked] = await comparePoissonCache(cache, {})
    const locked = { ...unlocked!, trusted: collapsingShares({ inLife: 3, inFetch: 0.906 }).filled * 20_000 }
    expect([isExceeded(unlocked!), isExceeded(locked)]).toEqual([false, true])
    const [cpu] = compareQueues({ load: 0.7, arrivals: 200_000 })
    expect(isExceeded({ ...cpu!, trusted: meanTimeOnLink(0.7) })).toBe(true)
  }, 60_000)

  test('ends early when it is told to', async () => {
    const ending = new AbortController()
    const comparisons = await v0({ ...quick, signal: ending.signal, say: () => ending.abort() })
    expect(comparisons.length).toBeLessThan(3)
  })
})
