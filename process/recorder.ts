import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js'
import type { EpochMs, Ms } from '../live/units.ts'
import { type Part, partSchemaName, type SegmentCounts } from '../results/record/part.ts'

// What one process counts while it runs. Counts and series are added, histograms are merged, never percentiles.

const microsecondsAMs = 1_000
/** 1 µs to 5 minutes at three digits: every wait that the limits allow. */
const histogramOptions = {
  lowestDiscernibleValue: 1,
  highestTrackableValue: 300_000_000,
  numberOfSignificantValueDigits: 3,
} as const

/** An empty histogram of durations, in microseconds. */
export const durationHistogram = (): Histogram => build(histogramOptions)

/** Adds a duration, to the microsecond; negative ones count as 0. */
export function recordDuration(histogram: Histogram, durationMs: Ms): void {
  const microseconds = Math.round((durationMs as number) * microsecondsAMs)
  histogram.recordValue(Math.min(histogramOptions.highestTrackableValue, Math.max(0, microseconds)))
}

/** Whose counts they are. */
type Identity = Pick<Part, 'role' | 'name' | 'site' | 'region' | 'shard'>

export class Recorder {
  readonly #identity: Identity
  readonly #counts = new Map<string, number>()
  readonly #histograms = new Map<string, Histogram>()
  readonly #series = new Map<string, Map<number, number>>()
  readonly #segments = new Map<string, SegmentCounts>()

  constructor(identity: Identity) {
    this.#identity = identity
  }

  /** Adds to a count, e.g. `requests.reason.hit`. */
  count(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  /** Keeps the largest value seen; merged by the maximum. Names end in `_max`. */
  peak(name: `${string}_max`, value: number): void {
    if (value > (this.#counts.get(name) ?? -Infinity)) this.#counts.set(name, value)
  }

  /** Adds a duration to a histogram, to the microsecond; negative ones count as 0. */
  time(name: string, durationMs: Ms): void {
    recordDuration(entryOf(this.#histograms, name, durationHistogram), durationMs)
  }

  /** Adds `count` durations that are alike to the microsecond. */
  timesAlike(name: string, durationMs: Ms, count: number): void {
    const histogram = entryOf(this.#histograms, name, durationHistogram)
    histogram.recordValueWithCount(Math.round((durationMs as number) * microsecondsAMs), count)
  }

  /** Adds to the per-second timeline. */
  tick(series: string, at: EpochMs, by = 1): void {
    const seconds = entryOf(this.#series, series, () => new Map<number, number>())
    const second = Math.floor((at as number) / 1_000)
    seconds.set(second, (seconds.get(second) ?? 0) + by)
  }

  /** The counts of one segment as `site` asked for it (the fleet: site ''); made on first use. */
  segment(rendition: string, number: number, site: string): SegmentCounts {
    const key = `${rendition}/${number}/${site}`
    return entryOf(this.#segments, key, () => ({ rendition, number, site }))
  }

  /** All counts; cheaper than `part` for somebody who looks in every few seconds. */
  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** A histogram, in microseconds; undefined before its first value. */
  histogram(name: string): Histogram | undefined {
    return this.#histograms.get(name)
  }

  /** All of it, as plain JSON. */
  part(): Part {
    return {
      schema: partSchemaName,
      ...this.#identity,
      counts: Object.fromEntries(this.#counts),
      histograms: Object.fromEntries(
        [...this.#histograms].map(([name, histogram]) => [name, encodeIntoCompressedBase64(histogram)]),
      ),
      timeline: Object.fromEntries(
        [...this.#series].map(([name, seconds]) => [
          name,
          Object.fromEntries([...seconds].map(([s, n]) => [String(s), n])),
        ]),
      ),
      segments: [...this.#segments.values()],
    }
  }
}

function entryOf<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
