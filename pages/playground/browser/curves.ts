import type uPlot from 'uplot'
import type { Moment } from '../messages.ts'

// Moments as the values of curves.

const stepsASecond = 4

export const policyStroke: Readonly<Record<string, number>> = { none: 0, nginx: 1, oca: 2 }

export const edgeRequests = ({ hits, negative, collapsed, fills, refused }: Moment): number =>
  hits + negative + collapsed + fills + refused

/** What `count` comes to a second, over the second (or more) that ends with each moment. */
export function aSecond(moments: readonly Moment[], count: (moment: Moment) => number, seconds = 1): number[] {
  const steps = seconds * stepsASecond
  const counts = moments.map(count)
  return counts.map((_, i) => mean(counts.slice(Math.max(0, i - steps + 1), i + 1)) * stepsASecond)
}

/** Values of seconds as the mean over a segment, so that curves do not beat with publications. */
export const overSegment = (values: readonly number[]): number[] =>
  values.map((_, i) => mean(values.slice(Math.max(0, i - 1), i + 1)))

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

/** Curves on the same seconds: the longest of them says which. */
export function aligned(
  series: readonly (readonly Moment[])[],
  values: readonly (readonly number[])[],
): uPlot.AlignedData {
  const longest = series.toSorted((a, b) => b.length - a.length)[0] ?? []
  return [
    longest.map(({ atMs }) => atMs / 1_000),
    ...values.map(one => longest.map((_, i) => one[i] ?? null)),
  ] as uPlot.AlignedData
}

/** On a scale of powers nothing has no place. */
export const withoutZeros = (values: readonly number[]): number[] =>
  values.map(value => (value > 0 ? value : (null as unknown as number)))
