import { RandomStream } from '../../live/random.ts'

// The few statistics that a gate needs. Chance is seeded: the same runs give the same interval.

/** The value below which the share `at` of `values` lies, between neighbours by proportion. NaN of none. */
export function quantile(values: readonly number[], at: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const position = at * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (position - Math.floor(position)) * (above - below)
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** An estimate, and between which two values it lies with the confidence that was asked for. */
export interface Interval {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

export interface BootstrapOptions {
  /** 0.98: of many values, the interval holds the true one in 98 of 100 measurements; of ten, in about 96. */
  readonly confidence: number
  readonly resamples: number
  /** Names the stream of chance, with the seed: one for each figure. */
  readonly seed: number
  readonly name: string
}

/** The median of `values` with its percentile bootstrap interval. Throws RangeError for no values. */
export function bootstrapMedian(values: readonly number[], options: BootstrapOptions): Interval {
  if (values.length === 0) throw new RangeError('there is no interval of no values')
  const chance = new RandomStream(options.seed, options.name)
  const medians = Array.from({ length: options.resamples }, () =>
    median(values.map(() => values[Math.floor(chance.next() * values.length)] as number)),
  )
  const tail = (1 - options.confidence) / 2
  return { estimate: median(values), low: quantile(medians, tail), high: quantile(medians, 1 - tail) }
}
