// What every level of validation comes to: one figure, told by the thing that is trusted and by the thing that is held
// against it, and how far apart the two may be.

/**
 * | level | trusted                          | held against it                                      |
 * |-------|----------------------------------|------------------------------------------------------|
 * | V0    | a closed form                    | the simulator                                        |
 * | V1    | the decision log of a process    | its input log, replayed through the same core        |
 * | V2    | real runs                        | the simulated twin, same scenario and seeds          |
 * | V3    | real runs of other scenarios     | the simulator as calibrated on `kickoff` alone       |
 * | V4    | exact mode                       | bulk mode                                            |
 * | V5    | the real nginx                   | the simulated `nginx` preset                         |
 */
export const levels = ['V0', 'V1', 'V2', 'V3', 'V4', 'V5'] as const
export type Level = (typeof levels)[number]

/** `mean_wait`: only of queues whose mean has a closed form. */
export type ComparisonKind = 'count' | 'p50_wait' | 'p99_wait' | 'mean_wait'

export interface Comparison {
  readonly level: Level
  /** The scenario, or the name of a closed form's case. */
  readonly scenario: string
  /** The edge policy or the size that the scenario was run with, where it was run with several. */
  readonly variant?: string
  /** The figure's name as in records (docs/figures.md). */
  readonly figure: string
  readonly kind: ComparisonKind
  /** What is trusted: a median where there were several runs. */
  readonly trusted: number
  readonly predicted: number
  /** The largest error as a fraction that this figure may have: the goal, whatever the runs' spread. */
  readonly goal: number
  /** Largest less smallest of the trusted runs, as a fraction of their median; 0 where there is one value only. */
  readonly spread: number
  /**
   * How many events the trusted value counts, or how many samples its percentile has; 0 where chance has no part in it,
   * so that the goal alone counts.
   */
  readonly n: number
  /** The 95 % interval of the trusted value, where it is a percentile. */
  readonly interval?: readonly [low: number, high: number]
  /** Why the two differ, where that is known. */
  readonly note?: string
}

/** How far apart the two are, as a fraction of what is trusted; of 1 where that is less than 1. */
export const errorOf = ({ trusted, predicted }: Pick<Comparison, 'trusted' | 'predicted'>): number =>
  Math.abs(predicted - trusted) / Math.max(Math.abs(trusted), 1)

/** The largest error that is not held against the simulator: the goal, what real runs differ by, and counting noise. */
export const allowedError = ({ goal, spread, n }: Comparison): number =>
  Math.max(goal, 2 * spread, n > 0 ? 3 / Math.sqrt(n) : 0)

/** Whether the sample is large enough to say anything of the goal. */
export const isLarge = ({ n, goal }: Comparison): boolean => n === 0 || 3 / Math.sqrt(n) <= goal

export const isExceeded = (comparison: Comparison): boolean => errorOf(comparison) > allowedError(comparison)
