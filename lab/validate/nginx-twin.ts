import { findPeer } from '../../edge/peers/peer.ts'
import type { Variant } from '../../results/record/record.ts'
import { histogramOf, percentile } from '../../results/sums.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { readRuns } from '../../sim/node/read-runs.ts'
import { seenByPlayers } from '../../sim/node/seen-by-players.ts'
import { presetStorms } from '../bench/preset-storms.ts'
import { HarnessError } from '../harness-error.ts'
import { medianWait } from './calibrations.ts'
import { compareTold } from './compare-twins.ts'
import type { Comparison, ComparisonKind } from './comparison.ts'
import { sharedGround } from './ground.ts'
import type { LevelOptions } from './level.ts'
import type { RealRun, RealRuns } from './real-runs.ts'
import { overSeeds, runTakesMs } from './scenarios-here.ts'
import type { Told } from './told-by-run.ts'
import { twinOf } from './twin-of.ts'

// V5: the real nginx in the place of our edges, in the storms of the comparison with other edges, against our policy
// `nginx` in virtual time. Compared is how long players wait for a segment once it could be had. What its server takes for
// an answer, which is no decision of the policy, is taken from the players of one of the storms, `kickoff`.

const goal = 0.1
const sample = 'publication_to_first_byte_ms'
const percents: readonly { readonly percent: number; readonly kind: ComparisonKind }[] = [
  { percent: 50, kind: 'p50_wait' },
  // Of the two kinds of waits that a comparison knows, the one of the slow.
  { percent: 90, kind: 'p99_wait' },
]
const quickStorms = ['held-requests']
const calibratedOn = 'kickoff'
const policy = 'nginx'
/** Of players' waits, from the least disturbed on. */
const shares = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95]

export async function v5(options: LevelOptions, ground = sharedGround()): Promise<Comparison[]> {
  const { say, signal } = options
  const found = await findPeer('nginx')
  if ('absent' in found) throw new HarnessError(`NOT VALIDATED: ${found.absent}`)
  const wanted = options.scenarios ?? (options.quick ? quickStorms : undefined)
  const storms = presetStorms().filter(({ name }) => wanted === undefined || wanted.includes(name))
  const seeds = options.quick ? 1 : options.seeds
  const runMs = storms.reduce((ms, storm) => ms + seeds * runTakesMs({ ...storm, policies: ['nginx'] }), 0)
  say(`nginx ${found.version} in ${storms.length} storms over ${seeds} seeds, about ${Math.ceil(runMs / 60_000)} min`)
  const own = await ground.calibration({ ...options, seeds })
  const calibration = await withServer(own, { seeds, options, runs: ground.runs })
  const comparisons: Comparison[] = []
  for (const storm of storms) {
    if (signal?.aborted) break
    try {
      comparisons.push(...(await compareStorm(storm, seeds, { options, runs: ground.runs, calibration })))
    } catch (error) {
      // A run that was ended early is no result; those before it are.
      if (!signal?.aborted) throw error
    }
  }
  return comparisons
}

interface Comparing {
  readonly options: LevelOptions
  readonly runs: RealRuns
  readonly calibration: Calibration
}

async function compareStorm(storm: Scenario, seeds: number, comparing: Comparing): Promise<Comparison[]> {
  const { options, runs, calibration } = comparing
  const [real, simulated]: [Variant[], Variant[]] = [[], []]
  for (const scenario of overSeeds(storm, seeds)) {
    options.say(`${storm.name}, seed ${scenario.seed}`)
    for (const variant of (await realRun(scenario, runs, options)).record.variants) {
      real.push(variant)
      simulated.push(...(await twinOf(scenario, variant, { policy, calibration })))
    }
  }
  return percents.flatMap(({ percent, kind }) => {
    const told = { real: waits(real, percent, kind), simulated: waits(simulated, percent, kind) }
    if (told.real.length === 0 || told.simulated.length === 0) return []
    const about = { level: 'V5', scenario: storm.name, variant: 'nginx', figure: `${sample}_p${percent}` } as const
    return compareTold(about, told, goal) ?? []
  })
}

const realRun = (scenario: Scenario, runs: RealRuns, { signal }: LevelOptions): Promise<RealRun> =>
  runs.of({ scenario, edges: ['nginx'] }, undefined, signal)

/**
 * `calibration` with what players saw of nginx in the storm that is calibrated on: the share of their waits that counts
 * is the one with which that storm's own median comes out, because the rest is what a busy machine adds, and is simulated.
 */
async function withServer(
  calibration: Calibration,
  { seeds, options, runs }: { seeds: number; options: LevelOptions; runs: RealRuns },
): Promise<Calibration> {
  const storm = presetStorms().find(({ name }) => name === calibratedOn) as Scenario
  const real: RealRun[] = []
  for (const scenario of overSeeds(storm, seeds)) real.push(await realRun(scenario, runs, options))
  const variants = real.flatMap(({ record }) => record.variants)
  const [first] = variants
  if (first === undefined) throw new HarnessError(`nothing was measured of nginx in ${calibratedOn}`)
  const measuredMs = medianWait(sample, variants)
  const seen = await readRuns(real)
  let best = { calibration, offMs: Number.POSITIVE_INFINITY }
  for (const share of shares) {
    const candidate = seenByPlayers(calibration, seen, share)
    const offMs = Math.abs(
      medianWait(sample, await twinOf(storm, first, { policy, calibration: candidate })) - measuredMs,
    )
    if (offMs < best.offMs) best = { calibration: candidate, offMs }
  }
  return best.calibration
}

function waits(variants: readonly Variant[], percent: number, kind: ComparisonKind): Told[] {
  return variants.flatMap(({ parts }) => {
    const waited = histogramOf(
      parts.filter(({ role }) => role === 'fleet'),
      sample,
    )
    const value = percentile(waited, percent)
    return waited === undefined || value === undefined ? [] : { value, kind, n: waited.totalCount, sample: waited }
  })
}
