import type { Series } from '../bulk/series.ts'
import { bandedPeakOf, suddenSeconds } from './bursts.ts'
import { leftOut } from './left-out.ts'
import { type Measure, measures } from './measures.ts'
import { meanOf, peakOf } from './peaks.ts'
import type { PlanInput } from './plan-input.ts'
import type { PlanFigure, PlanRecord } from './plan-record.ts'
import type { ValidationError } from './validation-error.ts'

// The figures of a plan: each measure's peak and when, its band, and how much of what carries it is used.

/**
 * Every figure. `half` is the same storm with half the viewers: what a measure grows by between the two says with how
 * many viewers its capacity is met.
 */
export function figuresOf(
  series: Series,
  half: Series | undefined,
  input: PlanInput,
  error: ValidationError,
): PlanFigure[] {
  const { regions } = input.topology
  return measures.flatMap(measure =>
    (measure.each === 'all' ? [undefined] : regions).map(region =>
      figureOf(measure, region, series, half, input, error),
    ),
  )
}

function figureOf(
  measure: Measure,
  region: string | undefined,
  series: Series,
  half: Series | undefined,
  input: PlanInput,
  error: ValidationError,
): PlanFigure {
  const { name, tier, what, unit } = measure
  const values = measure.series(series, input, region ?? '')
  const { peak, atSecond, low, high, band } = bandedPeakOf(values, suddenSeconds(input), error[measure.error])
  const capacity = measure.capacity?.(input.topology, 0)
  const figure: PlanFigure = {
    name: region === undefined ? name : `${name}.${region}`,
    tier,
    ...(region === undefined ? {} : { region }),
    what,
    unit,
    peak,
    peakAtSecond: atSecond,
    low,
    high,
    band,
    mean: meanOf(values),
    leftOut: leftOut[tier],
  }
  if (capacity === undefined) return figure
  const halfPeak = half && peakOf(measure.series(half, input, region ?? '')).peak
  const viewersAtCapacity = halfPeak === undefined ? undefined : viewersAt(capacity, peak, halfPeak, input.viewers)
  return {
    ...figure,
    capacity,
    use: peak / capacity,
    ...(viewersAtCapacity === undefined ? {} : { viewersAtCapacity }),
  }
}

/** Below this share of growth, from half the viewers to all of them, a measure does not depend on them. */
const growthThatCounts = 0.02

/**
 * With how many viewers `capacity` is met: on the straight line through two peaks, and below the lower one on the line to
 * nothing. Null where the measure does not rise with the viewers.
 */
export function viewersAt(capacity: number, peak: number, halfPeak: number, viewers: number): number | null {
  const half = viewers / 2
  if (peak > capacity && halfPeak > capacity) return (half * capacity) / halfPeak
  const growth = peak - halfPeak
  if (peak <= 0 || growth < growthThatCounts * peak) return null
  return half + ((capacity - halfPeak) * half) / growth
}

/** What is full first as viewers grow. */
export function saturationOf(figures: readonly PlanFigure[]): PlanRecord['saturates'] {
  const growing = figures.filter(({ viewersAtCapacity }) => typeof viewersAtCapacity === 'number')
  const [first] = growing.toSorted((a, b) => (a.viewersAtCapacity as number) - (b.viewersAtCapacity as number))
  return first && { figure: first.name, what: first.what, viewers: first.viewersAtCapacity as number }
}

/** Origin nodes, memcached and backbone that hold the upper end of each band. */
export function needsOf(figures: readonly PlanFigure[], { topology }: PlanInput): PlanRecord['needs'] {
  const { originRequestsPerSecond, originBitsPerSecond, originHolds, originCores } = topology.capacities
  const perNode = {
    origin_requests_per_s: originRequestsPerSecond,
    origin_bits_per_s: originBitsPerSecond,
    origin_held: originHolds,
    origin_cores: originCores,
  }
  return topology.regions.map(region => {
    const of = (name: string): PlanFigure | undefined => figures.find(figure => figure.name === `${name}.${region}`)
    const high = (name: string): number => of(name)?.high ?? 0
    const loads = Object.entries(perNode).map(([name, node]) => ({ name, nodes: Math.ceil(high(name) / node) }))
    const [most] = loads.toSorted((a, b) => b.nodes - a.nodes)
    return {
      region,
      originNodes: Math.max(1, most?.nodes ?? 1) + 1,
      because: most?.name ?? '',
      becauseAtSecond: of(most?.name ?? '')?.peakAtSecond ?? 0,
      memcachedGib: high('memcached_bytes') / 1024 ** 3,
      backboneBitsPerSecond: high('backbone_bits_per_s'),
    }
  })
}
