import type { Part } from '../../results/record/part.ts'
import { total } from '../../results/sums.ts'
import type { Calibration, Quantiles, Work } from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'
import { quantilesWithPauses, releaseOf, type Sample, workOf } from './samples.ts'

// What a calibration is made of: what a run saw, how it is to be read, and what stands where too little was seen.

/** Fewer samples say nothing of a distribution. */
export const fewestSamples = 20
export const mib = 1024 * 1024

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
  /** From a run with more to do: no more CPU follows an answer than there. What goes beyond it is spent by the hour. */
  readonly busier?: Calibration
  /**
   * Where contention is made, the share of requests that nothing disturbed. Default: that of the time in which the machine
   * had nothing to do, which is what arrivals at random meet (Poisson arrivals see time averages).
   */
  readonly undisturbed?: number
}

/** What was seen, and a list of what was not seen often enough. */
export interface Seeing {
  readonly run: CalibrationRun
  readonly kept: string[]
  /** Which shares of what passes beside the work are the work's own: of requests, of stores and publishing, of the lag. */
  readonly least: { readonly beside: number; readonly stored: number; readonly lag: number }
  /** Whether what a process spends beyond its answers is made, too. */
  readonly shared: boolean
  /** What stands where too little was seen. */
  readonly otherwise: Calibration
  readonly busier: Calibration | undefined
}

export function seeingOf(run: CalibrationRun, how: HowCalibrated): Seeing {
  const { contention = 'caught', otherwise = defaultCalibration, busier, undisturbed = 1 - run.busyShare } = how
  const shared = contention === 'made'
  // A timer's grain is no disturbance.
  const least = shared ? { beside: undisturbed, stored: 1 - run.busyShare, lag: 0.9 } : { beside: 1, stored: 1, lag: 1 }
  return { run, kept: [], least, shared, otherwise, busier }
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
/** The CPU time of all processes of `role`, where it is to be shared out. */
export const cpuMsOf = (seeing: Seeing, role: Part['role']): number =>
  seeing.shared ? total(partsOf(seeing, role), 'cpu_ms') : 0
