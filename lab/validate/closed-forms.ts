import type { Comparison } from './comparison.ts'
import { type LevelOptions, type RunLevel, wantedOf } from './level.ts'
import { comparePoissonCache, type PoissonCache } from './poisson-cache.ts'
import { compareQueues } from './queues.ts'
import { compareFills, compareRate, type SteadyFleet } from './steady-fleet.ts'

// V0: what can be computed by hand, against the simulator.

interface Case {
  readonly scenario: string
  readonly says: string
  readonly run: (options: LevelOptions) => Promise<Comparison[]>
}

const profiles = ['hls.js', 'dash.js', 'media3', 'shaka', 'rfc8216'] as const
const policies = ['oca', 'nginx', 'none'] as const
const steady = { profile: 'dash.js', policy: 'oca', sites: [2, 3], durationMs: 30_000 } as const
const caches: readonly Omit<PoissonCache, 'requests'>[] = [
  { policy: 'oca', arrivalsPerS: 1, originSlowMs: 100 },
  { policy: 'oca', arrivalsPerS: 3, originSlowMs: 300 },
  { policy: 'oca', arrivalsPerS: 20, originSlowMs: 500 },
  { policy: 'nginx', arrivalsPerS: 1, originSlowMs: 0 },
  { policy: 'nginx', arrivalsPerS: 3, originSlowMs: 300 },
]

function casesOf(quick: boolean): Case[] {
  const fleet = (changes: Partial<SteadyFleet>): SteadyFleet => ({
    ...steady,
    players: quick ? 200 : 2_000,
    ...changes,
  })
  const requests = quick ? 5_000 : 80_000
  return [
    ...profiles.map(profile => ({
      scenario: 'steady-fleet',
      says: `what a fleet of ${profile} asks for`,
      run: (options: LevelOptions) => compareRate(fleet({ profile }), options),
    })),
    ...policies.map(policy => ({
      scenario: 'steady-fleet',
      says: `fills under ${policy}`,
      run: (options: LevelOptions) => compareFills(fleet({ policy }), options),
    })),
    ...caches.map(cache => ({
      scenario: 'poisson-cache',
      says: `${cache.arrivalsPerS} requests a second at an entry under ${cache.policy}`,
      run: (options: LevelOptions) => comparePoissonCache({ ...cache, requests }, options),
    })),
    ...[0.3, 0.7].map(load => ({
      scenario: 'queues',
      says: `queues at a load of ${load}`,
      run: async () => compareQueues({ load, arrivals: quick ? 50_000 : 1_000_000 }),
    })),
  ]
}

export const v0: RunLevel = async options => {
  const comparisons: Comparison[] = []
  for (const { says, run } of wantedOf('V0', casesOf(options.quick), options)) {
    if (options.signal?.aborted) break
    options.say(says)
    comparisons.push(...(await run(options)))
  }
  return comparisons
}
