import type { Part } from '../../results/record/part.ts'
import { sum, total } from '../../results/sums.ts'
import type { Calibration, Quantiles, Work } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import { type ProcessCosts, processCostsOf } from './process-costs.ts'
import type { CalibrationRun, Seen, StormSeen } from './read-runs.ts'
import { quantilesWithPauses, releaseOf, type Sample, workOf } from './samples.ts'

// What a calibration is made of: what a run saw, how it is to be read, and what stands where too little was seen.

/** Fewer samples say nothing of a distribution. */
export const fewestSamples = 20

/**
 * What disturbs a request (other processes on its machine, other requests in front of it) is either `caught` by the
 * quantiles, for worlds in which each process has a machine, or `made` by the simulator, for worlds on one machine: then
 * the least disturbed of what was seen counts, lest it be there twice.
 */
type Contention = 'caught' | 'made'

export interface HowCalibrated {
  /** For people. */
  readonly measuredAt: string
  /** Default: caught. */
  readonly contention?: Contention
  /** What stands where too little was seen; default: the calibration of the repository. */
  readonly otherwise?: Calibration
  /** What each kind of work costs a process in all, from storms that tell kinds apart; default: as this run shows it. */
  readonly costs?: ProcessCosts
}

/** What was seen, and a list of what was not seen often enough. */
export interface Seeing {
  readonly run: CalibrationRun
  readonly kept: string[]
  /**
   * Which shares of what was seen are the work's own: of requests and of ways to processes that are awake; of ways to
   * idle ones; and of what is done for the origin's sake, fills and stores.
   */
  readonly least: { readonly beside: number; readonly idle: number; readonly seldom: number }
  /** What work costs beyond what requests show of it; undefined where that is not made. */
  readonly costs: ProcessCosts | undefined
  /** What stands where too little was seen. */
  readonly otherwise: Calibration
}

export function seeingOf(run: CalibrationRun, how: HowCalibrated): Seeing {
  const { contention = 'caught', otherwise = defaultCalibration } = how
  const shared = contention === 'made'
  const costs = shared ? (how.costs ?? processCostsOf(run)) : undefined
  const least = shared
    ? { beside: 1 - run.busyShare, idle: 1 - fullShareFor(run, 'fleet'), seldom: 1 - fullShareFor(run, 'origin') }
    : { beside: 1, idle: 1, seldom: 1 }
  return { run, kept: [], least, costs, otherwise }
}

/** How many of the requests that processes of `role` have to do with come while no core is free. */
function fullShareFor({ storms }: CalibrationRun, role: Part['role']): number {
  const requestsIn = ({ parts }: StormSeen): number =>
    total(
      parts.filter(part => part.role === role),
      'requests',
    )
  const requests = sum(storms.map(requestsIn))
  return requests === 0 ? 0 : sum(storms.map(storm => requestsIn(storm) * storm.fullShare)) / requests
}

/** Of one kind, as `samples` show it; `otherwise` where there are too few. */
export function work(
  { kept, least }: Seeing,
  name: string,
  samples: readonly Sample[],
  otherwise: Work,
  undisturbed = least.beside,
): Work {
  if (samples.length >= fewestSamples) return workOf(samples, undisturbed)
  kept.push(`${name} (${samples.length} samples)`)
  return otherwise
}

/** What is told together, or `otherwise`. */
export function released({ kept, least }: Seeing, name: string, waited: readonly Seen[], otherwise: Work): Work {
  const told = waited.filter(({ releasedMs, firstByteMs }) => releasedMs !== undefined && firstByteMs !== undefined)
  if (told.length >= fewestSamples) return releaseOf(told, least.beside)
  kept.push(`${name} (${told.length} samples)`)
  return otherwise
}

/** Of `values`; `otherwise` where there are too few. */
export function quantiles(
  { kept }: Seeing,
  name: string,
  values: readonly number[],
  otherwise: Quantiles,
  { fewest = fewestSamples, least = 1 } = {},
): Quantiles {
  if (values.length >= fewest) return quantilesWithPauses(values, least)
  kept.push(`${name} (${values.length} samples)`)
  return otherwise
}

export const partsOf = ({ run }: Seeing, role: Part['role']): Part[] => run.parts.filter(part => part.role === role)
