import { median } from '../../results/gate/statistics.ts'
import type { Variant } from '../../results/record/record.ts'
import { histogramOf, percentile } from '../../results/sums.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { calibrationFrom } from '../../sim/node/calibrate.ts'
import { calibratingScenario, contrasts, storm } from '../../sim/node/calibration-run.ts'
import { onOneMachine } from '../../sim/node/one-machine.ts'
import { type ProcessCosts, processCostsOf } from '../../sim/node/process-costs.ts'
import { readRuns } from '../../sim/node/read-runs.ts'
import type { Ran } from './real-runs.ts'

// Calibrations that twins are simulated with, taken from real runs that are loaded as they are, and standing as those do:
// all processes on one machine.

export interface Calibrated {
  readonly calibration: Calibration
  /** What was not seen often enough, and stands as an earlier calibration has it. */
  readonly kept: readonly string[]
}

/** What is calibrated on where nothing else is said: a short storm with and without a cache. */
export const calibratingStorm = (): Scenario => calibratingScenario(storm)
/** What tells costs of processes apart: the same, and storms with large bodies and with many requests. */
export const contrastingStorms = (): Scenario[] => [storm, ...contrasts].map(calibratingScenario)

/** What each kind of work costs the processes of `runs` in all. */
export const costsSeenIn = async (runs: readonly Ran[]): Promise<ProcessCosts> => processCostsOf(await readRuns(runs))

export interface CalibratedOn {
  /** Of the runs; default: all. */
  readonly variants?: readonly string[] | undefined
  /** What stands where the runs do not show enough; default: the calibration of the repository. */
  readonly otherwise?: Calibration
  /** Default: as the runs themselves show them. */
  readonly costs?: ProcessCosts
}

/** From what the processes of `runs` wrote of each request. */
export async function calibratedOn(
  runs: readonly Ran[],
  { variants, otherwise, costs }: CalibratedOn = {},
): Promise<Calibrated> {
  const chosen = runs.map(run => ({ ...run, record: { ...run.record, variants: variantsOf(run, variants) } }))
  const { calibration, kept } = calibrationFrom(await readRuns(chosen), {
    measuredAt: runs.map(({ record }) => `${record.scenario.name}, seed ${record.seed}`).join('; '),
    contention: 'made',
    ...(otherwise && { otherwise }),
    ...(costs && { costs }),
  })
  return { calibration: onOneMachine(calibration), kept }
}

const variantsOf = ({ record }: Ran, wanted: readonly string[] | undefined): Variant[] =>
  record.variants.filter(({ name }) => wanted === undefined || wanted.includes(name))

/** The median of what players of `variants` waited, ms: over variants that of each one's; NaN where nobody was answered. */
export const medianWait = (wait: string, variants: readonly Variant[]): number =>
  median(
    variants.flatMap(({ parts }) => {
      const fleets = parts.filter(({ role }) => role === 'fleet')
      return percentile(histogramOf(fleets, wait), 50) ?? []
    }),
  )
