import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import { sum } from '../../results/sums.ts'
import type { Quantiles, Work } from '../calibration.ts'
import type { Seen } from './read-runs.ts'

// From what a run saw of single requests to distributions and costs.

export interface Sample {
  readonly ms: number
  readonly bytes: number
}

/** Close together: what two kinds of requests take in turns rises in steps. */
const shares = [...Array.from({ length: 20 }, (_, i) => i / 20), 0.99, 1]
const mib = 1024 * 1024
const mostValues = 1_000
/** In the middle of the last hundredth. */
const pauseShare = 0.995
/** Fewer answers behind others do not tell what one of them costs. */
const fewestGaps = 20

/**
 * How long a place was busy with each of `seen` that did not wait, from arrival to the last byte or to the first, reading
 * its body left out.
 */
export const spentOn = (seen: readonly Seen[], until: 'first' | 'last' = 'last'): Sample[] =>
  seen
    .filter(({ ticket }) => ticket === undefined)
    .flatMap(({ atMs, firstByteMs, lastByteMs, readMs = 0, bytes = 0 }) => {
      const endMs = until === 'first' ? firstByteMs : lastByteMs
      return atMs === undefined || endMs === undefined ? [] : [{ ms: Math.max(0, endMs - atMs - readMs), bytes }]
    })

/**
 * What those who wait for one thing cost, once it is there: `cpuMs` is how much later each of them is told than the one
 * before, in the mean; `afterMs` is the share of each in the time from the last one's first byte until all are through; and
 * beside that passes what the first of them takes from the end of its wait to the first byte that left. One alone does not
 * tell these apart.
 */
export function releaseOf(seen: readonly Seen[], kept = 1): Work {
  const told = seen.filter(({ releasedMs, firstByteMs }) => releasedMs !== undefined && firstByteMs !== undefined)
  const together = [...Map.groupBy(told, ({ releasedMs }) => releasedMs as number)]
  const [gaps, ends, firsts]: [number[], number[], number[]] = [[], [], []]
  for (const [releasedMs, group] of together) {
    const heads = inOrder(group.map(({ firstByteMs }) => firstByteMs))
    firsts.push(Math.max(0, (heads[0] as number) - releasedMs))
    gaps.push(...between(heads))
    const end = inOrder(group.map(({ lastByteMs }) => lastByteMs)).at(-1)
    if (end === undefined || group.length === 1) continue
    const throughMs = Math.max(0, end - (heads.at(-1) as number))
    ends.push(...new Array<number>(group.length).fill(throughMs / group.length))
  }
  const cpuMs = gaps.length >= fewestGaps ? meanOfLeast(gaps, kept) : quantileOf(firsts, 0.1)
  const besideMs = quantilesWithPauses(
    firsts.map(ms => Math.max(0, ms - cpuMs)),
    kept,
  )
  const afterMs = ends.length >= fewestGaps ? meanOfLeast(ends, kept) : 0
  return { cpuMs, cpuMsPerMib: 0, afterMs, besideMs }
}

const inOrder = (moments: readonly (number | undefined)[]): number[] =>
  moments.filter(moment => moment !== undefined).sort((a, b) => a - b)
const between = (moments: readonly number[]): number[] =>
  moments.slice(1).map((moment, i) => moment - (moments[i] as number))

/**
 * The tenth percentile, least disturbed, is taken for CPU; what large bodies take longer, for the cost of a MiB. Of what
 * passes beside it, the least disturbed share `kept` is.
 */
export function workOf(samples: readonly Sample[], kept = 1): Work {
  const { msPerMib: cpuMsPerMib, bare } = withoutBodies(samples, ms => quantileOf(ms, 0.1))
  const cpuMs = quantileOf(bare, 0.1)
  const besideMs = quantilesWithPauses(
    bare.map(ms => Math.max(0, ms - cpuMs)),
    kept,
  )
  return { cpuMs, cpuMsPerMib, besideMs }
}

/** What one of `samples` and what a MiB costs in the mean, of the least disturbed share `kept` of small and of large bodies. */
export function meanCostOf(samples: readonly Sample[], kept = 1): { readonly ms: number; readonly msPerMib: number } {
  const { msPerMib, bare } = withoutBodies(samples, ms => meanOfLeast(ms, kept))
  return { ms: meanOfLeast(bare, kept), msPerMib }
}

/** The quantiles of the least share `kept` of `values`. */
export function quantilesOf(values: readonly number[], kept = 1): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const points = shares.map(share => pointOf(sorted, share, share * kept))
  return values.length > 0 ? points : [[0, 0]]
}

/** The same, but the last hundredth is as it was seen: a pause (the garbage collector's, the host's) is nobody's queue. */
export function quantilesWithPauses(values: readonly number[], kept = 1): Quantiles {
  const points = quantilesOf(values, kept)
  if (kept === 1 || values.length === 0) return points
  return [...points.slice(0, -1), [1, rounded(quantileOf(values, pauseShare))]]
}

const pointOf = (sorted: readonly number[], share: number, seen: number): [number, number] => [
  share,
  rounded(valueIn(sorted, seen)),
]
const rounded = (ms: number): number => Number(ms.toFixed(4))

/** Every value of a histogram of `role`, ms, as often as it was counted. */
export function histogramValues(parts: readonly Part[], role: Part['role'], name: string): number[] {
  return parts
    .filter(part => part.role === role)
    .flatMap(part => {
      const encoded = part.histograms[name]
      if (encoded === undefined) return []
      const decoded = decodeHistogram(encoded)
      const length = Math.min(mostValues, decoded.totalCount)
      return Array.from({ length }, (_, i) => decoded.getValueAtPercentile(((i + 0.5) / length) * 100) / 1_000)
    })
}

/** Of the least share `kept` of `values`. */
function meanOfLeast(values: readonly number[], kept: number): number {
  const least = [...values].sort((a, b) => a - b).slice(0, Math.max(1, Math.ceil(values.length * kept)))
  return sum(least) / least.length
}

/** What a MiB costs, from the larger half of the bodies against the smaller, and every sample without that. */
function withoutBodies(
  samples: readonly Sample[],
  typical: (ms: readonly number[]) => number,
): { readonly msPerMib: number; readonly bare: number[] } {
  const byBytes = [...samples].sort((a, b) => a.bytes - b.bytes)
  const half = Math.floor(byBytes.length / 2)
  const [small, large] = [byBytes.slice(0, half), byBytes.slice(half)]
  const bytesApart = meanBytes(large) - meanBytes(small)
  const apartMs = typical(times(large)) - typical(times(small))
  const msPerMib = bytesApart > mib / 16 ? Math.max(0, (apartMs / bytesApart) * mib) : 0
  return { msPerMib, bare: samples.map(({ ms, bytes }) => Math.max(0, ms - (msPerMib * bytes) / mib)) }
}

const times = (samples: readonly Sample[]): number[] => samples.map(({ ms }) => ms)
const meanBytes = (samples: readonly Sample[]): number =>
  sum(samples.map(({ bytes }) => bytes)) / Math.max(1, samples.length)

/** The value at `share` of `values`, in any order; 0 of none. */
export const quantileOf = (values: readonly number[], share: number): number =>
  valueIn(
    [...values].sort((a, b) => a - b),
    share,
  )

const valueIn = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
