import type { FigureDefinition } from '../figure-definitions.ts'
import type { Band } from './outcome.ts'
import { median } from './statistics.ts'

// The band of a banded figure: where runs of the same code lie. From the least to the most of the baseline's runs,
// widened on each side by
//
//     spread × 10 / runs      the fewer runs there were, the less of the true spread they have shown,
//
// and at least by a floor: a twentieth of the median, two where things are counted, two points where a share is. What
// is inside says nothing.

/** Of the median: a smaller change of a count that races is nobody's concern. */
export const relativeFloor = 0.05
/** A request more or less than ever seen is a race that went the other way. */
const countFloor = 2
const shareFloor = 0.02
/** With so many runs the band is widened by their spread, once. */
const wellKnownRuns = 10

/** The least difference that counts for a figure of this unit whose median is `of`. */
export function floorOf(unit: FigureDefinition['unit'], of: number): number {
  const absolute = unit === 'share' ? shareFloor : unit === '1' ? countFloor : 0
  return Math.max(relativeFloor * Math.abs(of), absolute)
}

/** The band of `values`, one for each of the baseline's runs. */
export function bandOf(unit: FigureDefinition['unit'], values: readonly number[]): Band {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const widened = Math.max(((most - least) * wellKnownRuns) / values.length, floorOf(unit, median(values)))
  // Shares end at 1, and none of the figures is negative.
  return { low: Math.max(0, least - widened), high: unit === 'share' ? Math.min(1, most + widened) : most + widened }
}
