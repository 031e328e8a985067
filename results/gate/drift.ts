import { definitionOf } from '../figure-definitions.ts'
import { floorOf } from './band.ts'
import { directionOf } from './direction.ts'
import type { HistoryLine } from './history.ts'
import type { FigureComparison, Outcome } from './outcome.ts'
import type { Interval } from './statistics.ts'
import { median } from './statistics.ts'

// Slow drift: many changes, each too small for its gate, that go the same way. Two rules over the history since the
// last update of the baseline.
//
// - Counts: the median of the newest ten runs lies outside everything that the first ten runs had, by more than the
//   floor of a band.
// - Times: every line has the ratio that its pairs showed against the code before. Their product is the change since
//   then; its interval comes from the intervals of the lines, added as independent errors are (by squares, of
//   logarithms). Drift is shown when that whole interval lies beyond the floor.

/** Runs at each end of a history; with fewer than twice as many nothing is said of counts. */
const driftRuns = 10

/** What has drifted since the last mark, for the scenario of this hash. Nothing where nothing is shown. */
export function driftOf(lines: readonly HistoryLine[], scenario: string, floor: number): FigureComparison[] {
  const own = lines.filter(line => line.scenario === scenario)
  const since = own.slice(own.findLastIndex(({ because }) => because !== undefined) + 1)
  return [...countDrift(since), ...timeDrift(since, floor)]
}

/** Each variant and figure that any line has. */
function eachFigure<Value>(
  lines: readonly HistoryLine[],
  of: (line: HistoryLine) => Readonly<Record<string, Readonly<Record<string, Value>>>>,
): { variant: string; figure: string; values: Value[] }[] {
  const found = new Map<string, { variant: string; figure: string; values: Value[] }>()
  for (const line of lines) {
    for (const [variant, figures] of Object.entries(of(line))) {
      for (const [figure, value] of Object.entries(figures)) {
        const key = `${variant}/${figure}`
        const known = found.get(key) ?? { variant, figure, values: [] }
        known.values.push(value)
        found.set(key, known)
      }
    }
  }
  return [...found.values()]
}

function countDrift(lines: readonly HistoryLine[]): FigureComparison[] {
  return eachFigure(lines, line => line.counts).flatMap(({ variant, figure, values }) => {
    const definition = definitionOf(figure)
    if (definition === undefined || values.length < 2 * driftRuns) return []
    const first = values.slice(0, driftRuns)
    const was = median(first)
    const is = median(values.slice(-driftRuns))
    const room = definition.kind === 'exact' ? 0 : floorOf(definition.unit, was)
    const band = { low: Math.min(...first) - room, high: Math.max(...first) + room }
    if (is >= band.low && is <= band.high) return []
    const reason = `the newest ${driftRuns} of ${values.length} runs lie outside what the first ${driftRuns} had`
    const { unit } = definition
    return [{ variant, figure, unit, by: 'drift' as const, outcome: wayOf(figure, is > was), was, is, band, reason }]
  })
}

function timeDrift(lines: readonly HistoryLine[], floor: number): FigureComparison[] {
  return eachFigure(lines, line => line.ratios).flatMap(({ variant, figure, values }) => {
    const definition = definitionOf(figure)
    if (definition === undefined || values.length < 2) return []
    const ratio = product(values)
    const slower = ratio.low > 1 + floor
    if (!slower && ratio.high >= 1 / (1 + floor)) return []
    const reason = `${values.length} changes together, none of which showed it alone`
    const is = ratio.estimate
    const { unit } = definition
    return [{ variant, figure, unit, by: 'drift' as const, outcome: wayOf(figure, slower), was: 1, is, ratio, reason }]
  })
}

/** The product of independent ratios, with its interval. */
export function product(ratios: readonly Interval[]): Interval {
  const sum = (of: (ratio: Interval) => number) => ratios.reduce((all, ratio) => all + of(ratio), 0)
  const estimate = sum(ratio => Math.log(ratio.estimate))
  const below = Math.sqrt(sum(({ estimate, low }) => Math.log(estimate / low) ** 2))
  const above = Math.sqrt(sum(({ estimate, high }) => Math.log(high / estimate) ** 2))
  return { estimate: Math.exp(estimate), low: Math.exp(estimate - below), high: Math.exp(estimate + above) }
}

function wayOf(figure: string, grew: boolean): Outcome {
  const direction = directionOf(figure)
  if (direction === 'neither') return 'worse'
  return (direction === 'less') === grew ? 'worse' : 'better'
}
