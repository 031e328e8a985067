import { median } from '../../results/gate/statistics.ts'
import type { Variant } from '../../results/record/record.ts'
import { histogramOf, percentile, sum } from '../../results/sums.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { calibrationFrom } from '../../sim/node/calibrate.ts'
import { type CalibrationRun, calibratingScenario, contrasts, readRuns, storm } from '../../sim/node/calibration-run.ts'
import { onOneMachine } from '../../sim/node/one-machine.ts'
import { type ProcessCosts, processCostsOf } from '../../sim/node/process-costs.ts'
import type { HowCalibrated } from '../../sim/node/seeing.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'
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

export interface Closing {
  /** Of the runs; default: all. */
  readonly variants?: readonly string[] | undefined
  readonly otherwise?: Calibration
  readonly costs?: ProcessCosts
}

/** Shares of requests that nothing disturbed, of which one is found. */
const shares = [0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
const waits = ['ttfb_ms', 'publication_to_first_byte_ms'] as const

/**
 * From what the processes of `runs` wrote of each request. How much of what was seen is a request's own, and how much was
 * made by the rest of the storm, is found by simulating the first of these runs itself: that share is taken with which its
 * medians from request and from publication to first byte come out as they were measured. No other run is looked at.
 */
export async function closedCalibration(runs: readonly Ran[], closing: Closing = {}): Promise<Calibrated> {
  const { variants } = closing
  const chosen = runs.map(run => ({ ...run, record: { ...run.record, variants: variantsOf(run, variants) } }))
  const read = await readRuns(chosen)
  let best: Calibrated | undefined
  let leastMissed = Infinity
  for (const undisturbed of shares) {
    const candidate = calibrated(read, chosen, { ...closing, undisturbed })
    const missed = await missedBy(chosen, candidate.calibration)
    if (missed < leastMissed) [best, leastMissed] = [candidate, missed]
  }
  // Where nobody waited for anything, no share is better than another one.
  return best ?? calibrated(read, chosen, closing)
}

const variantsOf = ({ record }: Ran, wanted: readonly string[] | undefined): Variant[] =>
  record.variants.filter(({ name }) => wanted === undefined || wanted.includes(name))

function calibrated(
  read: CalibrationRun,
  runs: readonly Ran[],
  { otherwise, costs, undisturbed }: Closing & Pick<HowCalibrated, 'undisturbed'>,
): Calibrated {
  const { calibration, kept } = calibrationFrom(read, {
    measuredAt: runs.map(({ record }) => `${record.scenario.name}, seed ${record.seed}`).join('; '),
    contention: 'made',
    ...(otherwise && { otherwise }),
    ...(costs && { costs }),
    ...(undisturbed !== undefined && { undisturbed }),
  })
  return { calibration: onOneMachine(calibration), kept }
}

/**
 * By how much the medians of the first run's twin miss those of all runs: the sum over its variants, as logarithms;
 * Infinity where nobody waited.
 */
async function missedBy(runs: readonly Ran[], calibration: Calibration): Promise<number> {
  const [first] = runs as [Ran]
  const policies = first.record.variants.map(({ name }) => name)
  const { record } = await simulateScenario(first.scenario, { policies, calibration, out: null })
  const missed: number[] = []
  for (const twin of record.variants) {
    const real = runs.flatMap(run => run.record.variants.filter(({ name }) => name === twin.name))
    for (const wait of waits) {
      const [measured, predicted] = [medianWait(wait, real), medianWait(wait, [twin])]
      if (measured > 0 && predicted > 0) missed.push(Math.abs(Math.log(predicted / measured)))
    }
  }
  return missed.length === 0 ? Infinity : sum(missed)
}

/** The median of what players of `variants` waited, ms: over variants that of each one's; NaN where nobody was answered. */
export const medianWait = (wait: string, variants: readonly Variant[]): number =>
  median(
    variants.flatMap(({ parts }) => {
      const fleets = parts.filter(({ role }) => role === 'fleet')
      return percentile(histogramOf(fleets, wait), 50) ?? []
    }),
  )
