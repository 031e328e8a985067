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

export const usualPairRule: PairRule = { floor: 0.05, confidence: 0.98, resamples: 2_000, seed: 1 }
/**
 * Pairs of one measurement. With ten, chance alone puts an interval above the floor about once in eighty, and one pair
 * that a busy machine spoils hides nothing.
 */
export const usualPairs = 10
/** An interval of fewer would hold nothing: the median of 3 pairs is any of them. */
export const fewestPairs = 4

/** Below a millisecond a time says more about timers than about caches: it counts as one. */
const leastMs = 1
/** Two turns of a busy scheduler: whatever the ratio, a smaller change in ms is not the code's. */
export const floorMs = 2

/** Every time that the other side has, judged by `rule`; one that the candidate does not have is an error. */
export function comparePairs(pairs: readonly Pair[], rule: PairRule = usualPairRule): FigureComparison[] {
  const times = new Map<string, { variant: string; figure: string }>()
  for (const { against } of pairs) {
    for (const [variant, figures] of against) {
      for (const figure of Object.keys(figures)) {
        if (definitionOf(figure)?.kind !== 'timed' || !isJudged(figure)) continue
        times.set(`${variant}/${figure}`, { variant, figure })
      }
    }
  }
  return [...times.values()].flatMap(({ variant, figure }) => compareTime(pairs, variant, figure, rule))
}

function compareTime(pairs: readonly Pair[], variant: string, figure: string, rule: PairRule): FigureComparison[] {
  const definition = definitionOf(figure)
  if (definition === undefined) return []
  const valuesOf = (side: keyof Pair, of: readonly Pair[]) =>
    of.flatMap(pair => pair[side].get(variant)?.[figure] ?? [])
  const [had, has] = [valuesOf('against', pairs), valuesOf('candidate', pairs)]
  const about = { variant, figure, unit: definition.unit, by: 'pairs' as const, was: median(had) }
  // A short run may end before anything of a kind was measured, on either side. Where it is most of them, it is gone.
  if (has.length < had.length / 2) {
    const reason = `nobody emitted it in ${pairs.length - has.length} of ${pairs.length} runs; before, in ${pairs.length - had.length}`
    return [{ ...about, is: null, outcome: 'not-emitted', reason }]
  }
  const whole = pairs.filter(pair => valuesOf('against', [pair]).length + valuesOf('candidate', [pair]).length === 2)
  if (whole.length < fewestPairs) {
    const reason = `both sides emitted it in ${whole.length} of ${pairs.length} pairs only`
    return [{ ...about, is: median(has), outcome: 'not-shown', reason }]
  }
  const [before, after] = [valuesOf('against', whole), valuesOf('candidate', whole)]
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
