import type { Histogram } from 'hdr-histogram-js'

// Between which two values a percentile lies, without an assumption about the distribution: of n values, how many lie
// below the true percentile is binomial, so two of the values in their order are bounds with a known confidence. Values
// are taken as independent; those of one burst are not, so that the true interval is rather wider.

/** Each side of a 95 % interval. */
const tail = 0.025
const microsecondsAMs = 1_000

export interface Ranks {
  readonly low: number
  readonly high: number
}

/**
 * Which of `n` values in their order (1 is the smallest) bound the percentile at `share`, with 95 % confidence; undefined
 * where so few values have no bound on one side: the sample does not carry this percentile.
 */
export function ranksAround(share: number, n: number): Ranks | undefined {
  const low = binomialQuantile(n, share, tail)
  const high = binomialQuantile(n, share, 1 - tail) + 1
  return low < 1 || high > n ? undefined : { low, high }
}

/** The 95 % interval of a percentile of `histogram`, in ms; undefined where the sample does not carry it. */
export function percentileInterval(histogram: Histogram, percent: number): readonly [number, number] | undefined {
  const n = histogram.totalCount
  const ranks = ranksAround(percent / 100, n)
  if (ranks === undefined) return undefined
  const at = (rank: number) => histogram.getValueAtPercentile((100 * rank) / n) / microsecondsAMs
  return [at(ranks.low), at(ranks.high)]
}

/** The smallest k with P(B <= k) >= `probability`, for B binomial over `n` trials at `share`. */
function binomialQuantile(n: number, share: number, probability: number): number {
  // In logarithms: the first terms may be too small for a number.
  const odds = Math.log(share / (1 - share))
  let logTerm = n * Math.log(1 - share)
  let sum = 0
  for (let k = 0; k < n; k++) {
    sum += Math.exp(logTerm)
    if (sum >= probability) return k
    logTerm += Math.log((n - k) / (k + 1)) + odds
  }
  return n
}
