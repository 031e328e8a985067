import type { RunRecord } from '../../results/record/record.ts'
import { type Comparison, type ComparisonKind, errorOf, isExceeded, isLarge, type Level } from './comparison.ts'

// What the levels of a validation have come to, and the figures of all of them.

export interface LevelOutcome {
  readonly level: Level
  /** What it compared, also where it was not run to its end. */
  readonly comparisons: readonly Comparison[]
  /** Why it could not be run. */
  readonly missing?: string | undefined
  /** It was ended before its time. */
  readonly partial: boolean
  readonly tookMs: number
}

export interface Validation {
  readonly outcomes: readonly LevelOutcome[]
  /** True when it was ended before its time. */
  readonly partial: boolean
  readonly seeds: number
  readonly quick: boolean
  readonly commit: string
  readonly environment: RunRecord['environment']
}

export const comparisonsOf = (outcomes: readonly LevelOutcome[]): Comparison[] =>
  outcomes.flatMap(({ comparisons }) => comparisons)

/** The largest error among `comparisons` of a kind; undefined where there is none. */
export function largestError(comparisons: readonly Comparison[], ...kinds: readonly ComparisonKind[]) {
  const errors = comparisons.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)).map(errorOf)
  return errors.length === 0 ? undefined : Math.max(...errors)
}

/**
 * Whether an error says something about the goal: the sample is large enough for it, and the trusted runs lie close enough
 * together. Whether an error is more than chance and those runs allow, `validation_exceeded` says of every comparison.
 */
const carriesItsGoal = (comparison: Comparison): boolean =>
  isLarge(comparison) && 2 * comparison.spread <= comparison.goal

/** By their stable names. A figure of which nothing was compared is not there, so that no goal is met by silence. */
export function validationFigures(outcomes: readonly LevelOutcome[]): Record<string, number> {
  const all = comparisonsOf(outcomes)
  const of = (level: Level) => all.filter(comparison => comparison.level === level)
  const told = (level: Level) => of(level).filter(carriesItsGoal)
  const logs = of('V1')
  const figures: Record<string, number | undefined> = {
    v0_error_max: largestError(of('V0')),
    v1_logs_differing: logs.length === 0 ? undefined : logs.filter(log => errorOf(log) > 0).length,
    v2_count_error_max: largestError(told('V2'), 'count'),
    v2_p50_wait_error_max: largestError(told('V2'), 'p50_wait'),
    v2_p99_wait_error_max: largestError(told('V2'), 'p99_wait'),
    v3_count_error_max: largestError(told('V3'), 'count'),
    v4_count_error_max: largestError(told('V4'), 'count'),
    v5_wait_error_max: largestError(told('V5'), 'p50_wait', 'p99_wait', 'mean_wait'),
    comparisons: all.length,
    validation_exceeded: all.filter(isExceeded).length,
    validation_missing: outcomes.filter(({ missing }) => missing !== undefined).length,
  }
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
