import type { Histogram } from 'hdr-histogram-js'
import { joinHistograms } from './record/merge.ts'
import type { Part } from './record/part.ts'

// What figures are made of: sums, means and percentiles over the parts of processes.

const microsecondsAMs = 1_000

export const histogramOf = (parts: readonly Part[], name: string): Histogram | undefined =>
  joinHistograms(parts.flatMap(part => part.histograms[name] ?? []))

/** A percentile in ms; undefined of nothing. */
export function percentile(histogram: Histogram | undefined, percent: number): number | undefined {
  if (histogram === undefined || histogram.totalCount === 0) return undefined
  return histogram.getValueAtPercentile(percent) / microsecondsAMs
}

/** How many values lie above `ms`; undefined of nothing. */
export function countAbove(histogram: Histogram | undefined, ms: number): number | undefined {
  if (histogram === undefined || histogram.totalCount === 0) return undefined
  // The library gives percentiles only: the largest share of values that is at most `ms` is searched for by halves of the
  // count, of which there are as many as the count has digits in base two.
  const total = histogram.totalCount
  let below = 0
  let above = total + 1
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2)
    const value = histogram.getValueAtPercentile((100 * middle) / total) / microsecondsAMs
    if (value <= ms) below = middle
    else above = middle
  }
  return total - below
}

export const total = (parts: readonly Part[], name: string): number => sum(parts.map(part => part.counts[name] ?? 0))

export const totalWith = (parts: readonly Part[], prefix: string): number =>
  sum(
    parts.flatMap(part =>
      Object.entries(part.counts)
        .filter(([name]) => name.startsWith(prefix))
        .map(([, count]) => count),
    ),
  )

export const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

export const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : sum(values) / values.length

export const maximum = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value))
