import { policyOf } from '../../edge/core/policy.ts'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import type { BulkFault } from '../../sim/bulk/faults.ts'
import { countsOfBulk } from '../../sim/bulk/twin.ts'
import { countsOfExact, type TwinCounts } from '../../sim/bulk/twin-counts.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { parsePolicy } from '../policies.ts'
import { comparisonsOfModes } from './compare-modes.ts'
import type { Comparison } from './comparison.ts'
import { type LevelOptions, type RunLevel, wantedOf } from './level.ts'
import { simulateStorm } from './simulated-storm.ts'

// V4: the same storms in exact mode, every player by itself, and in bulk mode.

interface Case {
  readonly scenario: string
  readonly policy: string
  readonly players: number
  readonly sites: number
  readonly edgesPerSite: number
  /** The same fault as both modes name it. */
  readonly actions?: Scenario['actions']
  readonly faults?: readonly BulkFault[]
  /** At this size a storm is simulated once: chance is small already. */
  readonly once?: boolean
}

/** About as many players for each edge, whatever the size. */
const small = { players: 10_000, sites: 2, edgesPerSite: 2 } as const
const middle = { players: 100_000, sites: 8, edgesPerSite: 4 } as const
const large = { players: 1_000_000, sites: 64, edgesPerSite: 5, once: true } as const

const at = { atMs: 7_700 }
/** An edge is down for as long as it takes to start beyond its time down (sim/default-calibration.ts, `edgeStartMs`). */
const restart = {
  actions: [{ ...at, do: 'restart-edge', edge: 's1x1', downMs: 2_000 }],
  faults: [{ ...at, do: 'restart-edges', site: 's1x', downMs: 2_500 }],
} as const satisfies Pick<Case, 'actions' | 'faults'>
const sameFault = <Fault extends Scenario['actions'][number] & BulkFault>(fault: Fault) => ({
  actions: [fault],
  faults: [fault],
})
const lateSegment = sameFault({ ...at, do: 'stall-encoder', forMs: 5_000 })
const originDown = sameFault({ ...at, do: 'origin-down', forMs: 3_000 })
const newVersion = sameFault({ ...at, do: 'raise-version' })

const cases: readonly Case[] = [
  { scenario: 'kick-off', policy: 'oca', ...small },
  { scenario: 'kick-off', policy: 'nginx', ...small },
  { scenario: 'kick-off', policy: 'oca-designatedFill', ...small },
  { scenario: 'late-segment', policy: 'oca', ...small, ...lateSegment },
  { scenario: 'origin-down', policy: 'oca', ...small, ...originDown },
  { scenario: 'edge-restart', policy: 'oca', ...small, ...restart },
  { scenario: 'new-version', policy: 'oca', ...small, ...newVersion },
  { scenario: 'kick-off', policy: 'oca', ...middle },
  { scenario: 'kick-off', policy: 'nginx', ...middle },
  { scenario: 'late-segment', policy: 'oca', ...middle, ...lateSegment },
  { scenario: 'kick-off', policy: 'oca', ...large },
]
const kickOffMs = 12_000
const faultMs = 20_000
/** Cohorts of bulk mode; of 10 thousand players each is itself. */
const representatives = 10_000

export const v4: RunLevel = async options => {
  const comparisons: Comparison[] = []
  const affordable = options.quick ? cases.filter(({ players }) => players === small.players) : cases
  for (const one of wantedOf('V4', affordable, options)) {
    if (options.signal?.aborted) break
    comparisons.push(...(await compareModes(one, options)))
  }
  return comparisons
}

async function compareModes(one: Case, options: LevelOptions): Promise<Comparison[]> {
  const { scenario: name, policy, players, once } = one
  const variant = `${policy}, ${players.toLocaleString('en-US')} players`
  const seeds = options.quick || once ? 1 : options.seeds
  const [exact, bulk]: [TwinCounts[], TwinCounts[]] = [[], []]
  for (let seed = 1; seed <= seeds; seed++) {
    options.say(`${name}, ${variant}, seed ${seed} of ${seeds}`)
    const both = await simulateBoth(one, seed, options)
    if (!both) return []
    exact.push(both.exact)
    bulk.push(both.bulk)
  }
  return comparisonsOfModes({ exact, bulk }, { scenario: name, variant, players, segments: segmentsOf(one) })
}

async function simulateBoth(one: Case, seed: number, { signal }: LevelOptions) {
  const scenario = scenarioOf(one, seed)
  const { preset, switches } = parsePolicy(one.policy)
  const common = { scenario, policy: policyOf(preset, switches), calibration: withoutQueues }
  const storm = await simulateStorm({ ...common, signal })
  if (!storm) return undefined
  const { startMs, plan } = storm.world
  const bulk = countsOfBulk({ ...common, event: plan.event, startMs, faults: one.faults ?? [], representatives })
  return { exact: countsOfExact(storm.simulated), bulk }
}

/**
 * Every piece of work takes its time and occupies nobody: bulk mode lets nobody queue for a CPU, which is known and
 * stated; what is compared here is everything else.
 */
const withoutQueues: Calibration = {
  ...defaultCalibration,
  work: Object.fromEntries(
    Object.entries(defaultCalibration.work).map(([name, { cpuMs, besideMs }]) => [
      name,
      { cpuMs: 0, cpuMsPerMib: 0, besideMs: besideMs.map(([share, ms]) => [share, ms + cpuMs]) },
    ]),
  ) as Calibration['work'],
}

const durationOf = ({ faults }: Case): number => (faults ? faultMs : kickOffMs)
const segmentMs = 2_000
const segmentsOf = (one: Case): number => durationOf(one) / segmentMs

const scenarioOf = (one: Case, seed: number): Scenario =>
  scenarioSchema.parse({
    name: one.scenario,
    shows: 'the same storm in both modes',
    seed,
    durationMs: durationOf(one),
    event: { backlogSegments: 15, segmentMs },
    store: { is: 'memory' },
    topology: {
      regions: ['eu'],
      sites: Array.from({ length: one.sites }, (_, i) => ({ name: `s${i + 1}x`, edges: one.edgesPerSite })),
    },
    fleet: {
      players: one.players,
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 3_000, share: 1 }],
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 },
    },
    actions: one.actions ?? [],
  })
