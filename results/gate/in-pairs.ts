import { definitionOf } from '../figure-definitions.ts'
import type { RunRecord } from '../record/record.ts'
import { directionOf, isJudged } from './direction.ts'
import type { FigureComparison, Outcome } from './outcome.ts'
import { type BootstrapOptions, bootstrapMedian, type Interval, median } from './statistics.ts'

// Times, compared in pairs: both sides of a pair were measured right after one another on one machine, in the order
// A B B A, so that a machine that warms up or a neighbour that wakes favours neither. Of each pair the ratio is taken,
// of the ratios the median, and of the median an interval by resampling (bootstrap). "Worse" is said when the whole
// interval lies above the floor, and again in a second measurement.

/** The figures of two runs measured one after the other, by variant. */
export interface Pair {
  readonly against: Runs
  readonly candidate: Runs
}
type Runs = ReadonlyMap<string, Readonly<Record<string, number>>>

export const figuresByVariant = ({ variants }: RunRecord): Runs => new Map(variants.map(one => [one.name, one.figures]))

export interface PairRule {
  /** A change of less than this share is nobody's concern. */
  readonly floor: number
  readonly confidence: number
  readonly resamples: number
  readonly seed: number
}

export const usualPairRule: PairRule = { floor: 0.05, confidence: 0.99, resamples: 2_000, seed: 1 }
/** Pairs of one measurement. With 8, chance alone puts an interval above 1 about once in sixty; the rest is the rerun's. */
export const usualPairs = 8
/** An interval of fewer would hold nothing: the median of 3 pairs is any of them. */
export const fewestPairs = 4

/** Below a millisecond a time says more about timers than about caches: it counts as one. */
const leastMs = 1
/** Two turns of a busy scheduler: whatever the ratio, a smaller change in ms is not the code's. */
export const floorMs = 2

/** Every time that both sides of every pair have, judged by `rule`; missing ones are errors. */
export function comparePairs(pairs: readonly Pair[], rule: PairRule = usualPairRule): FigureComparison[] {
  const [first] = pairs
  if (first === undefined) return []
  return [...first.against].flatMap(([variant, figures]) =>
    Object.keys(figures)
      .filter(figure => definitionOf(figure)?.kind === 'timed' && isJudged(figure))
      .flatMap(figure => compareTime(pairs, variant, figure, rule)),
  )
}

function compareTime(pairs: readonly Pair[], variant: string, figure: string, rule: PairRule): FigureComparison[] {
  const definition = definitionOf(figure)
  const values = pairs.map(
    pair => [pair.against.get(variant)?.[figure], pair.candidate.get(variant)?.[figure]] as const,
  )
  const before = values.flatMap(([was]) => was ?? [])
  const after = values.flatMap(([, is]) => is ?? [])
  // What the other side itself does not emit each time is no measure.
  if (definition === undefined || before.length < pairs.length) return []
  const about = { variant, figure, unit: definition.unit, by: 'pairs' as const, was: median(before) }
  if (after.length < pairs.length) {
    const reason = `nobody emitted it in ${pairs.length - after.length} of ${pairs.length} runs`
    return [{ ...about, is: null, outcome: 'not-emitted', reason }]
  }
  const ratios = before.map((was, i) => Math.max(after[i] as number, leastMs) / Math.max(was, leastMs))
  const ratio = bootstrapMedian(ratios, bootstrapOf(rule, `${variant}/${figure}`))
  const shift = median(before.map((was, i) => (after[i] as number) - was))
  return [{ ...about, is: median(after), ratio, ...judge(figure, ratio, shift, rule) }]
}

const bootstrapOf = ({ confidence, resamples, seed }: PairRule, name: string): BootstrapOptions => ({
  confidence,
  resamples,
  seed,
  name,
})

function judge(
  figure: string,
  ratio: Interval,
  shiftMs: number,
  { floor }: PairRule,
): { readonly outcome: Outcome; readonly reason: string } {
  const slower = ratio.low > 1 + floor && shiftMs >= floorMs
  const faster = ratio.high < 1 / (1 + floor) && shiftMs <= -floorMs
  if (!slower && !faster) return { outcome: 'not-shown', reason: 'no change over the floor is shown' }
  const outcome = slower === (directionOf(figure) === 'less') ? 'worse' : 'better'
  return { outcome, reason: 'the whole interval lies beyond the floor' }
}

/** The first measurement, with "worse" where the second, confirming one says the same of the same figure. */
export function confirmed(first: readonly FigureComparison[], second: readonly FigureComparison[]): FigureComparison[] {
  return first.map(one => {
    if (one.outcome !== 'worse') return one
    const again = second.find(({ variant, figure }) => variant === one.variant && figure === one.figure)
    if (again?.outcome === 'worse') return { ...one, reason: `${one.reason}, and again in the confirming rerun` }
    return { ...one, outcome: 'not-shown', reason: 'worse at first, and not in the confirming rerun' }
  })
}
