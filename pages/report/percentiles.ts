import type { Histogram } from 'hdr-histogram-js'
import type { Ms } from '../../live/units.ts'

// Percentiles of a histogram with the interval in which the true one lies, from the ranks alone: of n waits, the number
// that lies below the p-th percentile is binomial, so that the values at two ranks around n·p hold it with 95 % chance,
// whatever the waits' distribution. It covers the chance of the sample, not the mood of the machine.

export interface PercentileBand {
  readonly percent: number
  readonly valueMs: Ms
  readonly lowMs: Ms
  readonly highMs: Ms
}

const microsecondsAMs = 1_000
/** Standard deviations around the mean that hold 95 % of a normal distribution; the binomial's normal approximation. */
const deviations95 = 1.96

/** The `percents` that `histogram` (of microseconds) can carry: of 100 waits nobody knows the 99.9th percentile. */
export function percentileBands(histogram: Histogram, percents: readonly number[]): PercentileBand[] {
  const n = histogram.totalCount
  return percents
    .filter(percent => Math.round(n * (100 - percent)) >= 100)
    .map(percent => bandAt(histogram, n, percent))
}

function bandAt(histogram: Histogram, n: number, percent: number): PercentileBand {
  const share = percent / 100
  const half = deviations95 * Math.sqrt(n * share * (1 - share))
  const at = (rank: number): Ms =>
    histogram.getValueAtPercentile((Math.min(n, Math.max(1, rank)) / n) * 100) / microsecondsAMs
  return {
    percent,
    valueMs: at(n * share),
    lowMs: at(Math.floor(n * share - half)),
    highMs: at(Math.ceil(n * share + half)),
  }
}
