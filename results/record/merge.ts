import { decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { type Part, partSchemaName, type SegmentCounts } from './part.ts'

// Joining what several processes of one role counted, without loss: the parts of shards merge into the part of the
// whole. The result is canonical (keys and segments sorted), so that order and grouping of the inputs do not show.

/** Parts of different roles do not add up. */
export class MergeError extends Error {}

/** Between the names of merged parts; no name contains it. */
const nameSeparator = '+'

/**
 * One part that stands for all of `parts` (at least one, all of the same role):
 *
 * | field      | merged by                                                                                     |
 * |------------|-----------------------------------------------------------------------------------------------|
 * | name       | the set of names, joined by `+`                                                               |
 * | site       | kept where all agree                                                                          |
 * | shard      | kept where all agree                                                                          |
 * | counts     | added; names ending in `_max` by the maximum                                                  |
 * | histograms | merged bucket by bucket                                                                       |
 * | timeline   | added second by second, peaks too: what several processes held or served in the same second  |
 * |            | was held together, to the second's grain (an upper bound of the true common peak)            |
 * | segments   | joined by rendition, number and site: counters added, `publishedMs` the earliest,             |
 * |            | `last404Ms` the latest                                                                        |
 *
 * Throws MergeError for no parts or different roles.
 */
export function mergeParts(parts: readonly Part[]): Part {
  const [first] = parts
  if (first === undefined) throw new MergeError('there is nothing to merge: name at least one part')
  const roles = new Set(parts.map(part => part.role))
  if (roles.size > 1) throw new MergeError(`parts of different roles do not merge: ${[...roles].sort().join(', ')}`)
  const names = new Set(parts.flatMap(part => part.name.split(nameSeparator)))
  const sites = new Set(parts.map(part => part.site))
  const regions = new Set(parts.map(part => part.region))
  const shards = new Set(parts.map(part => (part.shard ? `${part.shard.index}/${part.shard.of}` : '')))
  return {
    schema: partSchemaName,
    role: first.role,
    name: [...names].sort().join(nameSeparator),
    ...(sites.size === 1 && first.site !== undefined ? { site: first.site } : {}),
    ...(regions.size === 1 && first.region !== undefined ? { region: first.region } : {}),
    ...(shards.size === 1 && first.shard !== undefined ? { shard: first.shard } : {}),
    counts: mergeCounts(parts.map(part => part.counts)),
    histograms: mergeHistograms(parts.map(part => part.histograms)),
    timeline: mergeTimelines(parts.map(part => part.timeline)),
    segments: mergeSegments(parts.flatMap(part => part.segments)),
  }
}

/** Decodes a histogram of a part; values in microseconds. 64-bit buckets, so that merged fleets cannot overflow one. */
export const decodeHistogram = (encoded: string): Histogram => decodeFromCompressedBase64(encoded, 64)

/** All of `encoded` in one histogram; undefined for none. */
export function joinHistograms(encoded: readonly string[]): Histogram | undefined {
  const [first, ...rest] = encoded.map(decodeHistogram)
  for (const histogram of rest) first?.add(histogram)
  return first
}

function mergeCounts(all: readonly Part['counts'][]): Part['counts'] {
  const merged = new Map<string, number>()
  for (const counts of all) {
    for (const [name, value] of Object.entries(counts)) {
      const known = merged.get(name)
      merged.set(name, known === undefined ? value : name.endsWith('_max') ? Math.max(known, value) : known + value)
    }
  }
  return sorted(merged)
}

function mergeHistograms(all: readonly Part['histograms'][]): Part['histograms'] {
  const byName = new Map<string, string[]>()
  for (const histograms of all) {
    for (const [name, encoded] of Object.entries(histograms)) {
      byName.set(name, [...(byName.get(name) ?? []), encoded])
    }
  }
  const merged = [...byName].map(([name, encoded]): [string, string] => {
    return [name, encodeIntoCompressedBase64(joinHistograms(encoded) as Histogram)]
  })
  return sorted(new Map(merged))
}

function mergeTimelines(all: readonly Part['timeline'][]): Part['timeline'] {
  const merged = new Map<string, Map<string, number>>()
  for (const timeline of all) {
    for (const [series, seconds] of Object.entries(timeline)) {
      const into = merged.get(series) ?? new Map<string, number>()
      for (const [second, value] of Object.entries(seconds)) into.set(second, (into.get(second) ?? 0) + value)
      merged.set(series, into)
    }
  }
  return sorted(new Map([...merged].map(([series, seconds]) => [series, sorted(seconds)])))
}

/** One entry for each rendition, number and site. */
export function mergeSegments(all: readonly SegmentCounts[]): SegmentCounts[] {
  const merged = new Map<string, SegmentCounts>()
  for (const segment of all) {
    const key = `${segment.rendition}/${segment.number}/${segment.site}`
    const known = merged.get(key)
    merged.set(key, known === undefined ? joined(segment) : joined(known, segment))
  }
  return [...merged.values()].sort(
    (a, b) => compare(a.rendition, b.rendition) || a.number - b.number || compare(a.site, b.site),
  )
}

const add = (a: number, b: number): number => a + b

/** One segment's counts from one or two; a field that neither has stays absent, and the order of fields is fixed. */
function joined(a: SegmentCounts, b?: SegmentCounts): SegmentCounts {
  const out: SegmentCounts = { rendition: a.rendition, number: a.number, site: a.site }
  const field = (name: 'fills' | 'probes' | 'beforePublication' | 'publishedMs' | 'last404Ms', by: typeof add) => {
    const [left, right] = [a[name], b?.[name]]
    if (left !== undefined && right !== undefined) out[name] = by(left, right)
    else if (left !== undefined || right !== undefined) out[name] = left ?? right
  }
  field('fills', add)
  field('probes', add)
  field('beforePublication', add)
  field('publishedMs', Math.min)
  field('last404Ms', Math.max)
  return out
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const sorted = <Value>(map: ReadonlyMap<string, Value>): Record<string, Value> =>
  Object.fromEntries([...map].sort(([a], [b]) => compare(a, b)))
