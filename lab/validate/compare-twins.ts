import type { Histogram } from 'hdr-histogram-js'
import { median } from '../../results/gate/statistics.ts'
import type { Variant } from '../../results/record/record.ts'
import type { Comparison, ComparisonKind, Level } from './comparison.ts'
import { whyLeftOut } from './left-out.ts'
import { percentileInterval } from './percentile-interval.ts'
import { type Told, toldBy } from './told-by-run.ts'

// Real runs of one variant against their simulated twins: of each figure and count the median of the ones against that of
// the others.

/** The largest error of each kind that is wanted; what has none is not compared. */
export type Goals = Partial<Readonly<Record<ComparisonKind, number>>>

/** Twins: the same variant of the same scenario over the same seeds. */
export interface Twins {
  readonly level: Level
  readonly scenario: string
  readonly variant: string
  readonly real: readonly Variant[]
  readonly simulated: readonly Variant[]
}

export interface TwinsCompared {
  readonly comparisons: readonly Comparison[]
  /** Figures that only one of the two worlds has, and that no list explains. */
  readonly oneSided: readonly string[]
}

/** Compares everything that both worlds tell and `goals` name. Counts that one world never met are 0 in it. */
export function compareTwins({ real, simulated, ...about }: Twins, goals: Goals): TwinsCompared {
  const ours = real.map(toldBy)
  const theirs = simulated.map(toldBy)
  const names = new Set([...ours, ...theirs].flatMap(told => [...told.keys()]))
  const comparisons: Comparison[] = []
  const oneSided: string[] = []
  for (const figure of names) {
    if (whyLeftOut(figure) !== undefined) continue
    const told = { real: valuesOf(figure, ours), simulated: valuesOf(figure, theirs) }
    const kind = told.real[0]?.kind
    if (kind === undefined || told.simulated.length === 0) {
      if ([...told.real, ...told.simulated].some(one => isCarried(figure, one))) oneSided.push(figure)
    } else {
      const goal = goals[kind]
      const compared = goal === undefined ? undefined : compareTold({ ...about, figure }, told, goal)
      if (compared !== undefined) comparisons.push(compared)
    }
  }
  return { comparisons, oneSided }
}

/** What `name` came to in each run; a count that a run did not meet is 0, a figure that it did not emit is nothing. */
function valuesOf(name: string, runs: readonly ReadonlyMap<string, Told>[]): Told[] {
  const isCount = isTierCount(name)
  const none: Told = { value: 0, kind: 'count', n: 1 }
  return runs.flatMap(run => run.get(name) ?? (isCount ? [none] : []))
}

const isTierCount = (name: string): boolean => /^(players|edges|origins|pipelines|lab)\./.test(name)

/** A percentile of a handful of values may well be absent in the other world. */
const isCarried = (figure: string, { kind, sample }: Told): boolean =>
  kind === 'count' || (sample !== undefined && percentileInterval(sample, percentOf(figure)) !== undefined)

const percentOf = (figure: string): number => Number(/_p(\d+)$/.exec(figure)?.[1])

/** What one figure came to in the runs of either world. */
export interface ToldByBoth {
  readonly real: readonly Told[]
  readonly simulated: readonly Told[]
}

/** The medians of both against each other; undefined for a percentile that the samples do not carry. */
export function compareTold(
  about: Pick<Comparison, 'level' | 'scenario' | 'variant' | 'figure'>,
  { real, simulated }: ToldByBoth,
  goal: number,
): Comparison | undefined {
  const kind = (real[0] as Told).kind
  const values = real.map(({ value }) => value)
  const compared: Comparison = {
    ...about,
    kind,
    trusted: median(values),
    predicted: median(simulated.map(({ value }) => value)),
    goal,
    spread: spreadOf(values),
    n: Math.round(median(real.map(({ n }) => n))),
  }
  if (kind === 'count') return compared
  const interval = intervalOf(about.figure, real)
  return interval && { ...compared, interval }
}

/** Largest less smallest, as a fraction of the median; of 1 where that is less, as errors are. */
export const spreadOf = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / Math.max(Math.abs(median(values)), 1)

/** The interval of all runs' samples together, where each run's own carries the percentile. */
function intervalOf(figure: string, real: readonly Told[]): readonly [number, number] | undefined {
  const percent = percentOf(figure)
  const samples = real.flatMap(({ sample }) => sample ?? [])
  if (samples.length < real.length || samples.some(sample => percentileInterval(sample, percent) === undefined)) {
    return undefined
  }
  const [first, ...rest] = samples as [Histogram, ...Histogram[]]
  for (const sample of rest) first.add(sample)
  return percentileInterval(first, percent)
}
