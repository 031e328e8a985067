import type { FigureDefinition } from '../figure-definitions.ts'
import type { Interval } from './statistics.ts'

// What a comparison of one figure comes to.

/**
 * `better` and `worse` are shown; `not-shown` is everything else: equal, inside its band, or too noisy to say.
 * `not-emitted`: the figure was measured before and nobody measures it now, which is an error and no silence.
 */
export type Outcome = 'better' | 'worse' | 'not-shown' | 'not-emitted'

/** By what a figure was judged: equality, the band of the baseline's runs, pairs measured in one go, or the history. */
type Means = 'exact' | 'band' | 'pairs' | 'drift'

export interface Band {
  readonly low: number
  readonly high: number
}

/** One figure of one variant against what it was. */
export interface FigureComparison {
  readonly variant: string
  readonly figure: string
  readonly unit: FigureDefinition['unit']
  readonly by: Means
  readonly outcome: Outcome
  /** The median of what it is compared with. */
  readonly was: number
  /** The median of what was measured now; null where nothing was. */
  readonly is: number | null
  readonly band?: Band | undefined
  /** How many times as much as before, by pairs. */
  readonly ratio?: Interval | undefined
  /** Why, for people. */
  readonly reason: string
}

/** Whether nothing got worse and nothing went missing. */
export const noneWorse = (comparisons: readonly FigureComparison[]): boolean =>
  comparisons.every(({ outcome }) => outcome === 'better' || outcome === 'not-shown')

/** A record, baseline or measurement that cannot be judged: printed without a stack, exit code 2. */
export class GateError extends Error {}
