// What bulk mode counts, second by second, as plain arrays that add up over slices.

const seriesNames = [
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
const originSeriesNames = [
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

/** The series of one origin. */
export type OriginSeries = Readonly<Record<OriginSeriesName, Float64Array>>

export class Series {
  readonly seconds: number
  readonly #own: Readonly<Record<SeriesName, Float64Array>>
  readonly #origins: ReadonlyMap<string, OriginSeries>

  constructor(seconds: number, regions: readonly string[]) {
    this.seconds = seconds
    this.#own = empty(seriesNames, seconds)
    this.#origins = new Map(regions.map(region => [region, empty(originSeriesNames, seconds)]))
  }

  get(name: SeriesName): Float64Array {
    return this.#own[name]
  }

  origin(name: OriginSeriesName, region: string): Float64Array {
    const series = this.#origins.get(region)
    if (!series) throw new RangeError(`there is no region ${region}`)
    return series[name]
  }

  /** Every series by its name; those of an origin with its region behind a slash. */
  *entries(): Generator<[string, Float64Array]> {
    yield* Object.entries(this.#own)
    for (const [region, series] of this.#origins) {
      for (const [name, values] of Object.entries(series)) yield [`${name}/${region}`, values]
    }
  }

  /** Adds what another slice has counted. */
  add(other: ReadonlyMap<string, Float64Array>): void {
    for (const [name, own] of this.entries()) {
      const values = other.get(name)
      if (!values) throw new RangeError(`a slice has no series ${name}`)
      for (let second = 0; second < own.length; second++)
        own[second] = (own[second] as number) + (values[second] as number)
    }
  }
}

const empty = <Name extends string>(names: readonly Name[], seconds: number): Record<Name, Float64Array> =>
  Object.fromEntries(names.map(name => [name, new Float64Array(seconds)])) as Record<Name, Float64Array>

/** Adds `amount` to `second`, where that is inside; what comes before the beginning counts in the first second. */
export function addAt(series: Float64Array, second: number, amount: number): void {
  const at = Math.max(0, second)
  if (at < series.length) series[at] = (series[at] as number) + amount
}
