import type { Variant } from '../../results/record/record.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { calibratedOn } from './calibrations.ts'
import { compareTwins, type Goals } from './compare-twins.ts'
import type { Comparison, Level } from './comparison.ts'
import { type Ground, sharedGround } from './ground.ts'
import type { LevelOptions } from './level.ts'
import { type Ran, type RealRuns, ranOver } from './real-runs.ts'
import { overSeeds, runTakesMs, scenariosHere } from './scenarios-here.ts'
import { twinOf } from './twin-of.ts'

// V2: every scenario as real processes and as its simulated twin, over the same seeds. V3: the simulator as it is
// calibrated on `kickoff` alone, against the real runs of the other scenarios on the embedded store.

const v2Goals: Goals = { count: 0.02, p50_wait: 0.1, p99_wait: 0.2 }
const v3Goals: Goals = { count: 0.05 }
const quickScenarios = ['kickoff', 'smoke']
/** What V3 is calibrated on. */
const calibrating = 'kickoff'

export async function v2(options: LevelOptions, ground = sharedGround()): Promise<Comparison[]> {
  const plan = await planOf(options)
  announce(plan, ground.runs, { ...options, calibrating: ground.storms })
  const calibrate = onOtherSeeds(ground, options)
  return compareEach('V2', plan, { options, runs: ground.runs, calibrate, goals: v2Goals })
}

/**
 * A twin of V2 is calibrated on the real runs of its variant over the other seeds: what each piece of work takes on this
 * machine while it does what the scenario has it do, but not on the run that the twin is of.
 */
const onOtherSeeds =
  (ground: Ground, options: LevelOptions): Calibrate =>
  async (ran, place, variant) => {
    const others = ran.filter((_, i) => i !== place)
    const otherwise = await ground.calibration(options)
    const costs = await ground.costs(options)
    // Of one seed alone there is no other run.
    const on = others.length > 0 ? others : ran
    return (await calibratedOn(on, { variants: [variant], otherwise, costs })).calibration
  }

export async function v3(options: LevelOptions, { runs } = sharedGround()): Promise<Comparison[]> {
  const { scenarios, absent, seeds } = await planOf(options)
  const others = scenarios.filter(({ name, store }) => name !== calibrating && store.is === 'lsm')
  const [kickoff] = (await scenariosHere([calibrating])).scenarios as [Scenario]
  announce({ scenarios: [kickoff, ...others], absent, seeds }, runs, options)
  const { calibration, kept } = await calibratedOn(await ranOver(kickoff, seeds, runs, options))
  options.say(`calibrated on ${calibrating}; as the repository has it: ${kept.join(', ') || 'nothing'}`)
  const calibrate = async () => calibration
  return compareEach('V3', { scenarios: others, absent, seeds }, { options, runs, calibrate, goals: v3Goals })
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
function announce(
  { scenarios, absent, seeds }: Plan,
  runs: RealRuns,
  { say, calibrating = [] }: LevelOptions & { readonly calibrating?: readonly Scenario[] },
): void {
  const all = [...scenarios, ...calibrating].flatMap(scenario => overSeeds(scenario, seeds))
  const toMake = all.filter(scenario => !runs.has({ scenario }))
  const minutes = toMake.reduce((ms, scenario) => ms + runTakesMs(scenario), 0) / 60_000
  const besides = calibrating.length > 0 ? `, and ${calibrating.length} that calibrate,` : ''
  say(
    `${scenarios.length} scenarios${besides} over ${seeds} seeds: ${toMake.length} real runs to make ` +
      `(${all.length - toMake.length} are there), about ${Math.ceil(minutes)} min`,
  )
  for (const line of absent) say(line)
  if (absent.length > 0) say(`${absent.length} scenarios are not validated`)
}

/** What the twin of `variant` of the run at `place` among those of its scenario is simulated with. */
type Calibrate = (ran: readonly Ran[], place: number, variant: string) => Promise<Calibration>

interface Comparing {
  readonly options: LevelOptions
  readonly runs: RealRuns
  readonly calibrate: Calibrate
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
  { options, runs, calibrate, goals }: Comparing,
): Promise<Comparison[]> {
  const ran = await ranOver(scenario, seeds, runs, options)
  const comparisons: Comparison[] = []
  for (const { name } of ran[0]?.record.variants ?? []) {
    const [real, simulated]: [Variant[], Variant[]] = [[], []]
    for (const [place, { scenario: seeded, record }] of ran.entries()) {
      if (options.signal?.aborted) break
      const calibration = await calibrate(ran, place, name)
      for (const variant of record.variants.filter(one => one.name === name)) {
        real.push(variant)
        simulated.push(...(await twinOf(seeded, variant, { policy: name, calibration })))
      }
    }
    if (options.signal?.aborted) break
    const compared = compareTwins({ level, scenario: scenario.name, variant: name, real, simulated }, goals)
    if (compared.oneSided.length > 0) {
      options.say(`${scenario.name}, ${name}: only one world tells ${compared.oneSided.join(', ')}`)
    }
    comparisons.push(...compared.comparisons)
  }
  return comparisons
}
