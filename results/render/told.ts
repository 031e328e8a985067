import type { CheckResult } from '../checks.ts'
import type { GateResult } from '../gate/gate.ts'
import type { FigureComparison } from '../gate/outcome.ts'
import type { RunRecord } from '../record/record.ts'
import { formatFigure } from './figure-table.ts'

// What the outputs of a record are made from: the record, and the gate where one was held. Each is one function from
// this to text.

export interface Told {
  readonly record: RunRecord
  readonly gate?: GateResult | undefined
}

/** What came of a check, in words. */
export const checkWords = ({ figure, want, got, outcome }: CheckResult): string =>
  outcome === 'not-emitted'
    ? `${figure} was not emitted by anybody, wanted ${want}`
    : `${figure} is ${formatFigure(figure, got ?? undefined)}, wanted ${want}`

/** What a figure was and is, in words. */
export function comparisonWords(one: FigureComparison): string {
  const { figure, was, is, band, ratio, by } = one
  const now = is === null ? 'nothing' : by === 'drift' && ratio ? `${factor(is)} in all` : formatFigure(figure, is)
  const before = by === 'drift' && ratio ? '' : `was ${formatFigure(figure, was)}, `
  const room = band ? ` (${formatFigure(figure, band.low)} to ${formatFigure(figure, band.high)})` : ''
  const times = ratio ? `, ${factor(ratio.estimate)} (${factor(ratio.low)} to ${factor(ratio.high)})` : ''
  return `${before}is ${now}${room}${times}: ${one.reason}`
}

const factor = (value: number): string => `× ${value.toFixed(2)}`

/** The comparisons in which something is shown, the bad ones first. */
export function shownComparisons(comparisons: readonly FigureComparison[]): FigureComparison[] {
  const rank = { 'not-emitted': 0, worse: 1, better: 2, 'not-shown': 3 } as const
  return comparisons
    .filter(({ outcome }) => outcome !== 'not-shown')
    .toSorted((a, b) => rank[a.outcome] - rank[b.outcome])
}

/** One sentence about a gate. */
export function gateHeadline({ outcome, comparisons, checksHeld }: GateResult): string {
  const count = (of: FigureComparison['outcome']) => comparisons.filter(one => one.outcome === of).length
  const missing = count('not-emitted')
  const parts = [
    `${count('worse')} worse`,
    `${count('better')} better`,
    `${count('not-shown')} not shown to differ`,
    ...(missing > 0 ? [`${missing} not emitted`] : []),
  ]
  const checks = checksHeld ? 'all checks of the record held' : 'checks of the record failed'
  return `The gate ${outcome}: of ${comparisons.length} figures ${parts.join(', ')}; ${checks}.`
}
