import { allHeld } from '../checks.ts'
import type { RunRecord } from '../record/record.ts'
import { compareWithBaseline, confirmedByRerun } from './against-baseline.ts'
import type { Baseline } from './baseline.ts'
import { driftOf } from './drift.ts'
import { type HistoryLine, historyLine } from './history.ts'
import { comparePairs, confirmed, type Pair, type PairRule, usualPairRule } from './in-pairs.ts'
import { type FigureComparison, GateError, noneWorse } from './outcome.ts'

// A gate: everything that a record is held against, and what it comes to.

/** Two measurements in pairs: the second is made only where the first shows something worse. */
export interface Measurement {
  /** With what the record's code was paired, for people. */
  readonly against: string
  readonly first: readonly Pair[]
  readonly confirming: readonly Pair[]
}

export interface GateInput {
  readonly record: RunRecord
  readonly baseline: Baseline
  /** A second run of the record's scenario and code, where a count that races left its band. */
  readonly rerun?: RunRecord | undefined
  readonly measurement?: Measurement | undefined
  readonly history?: readonly HistoryLine[] | undefined
  readonly rule?: PairRule | undefined
  /** When the gate is held, for the history: ISO 8601. */
  readonly at: string
}

export interface GateResult {
  readonly outcome: 'held' | 'failed'
  readonly comparisons: readonly FigureComparison[]
  readonly checksHeld: boolean
  /** What the reader must know of how it was compared. */
  readonly notes: readonly string[]
  /** What this run adds to the history. */
  readonly line: HistoryLine
}

/** Holds `record` against its baseline, its pairs and its history. Throws GateError for what cannot be compared. */
export function holdGate({
  record,
  baseline,
  rerun,
  measurement,
  history = [],
  rule = usualPairRule,
  at,
}: GateInput): GateResult {
  const first = compareWithBaseline(record, baseline)
  const counts = rerun === undefined ? first : confirmedByRerun(first, compareWithBaseline(rerun, baseline))
  const times = measurement === undefined ? [] : judgeTimes(measurement, rule)
  const line = historyLine(record, times, at)
  const drift = driftOf([...history, line], record.scenario.sha256, rule.floor)
  const comparisons = [...counts.comparisons, ...times, ...drift]
  if (comparisons.length === 0) throw new GateError('there is nothing to compare: the baseline has no figures')
  const checksHeld = allHeld(record.variants)
  return {
    outcome: checksHeld && noneWorse(comparisons) ? 'held' : 'failed',
    comparisons,
    checksHeld,
    notes: [...counts.notes, ...notesOn(measurement)],
    line,
  }
}

function judgeTimes({ first, confirming }: Measurement, rule: PairRule): FigureComparison[] {
  const times = comparePairs(first, rule)
  if (!needsConfirmation(times)) return times
  if (confirming.length === 0) throw new GateError('something got worse, and no confirming rerun was made')
  // Another stream of chance: the two measurements share nothing.
  return confirmed(times, comparePairs(confirming, { ...rule, seed: rule.seed + 1 }))
}

/** Whether a measurement in pairs must be made a second time before it may say "worse". */
export const needsConfirmation = (times: readonly FigureComparison[]): boolean =>
  times.some(({ outcome }) => outcome === 'worse')

function notesOn(measurement: Measurement | undefined): string[] {
  if (measurement === undefined) return ['Times are not compared: --against measures them in pairs.']
  const { against, first, confirming } = measurement
  const runs = [...first, ...confirming].flatMap(pair => [pair.against, pair.candidate])
  const behind = runs.filter(run => [...run.values()].some(figures => figures.generator_kept_up === 0)).length
  const again = confirming.length > 0 ? `, and ${confirming.length} to confirm` : ''
  return [
    `Times are compared with ${against} in ${first.length} pairs measured in one go (A B B A)${again}.`,
    ...(behind > 0
      ? [`The generator fell behind its plan in ${behind} of these ${runs.length} runs: the machine is busy.`]
      : []),
  ]
}
