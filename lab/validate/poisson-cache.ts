import { policyOf } from '../../edge/core/policy.ts'
import { limits } from '../../live/limits.ts'
import { total } from '../../results/sums.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import type { ExactWorld } from '../../sim/exact/world.ts'
import type { Comparison } from './comparison.ts'
import { constantCalibration } from './constant-calibration.ts'
import type { LevelOptions } from './level.ts'
import { simulateStorm } from './simulated-storm.ts'

// A cache entry of a fixed lifetime under Poisson arrivals: what of them is filled, collapsed and hit. Players join by a
// Poisson process, read the manifest, and go; so the manifest's arrivals at the one edge are that process. Derived in
// docs/validation.md, "Poisson arrivals at a cache entry".

export interface PoissonCache {
  readonly policy: 'oca' | 'nginx'
  /** Requests a second. */
  readonly arrivalsPerS: number
  /** How long the origin takes beyond the ways there and back, ms. */
  readonly originSlowMs: number
  readonly requests: number
}

/** What of the requests is what, as shares. */
export interface Shares {
  readonly filled: number
  readonly collapsed: number
  readonly hit: number
}

/**
 * `arrivals` in the lifetime T (λT) and in the fetch F (λF), which the lifetime counts from the beginning of (RFC 9111,
 * 4.2.3). One fill, those who come within F, those who come until T; then the next one fills.
 */
export function collapsingShares({ inLife, inFetch }: { inLife: number; inFetch: number }): Shares {
  const cycle = 1 + inLife
  return { filled: 1 / cycle, collapsed: inFetch / cycle, hit: (inLife - inFetch) / cycle }
}

/**
 * Where an expired entry is not locked (nginx): everybody who comes within the fetch asks by himself, and the last of
 * these answers is the one that stays, so that the cycle is longer by the time from the first to the last of them.
 */
export function unlockedShares({ inLife, inFetch }: { inLife: number; inFetch: number }): Shares {
  const firstToLast = inFetch - (1 - Math.exp(-inFetch))
  const cycle = 1 + inLife + firstToLast
  const filled = (1 + inFetch) / cycle
  return { filled, collapsed: 0, hit: 1 - filled }
}

const oneWayMs = 1
/** Longer than a fetch, so that nobody leaves while waiting for it. */
const staysMs = 5_000
const goal = 0.01
const manifest = /\/manifest\.mpd$/

function poissonScenario({ arrivalsPerS, originSlowMs, requests }: PoissonCache): Scenario {
  const durationMs = (requests / arrivalsPerS) * 1_000
  return scenarioSchema.parse({
    name: 'poisson-cache',
    shows: 'a Poisson process of players who read the manifest and go',
    durationMs,
    // Long segments: the event goes on for a day and is not what this is about.
    event: { backlogSegments: 2, segmentMs: 60_000, dvrWindowMs: 600_000, renditions: [v1, a1] },
    store: { is: 'memory' },
    topology: { regions: ['eu'], sites: [{ name: 'a', edges: 1 }] },
    fleet: {
      players: requests,
      profiles: { 'dash.js': 1 },
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: durationMs, share: 1 }],
      session: { is: 'uniform', lowMs: staysMs, highMs: staysMs },
      clockError: { is: 'uniform', lowMs: 0, highMs: 0 },
    },
    actions: originSlowMs > 0 ? [{ atMs: 0, do: 'origin-slow', ms: originSlowMs, forMs: durationMs }] : [],
  })
}
const v1 = { name: 'v1', kind: 'video', bitsPerSecond: 100_000 }
const a1 = { name: 'a1', kind: 'audio', bitsPerSecond: 16_000 }

/** What the cores of a world's edges are asked of the manifest, by the reason of their verdict. */
function countManifest(world: ExactWorld): ReadonlyMap<string, number> {
  const reasons = new Map<string, number>()
  for (const { core } of world.livingEdges) {
    const ask = core.ask.bind(core)
    core.ask = (question, now) => {
      const asked = ask(question, now)
      const { reason } = asked.verdict
      if (manifest.test(question.path)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      return asked
    }
  }
  return reasons
}

/** Runs a cache and compares the counts. */
export async function comparePoissonCache(
  cache: PoissonCache,
  { signal }: Pick<LevelOptions, 'signal'>,
): Promise<Comparison[]> {
  const { policy, arrivalsPerS, originSlowMs, requests } = cache
  let reasons: ReadonlyMap<string, number> = new Map()
  const storm = await simulateStorm({
    scenario: poissonScenario(cache),
    policy: policyOf(policy),
    calibration: constantCalibration(oneWayMs),
    signal,
    onReady: world => {
      reasons = countManifest(world)
    },
  })
  if (!storm) return []
  const fetchMs = 2 * oneWayMs + originSlowMs
  const perMs = arrivalsPerS / 1_000
  const arrivals = { inLife: perMs * limits.manifestMs, inFetch: perMs * fetchMs }
  const shares = policy === 'oca' ? collapsingShares(arrivals) : unlockedShares(arrivals)
  const seen = (belongs: (reason: string) => boolean) =>
    [...reasons].filter(([reason]) => belongs(reason)).reduce((sum, [, count]) => sum + count, 0)
  const filled = seen(reason => reason.startsWith('fill-'))
  const collapsed = seen(reason => reason === 'collapsed' || reason === 'lock-poll')
  // Verdicts out of storage are shared (sim/exact/edge-hits.ts), so that no core is asked: they are what is left of the
  // players, each of whom has asked once.
  const hits = total(storm.simulated.parts, 'players_joined') - filled - collapsed
  const compare = (figure: string, share: number, predicted: number): Comparison => ({
    level: 'V0',
    scenario: 'poisson-cache',
    variant: `${policy}, ${arrivalsPerS}/s, fetch ${fetchMs} ms`,
    figure,
    kind: 'count',
    trusted: share * requests,
    predicted,
    goal,
    spread: 0,
    n: Math.round(share * requests),
  })
  return [
    compare('origin_requests', shares.filled, filled),
    ...(policy === 'oca' ? [compare('collapsed', shares.collapsed, collapsed)] : []),
    compare('hits', shares.hit, hits),
  ]
}
