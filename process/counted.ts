import type { Histogram } from 'hdr-histogram-js'
import type { Sample } from './metrics.ts'

// From what a record has to what Prometheus is told.

/** The counts whose names begin with `prefix`, by the rest of their names: `publishes.reason.` gives `accepted`, …. */
export const byRest = (counts: Iterable<readonly [string, number]>, prefix: string): [rest: string, count: number][] =>
  [...counts].filter(([name]) => name.startsWith(prefix)).map(([name, count]) => [name.slice(prefix.length), count])

const quantiles = [0.5, 0.9, 0.99, 1]
const microsecondsASecond = 1_000_000

/** A histogram of the record (µs) as quantiles in seconds; no series before the first value. */
export const quantilesOf = (histogram: Histogram | undefined): Sample[] =>
  histogram === undefined || histogram.totalCount === 0
    ? []
    : quantiles.map(quantile => [quantile, histogram.getValueAtPercentile(quantile * 100) / microsecondsASecond])

/** What listeners refused or ended by themselves (`GuardCount`), as samples of action and why. */
export const guardSamples = (counts: ReadonlyMap<string, number>): Sample[] =>
  ['refused', 'closed'].flatMap(action =>
    byRest(counts, `${action}.`).map(([why, times]): Sample => [action, why, times]),
  )
