import { policyOf } from '../../edge/core/policy.ts'
import { syntheticBodyBytes } from '../../live/synthetic.ts'
import { figuresOf } from '../../results/figures.ts'
import { total } from '../../results/sums.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import type { Comparison } from './comparison.ts'
import { constantCalibration } from './constant-calibration.ts'
import type { LevelOptions } from './level.ts'
import { type SimulatedStorm, simulateStorm } from './simulated-storm.ts'

// Closed forms of players who watch and are there to stay. Derived in docs/validation.md, "Steady fleet".

export interface SteadyFleet {
  readonly players: number
  readonly profile: 'hls.js' | 'dash.js' | 'media3' | 'shaka' | 'rfc8216'
  readonly policy: 'none' | 'nginx' | 'oca'
  /** Edges of each site. */
  readonly sites: readonly number[]
  readonly durationMs: number
}

const bitRates = { v1: 100_000, a1: 16_000 } as const
const renditions = Object.entries(bitRates)
const segmentMs = 2_000
/** By how many segments the second of two storms is longer. */
const longerBySegments = 10
/** Nothing but goals: none of these forms leaves anything to chance. */
const goal = 0.005

/** Requests for segments that each of `players` makes in `segments` segments' time: one a rendition and segment. */
export const segmentRequestsOf = (players: number, segments: number): number => players * renditions.length * segments

/** Bodies that they get with these, bytes. */
const bodyBytesOf = (players: number, segments: number): number =>
  renditions.reduce(
    (sum, [, rate]) => sum + players * segments * (syntheticBodyBytes(rate, segmentMs, []) as number),
    0,
  )

/** Fills of a site for each segment and rendition: mean over the sites. */
export function fillsPerSegmentOf({
  policy,
  players,
  sites,
}: Pick<SteadyFleet, 'policy' | 'players' | 'sites'>): number {
  if (policy === 'oca') return 1
  // Each player's own request goes through; each edge fills for itself.
  if (policy === 'none') return players / sites.length
  return sites.reduce((sum, edges) => sum + edges, 0) / sites.length
}

function steadyScenario({ players, profile, sites, durationMs }: SteadyFleet): Scenario {
  return scenarioSchema.parse({
    name: 'steady-fleet',
    shows: 'players who all join within a segment and watch to the end',
    durationMs,
    event: {
      backlogSegments: 15,
      segmentMs,
      renditions: renditions.map(([name, bitsPerSecond]) => ({
        name,
        kind: name.startsWith('a') ? 'audio' : 'video',
        bitsPerSecond,
      })),
    },
    store: { is: 'memory' },
    topology: { regions: ['eu'], sites: sites.map((edges, i) => ({ name: `s${i}x`, edges })) },
    fleet: {
      players,
      profiles: { [profile]: 1 },
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: segmentMs, share: 1 }],
      clockError: { is: 'uniform', lowMs: 0, highMs: 0 },
    },
  })
}

/** What a fleet asks for in ten segments' time: the difference of two storms of the same players. */
export async function compareRate(fleet: SteadyFleet, { signal }: Pick<LevelOptions, 'signal'>): Promise<Comparison[]> {
  const simulate = (durationMs: number) =>
    simulateStorm({
      scenario: steadyScenario({ ...fleet, durationMs }),
      policy: policyOf(fleet.policy),
      calibration: constantCalibration(1),
      signal,
    })
  const short = await simulate(fleet.durationMs)
  const long = await simulate(fleet.durationMs + longerBySegments * segmentMs)
  if (!short || !long) return []
  const players = (storm: SimulatedStorm) => storm.simulated.parts.filter(({ role }) => role === 'fleet')
  const between = (name: string) => total(players(long), name) - total(players(short), name)
  const common = { level: 'V0', scenario: 'steady-fleet', variant: fleet.profile, kind: 'count' } as const
  const exact = { ...common, goal, spread: 0, n: 0 }
  const requests: Comparison = {
    ...exact,
    figure: 'segment_requests',
    trusted: segmentRequestsOf(fleet.players, longerBySegments),
    predicted: between('requests.segment'),
  }
  // Playlists are bodies, too, and grow: only who reads none gets nothing but segments.
  if (fleet.profile !== 'dash.js') return [requests]
  const bytes: Comparison = {
    ...exact,
    figure: 'bytes_received',
    trusted: bodyBytesOf(fleet.players, longerBySegments),
    predicted: between('bytes_received'),
  }
  return [requests, bytes]
}

/** Fills of a site for one segment under a policy. */
export async function compareFills(
  fleet: SteadyFleet,
  { signal }: Pick<LevelOptions, 'signal'>,
): Promise<Comparison[]> {
  const storm = await simulateStorm({
    scenario: steadyScenario(fleet),
    policy: policyOf(fleet.policy),
    calibration: constantCalibration(1),
    signal,
  })
  if (!storm) return []
  return [
    {
      level: 'V0',
      scenario: 'steady-fleet',
      variant: `${fleet.policy}, sites of ${fleet.sites.join(' and ')} edges`,
      figure: 'fills_per_segment',
      kind: 'count',
      trusted: fillsPerSegmentOf(fleet),
      predicted: figuresOf(storm.simulated).fills_per_segment as number,
      goal,
      spread: 0,
      n: 0,
    },
  ]
}
