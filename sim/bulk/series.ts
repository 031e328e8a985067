// What bulk mode counts, second by second, as plain arrays that add up over slices.

export const seriesNames = [
  'viewers',
  'edge.requests',
  'edge.hits',
  'edge.collapsed',
  'edge.forwarded',
  'edge.negative',
  'edge.refused',
  'edge.failed',
  'edge.bytes',
  'edge.waiting',
  'edge.other_requests',
  'site.requests',
  'site.bytes',
] as const
/** For each region, with the region's name behind a slash. */
export const originSeriesNames = [
  'origin.requests',
  'origin.fills',
  'origin.probes',
  'origin.other_requests',
  'origin.bytes',
  'origin.held',
  'origin.unreachable',
] as const
export type SeriesName = (typeof seriesNames)[number]
export type OriginSeriesName = (typeof originSeriesNames)[number]

export class Series {
  readonly seconds: number
  readonly #series = new Map<string, Float64Array>()

  constructor(seconds: number, regions: readonly string[]) {
    this.seconds = seconds
    for (const name of seriesNames) this.#series.set(name, new Float64Array(seconds))
    for (const region of regions) {
      for (const name of originSeriesNames) this.#series.set(`${name}/${region}`, new Float64Array(seconds))
    }
  }

  get(name: SeriesName): Float64Array {
    return this.#series.get(name) as Float64Array
  }

  origin(name: OriginSeriesName, region: string): Float64Array {
    return this.#series.get(`${name}/${region}`) as Float64Array
  }

  entries(): Iterable<[string, Float64Array]> {
    return this.#series
  }

  /** Adds what another slice has counted. */
  add(other: ReadonlyMap<string, Float64Array> | Series): void {
    for (const [name, values] of other instanceof Series ? other.entries() : other) {
      const own = this.#series.get(name)
      if (!own) throw new RangeError(`there is no series ${name}`)
      for (let second = 0; second < own.length; second++)
        own[second] = (own[second] as number) + (values[second] as number)
    }
  }
}

/** Adds `amount` to `second`, where that is inside; what comes before the beginning counts in the first second. */
export function addAt(series: Float64Array, second: number, amount: number): void {
  const at = Math.max(0, second)
  if (at < series.length) series[at] = (series[at] as number) + amount
}
