import type { Histogram } from 'hdr-histogram-js'
import { definitionOf } from '../../results/figure-definitions.ts'
import type { Part } from '../../results/record/part.ts'
import type { Variant } from '../../results/record/record.ts'
import { histogramOf } from '../../results/sums.ts'
import type { ComparisonKind } from './comparison.ts'

// Everything that one run tells of itself, real or simulated, in the form in which two runs are held against each other:
// the figures of its record, and beside them each count, added up over the processes of a tier, as `tier.name`.

export interface Told {
  readonly value: number
  readonly kind: ComparisonKind
  /** How many events the value counts, or how many samples its percentile has. */
  readonly n: number
  /** Of a percentile: the sample. */
  readonly sample?: Histogram
}

const tiers = { fleet: 'players', edge: 'edges', origin: 'origins', pipeline: 'pipelines', lab: 'lab' } as const

/** By name: each figure of `variant`, and each count of its tiers. */
export function toldBy(variant: Variant): Map<string, Told> {
  const told = new Map<string, Told>()
  const counts = countsByTier(variant.parts)
  for (const [figure, value] of Object.entries(variant.figures)) {
    const one = figureTold(figure, value, variant, counts)
    if (one !== undefined) told.set(figure, one)
  }
  for (const [name, value] of counts) {
    const n = /\.bytes_/.test(name) ? (counts.get(`${name.split('.')[0]}.requests`) ?? 0) : value
    told.set(name, { value, kind: 'count', n: countable(n) })
  }
  return told
}

/** Where nothing was seen, up to three are no surprise (the rule of three): as with one that was. */
const countable = (n: number): number => Math.max(1, n)

/** Each count, over all processes of a tier; of peaks, the largest. */
function countsByTier(parts: readonly Part[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { role, counts } of parts) {
    for (const [count, value] of Object.entries(counts)) {
      const name = `${tiers[role]}.${count}`
      const known = sums.get(name)
      sums.set(name, known === undefined ? value : count.endsWith('_max') ? Math.max(known, value) : known + value)
    }
  }
  return sums
}

function figureTold(figure: string, value: number, variant: Variant, counts: Map<string, number>): Told | undefined {
  const unit = definitionOf(figure)?.unit
  if (unit !== 'ms') return { value, kind: 'count', n: countable(eventsBehind(figure, value, variant, counts)) }
  const percent = /_p(\d+)$/.exec(figure)?.[1]
  if (percent === undefined) return { value, kind: 'count', n: 1 }
  const sample = sampleBehind(figure, variant.parts)
  const kind = percent === '50' ? 'p50_wait' : 'p99_wait'
  return { value, kind, n: sample?.totalCount ?? 0, ...(sample ? { sample } : {}) }
}

/** How many events a figure that is no wait is made of: what its counting noise depends on. */
function eventsBehind(figure: string, value: number, variant: Variant, counts: Map<string, number>): number {
  const [name, edge] = figure.split('.')
  const unit = definitionOf(figure)?.unit
  const total = (of: string) => counts.get(of) ?? 0
  if (unit === 'bytes' || unit === 'bytes/s' || unit === '1/s') return total('origins.requests')
  if (unit === 'share') {
    if (name === 'database_reads_in_storm') return total('origins.store.memcached.reads')
    const part = variant.parts.find(({ role, name }) => role === 'edge' && name === edge)
    return part?.counts['requests.segment'] ?? total('edges.requests.segment')
  }
  // A mean over segments is made of all that was counted of them.
  return /_per_segment$/.test(figure) ? value * (variant.figures.segments_counted ?? 0) : value
}

/** The sample that a percentile is taken from. */
function sampleBehind(figure: string, parts: readonly Part[]): Histogram | undefined {
  const name = figure.replace(/_p\d+$/, '')
  const origins = parts.filter(({ role }) => role === 'origin')
  if (name.startsWith('read_your_writes')) return slowestVisibility(origins, !name.includes('_across_'))
  const of = name.startsWith('publish_') ? origins : parts.filter(({ role }) => role === 'fleet')
  return histogramOf(of, name)
}

const visibility = 'store.visible_ms.'

/** From a write in one region to its read in the same or another one: of the process in which that takes longest. */
function slowestVisibility(origins: readonly Part[], sameRegion: boolean): Histogram | undefined {
  const of = origins.flatMap(origin =>
    Object.keys(origin.histograms)
      .filter(name => name.startsWith(visibility) && (name.slice(visibility.length) === origin.region) === sameRegion)
      .flatMap(name => histogramOf([origin], name) ?? []),
  )
  return of.toSorted((a, b) => b.getValueAtPercentile(99) - a.getValueAtPercentile(99))[0]
}
