import type { Variant } from '../../results/record/record.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'
import { calibrationOf } from './calibrations.ts'
import { compareTwins, type Goals } from './compare-twins.ts'
import type { Comparison, Level } from './comparison.ts'
import { sharedGround } from './ground.ts'
import type { LevelOptions } from './level.ts'
import type { RealRuns } from './real-runs.ts'
import { overSeeds, runTakesMs, scenariosHere } from './scenarios-here.ts'

// V2: every scenario as real processes and as its simulated twin, over the same seeds. V3: the simulator as it is
// calibrated on `kickoff` alone, against the real runs of the other scenarios on the embedded store.

const v2Goals: Goals = { count: 0.02, p50_wait: 0.1, p99_wait: 0.2 }
const v3Goals: Goals = { count: 0.05 }
const quickScenarios = ['kickoff', 'smoke']
/** What V3 is calibrated on. */
const calibratedOn = 'kickoff'

export async function v2(options: LevelOptions, ground = sharedGround()): Promise<Comparison[]> {
  const plan = await planOf(options)
  announce(plan, ground.runs, options)
  const calibration = await ground.calibration(options.say, options.signal)
  return compareEach('V2', plan, { options, runs: ground.runs, calibration, goals: v2Goals })
}

export async function v3(options: LevelOptions, { runs } = sharedGround()): Promise<Comparison[]> {
  const { scenarios, absent, seeds } = await planOf(options)
  const others = scenarios.filter(({ name, store }) => name !== calibratedOn && store.is === 'lsm')
  const [kickoff] = (await scenariosHere([calibratedOn])).scenarios as [Scenario]
  announce({ scenarios: [kickoff, ...others], absent, seeds }, runs, options)
  const measured = []
  for (const scenario of overSeeds(kickoff, seeds)) measured.push(await realRun(scenario, runs, options))
  const { calibration, kept } = await calibrationOf(measured)
  options.say(`calibrated on ${calibratedOn}; as the repository has it: ${kept.join(', ') || 'nothing'}`)
  return compareEach('V3', { scenarios: others, absent, seeds }, { options, runs, calibration, goals: v3Goals })
}

interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly absent: readonly string[]
  readonly seeds: number
}

async function planOf({ scenarios, seeds, quick }: LevelOptions): Promise<Plan> {
  const here = await scenariosHere(scenarios ?? (quick ? quickScenarios : undefined))
  return { ...here, seeds: quick ? 1 : seeds }
}

/** How many real runs there are to make, how long that takes, and what is not validated. */
function announce({ scenarios, absent, seeds }: Plan, runs: RealRuns, { say }: LevelOptions): void {
  const all = scenarios.flatMap(scenario => overSeeds(scenario, seeds))
  const toMake = all.filter(scenario => !runs.has({ scenario }))
  const minutes = toMake.reduce((ms, scenario) => ms + runTakesMs(scenario), 0) / 60_000
  say(
    `${scenarios.length} scenarios over ${seeds} seeds: ${toMake.length} real runs to make ` +
      `(${all.length - toMake.length} are there), about ${Math.ceil(minutes)} min`,
  )
  for (const line of absent) say(line)
  if (absent.length > 0) say(`${absent.length} scenarios are not validated`)
}

interface Comparing {
  readonly options: LevelOptions
  readonly runs: RealRuns
  readonly calibration: Calibration
  readonly goals: Goals
}

/** One scenario after the other; what is done is the result where the level is ended early. */
async function compareEach(level: Level, { scenarios, seeds }: Plan, comparing: Comparing): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const [place, scenario] of scenarios.entries()) {
    if (comparing.options.signal?.aborted) break
    comparing.options.say(`${scenario.name} (${place + 1} of ${scenarios.length})`)
    try {
      comparisons.push(...(await compareScenario(level, scenario, seeds, comparing)))
    } catch (error) {
      // A run that was ended early is no result; those before it are.
      if (!comparing.options.signal?.aborted) throw error
    }
  }
  return comparisons
}

async function compareScenario(
  level: Level,
  scenario: Scenario,
  seeds: number,
  { options, runs, calibration, goals }: Comparing,
): Promise<Comparison[]> {
  const [real, simulated]: [Variant[][], Variant[][]] = [[], []]
  for (const seeded of overSeeds(scenario, seeds)) {
    const { record } = await realRun(seeded, runs, options)
    const policies = record.variants.map(({ name }) => name)
    const twin = await simulateScenario(seeded, { policies, calibration, out: null })
    real.push([...record.variants])
    simulated.push([...twin.record.variants])
  }
  return (real[0] ?? []).flatMap(({ name }) => {
    const of = (worlds: Variant[][]) => worlds.flatMap(variants => variants.filter(variant => variant.name === name))
    const twins = { level, scenario: scenario.name, variant: name, real: of(real), simulated: of(simulated) }
    const { comparisons, oneSided } = compareTwins(twins, goals)
    if (oneSided.length > 0) options.say(`${scenario.name}, ${name}: only one world tells ${oneSided.join(', ')}`)
    return comparisons
  })
}

async function realRun(scenario: Scenario, runs: RealRuns, { say, signal }: LevelOptions) {
  const { name, seed } = scenario
  if (!runs.has({ scenario })) say(`${name}, seed ${seed}: a real run of ${Math.ceil(runTakesMs(scenario) / 1_000)} s`)
  return runs.of({ scenario }, undefined, signal)
}
