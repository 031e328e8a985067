import { meanOf, type Peak, peakOf } from './peaks.ts'
import type { PlanInput } from './plan-input.ts'
import { bandOf } from './validation-error.ts'

// A fault strikes everybody at one instant, and much of what follows comes within a second of it. Series count whole
// seconds of the storm, so that the peak which they show depends on where in its second the fault falls: a burst that lies
// in one of them shows whole, and one that lies across two shows half. Nobody knows where in its second a real fault will
// fall; so the band of such a peak reaches from the one to the other.

/** From the half minute before a fault its level is taken. */
export const beforeSeconds = 30

/** A burst begins within so much of its fault: the way to the players and back, and a first retry. */
const withinSeconds = 1

/** The seconds of the storm in which something changes at once for many. */
export function suddenSeconds({ faults }: Pick<PlanInput, 'faults'>): number[] {
  const instants = faults.flatMap(fault => {
    const atMs = fault.atMs as number
    const wayOverMs = 'wayOverMs' in fault ? [atMs + (fault.wayOverMs as number)] : []
    const backMs = 'forMs' in fault && fault.forMs !== undefined ? [atMs + (fault.forMs as number)] : []
    const upMs = 'downMs' in fault ? [atMs + (fault.downMs as number)] : []
    return [atMs, ...wayOverMs, ...backMs, ...upMs]
  })
  return [...new Set(instants.map(ms => Math.floor(ms / 1_000)))].sort((a, b) => a - b)
}

/** The sudden second to which a peak belongs; undefined for one that is no burst. */
export const burstOf = (sudden: readonly number[], atSecond: number): number | undefined =>
  sudden.findLast(second => second <= atSecond && atSecond <= second + withinSeconds)

/**
 * The band of a burst's peak over a steady `level`. Its upper end is what no second can exceed, wherever it begins: what
 * both seconds hold that it can lie across. Its lower end is the larger half of that. What goes on in the second behind
 * both is no burst but a level of its own. `error` widens both ends.
 */
function burstBand(values: Float64Array, atSecond: number, level: number, error: number) {
  const beyond = (second: number): number => Math.max(0, (values[second] ?? 0) - level)
  const other = beyond(atSecond + 1) > beyond(atSecond - 1) ? atSecond + 1 : atSecond - 1
  const goesOn = Math.min(beyond(atSecond), beyond(Math.max(atSecond, other) + 1))
  const burst = beyond(atSecond) - goesOn + Math.max(0, beyond(other) - goesOn)
  const base = Math.min(level, values[atSecond] ?? 0) + goesOn
  return { low: bandOf(base + burst / 2, error).low, high: bandOf(base + burst, error).high }
}

export interface BandedPeak extends Peak {
  readonly low: number
  readonly high: number
  /** `burst`: the peak of a second at a fault. */
  readonly band: 'usual' | 'burst'
}

/** The peak of `values` between two seconds, with the band that its kind has. */
export function bandedPeakOf(
  values: Float64Array,
  sudden: readonly number[],
  error: number,
  from = 0,
  to = values.length,
): BandedPeak {
  const peak = peakOf(values, from, to)
  const burst = burstOf(sudden, peak.atSecond)
  if (burst === undefined) return { ...peak, ...bandOf(peak.peak, error), band: 'usual' }
  const level = meanOf(values, Math.max(0, burst - beforeSeconds), burst)
  return { ...peak, ...burstBand(values, peak.atSecond, level, error), band: 'burst' }
}
