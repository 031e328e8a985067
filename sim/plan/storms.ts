import type { Series } from '../bulk/series.ts'
import { bandedPeakOf, beforeSeconds, suddenSeconds } from './bursts.ts'
import { meanOf } from './peaks.ts'
import type { PlanInput } from './plan-input.ts'
import type { PlanStorm } from './plan-record.ts'
import type { ValidationError } from './validation-error.ts'

// The storm after each fault, and those that the audience makes by itself: kick-off and half-time. What counts is how far
// each tier rises above the level that it had before.

/** How long the echoes of a fault are looked at. */
const echoSeconds = 60

interface Window {
  readonly what: string
  readonly fromSecond: number
  readonly toSecond: number
}

type StormMeasure = PlanStorm['measures'][number]

const sumOf = (series: Series, input: PlanInput, name: Parameters<Series['origin']>[0], factor = 1): Float64Array => {
  const sum = new Float64Array(series.seconds)
  for (const region of input.topology.regions) {
    const values = series.origin(name, region)
    for (let second = 0; second < sum.length; second++) {
      sum[second] = (sum[second] as number) + factor * (values[second] as number)
    }
  }
  return sum
}

const sumOfEdges = (series: Series, names: readonly Parameters<Series['get']>[0][]): Float64Array => {
  const sum = new Float64Array(series.seconds)
  for (const name of names) {
    const values = series.get(name)
    for (let second = 0; second < sum.length; second++)
      sum[second] = (sum[second] as number) + (values[second] as number)
  }
  return sum
}

const looked: readonly {
  readonly name: string
  readonly unit: StormMeasure['unit']
  readonly error: 'count' | 'bytes' | 'peak' | 'held'
  readonly of: (series: Series, input: PlanInput) => Float64Array
}[] = [
  {
    name: 'edge_requests',
    unit: '1/s',
    error: 'peak',
    of: series => sumOfEdges(series, ['edge.requests', 'edge.other_requests']),
  },
  {
    name: 'edge_without_segment',
    unit: '1/s',
    error: 'count',
    of: series => sumOfEdges(series, ['edge.negative', 'edge.refused', 'edge.failed']),
  },
  { name: 'site_requests', unit: '1/s', error: 'count', of: series => series.get('site.requests') },
  {
    name: 'origin_requests',
    unit: '1/s',
    error: 'count',
    of: (series, input) => sumOf(series, input, 'origin.requests'),
  },
  { name: 'origin_probes', unit: '1/s', error: 'count', of: (series, input) => sumOf(series, input, 'origin.probes') },
  {
    name: 'origin_unreachable',
    unit: '1/s',
    error: 'count',
    of: (series, input) => sumOf(series, input, 'origin.unreachable'),
  },
  {
    name: 'origin_bits',
    unit: 'bit/s',
    error: 'bytes',
    of: (series, input) => sumOf(series, input, 'origin.bytes', 8),
  },
  { name: 'origin_held', unit: '1', error: 'held', of: (series, input) => sumOf(series, input, 'origin.held') },
]

/** Every storm of the plan, in the order of time. */
export function stormsOf(series: Series, input: PlanInput, errors: ValidationError): PlanStorm[] {
  const sudden = suddenSeconds(input)
  const windows = [...audienceWindows(input), ...faultWindows(input)].sort((a, b) => a.fromSecond - b.fromSecond)
  const values = looked.map(measure => ({ ...measure, values: measure.of(series, input) }))
  return windows.map(({ what, fromSecond, toSecond: wanted }) => {
    const toSecond = Math.min(series.seconds, wanted)
    return {
      what,
      fromSecond,
      toSecond,
      measures: values.map(({ name, unit, error, values: all }) => {
        const before = meanOf(all, Math.max(0, fromSecond - beforeSeconds), fromSecond)
        const { peak, atSecond, low, high, band } = bandedPeakOf(all, sudden, errors[error], fromSecond, toSecond)
        const beyond = (meanOf(all, fromSecond, toSecond) - before) * (toSecond - fromSecond)
        return { name, unit, before, peak, peakAtSecond: atSecond, low, high, band, beyond }
      }),
    }
  })
}

const second = (ms: number): number => Math.floor(ms / 1_000)

function audienceWindows({ fleet, curve, durationMs }: PlanInput): Window[] {
  if (curve) return []
  return fleet.arrivals.flatMap((arrival): Window[] => {
    if (arrival.is === 'half-time') {
      // Assumption of the fleet: they go within the first tenth of the break, and come back within its last tenth.
      const tenth = (arrival.toMs - arrival.fromMs) / 10
      return [
        {
          what: 'half-time: viewers go',
          fromSecond: second(arrival.fromMs),
          toSecond: second(arrival.fromMs + tenth) + echoSeconds,
        },
        {
          what: 'half-time: viewers come back',
          fromSecond: second(arrival.toMs - tenth),
          toSecond: second(arrival.toMs) + echoSeconds,
        },
      ]
    }
    const from = arrival.is === 'push' ? arrival.atMs : arrival.fromMs
    const to = arrival.is === 'push' ? arrival.atMs + 4 * arrival.halfLifeMs : arrival.toMs
    if (from >= durationMs) return []
    const names = {
      push: 'a push notification',
      ramp: 'the ramp to the kick-off',
      'leave-wave': 'viewers leave',
    } as const
    return [{ what: names[arrival.is], fromSecond: second(from), toSecond: second(to) + 1 }]
  })
}

const words: Partial<Record<PlanInput['faults'][number]['do'], string>> = {
  'restart-edges': 'edges restart, with nothing stored',
  'flush-edges': 'edges are flushed',
  'lose-region': 'a region is lost, and its sites go over to the other one',
  'stall-encoder': 'a late segment: the encoder stalls',
  'lose-pipeline': 'a pipeline is lost',
  'publish-delay': 'a pipeline publishes late',
  'raise-version': 'the event is flushed: its version is raised',
  'origin-down': 'the origin refuses',
  'origin-slow': 'the origin is slow',
  shed: 'the origin sheds DVR',
  mask: 'segments are masked',
  invalidate: 'segments are invalidated',
}

const faultWindows = ({ faults }: PlanInput): Window[] =>
  faults.flatMap(fault => {
    const what = words[fault.do]
    if (what === undefined) return []
    const fromSecond = second(fault.atMs as number)
    const lasts = 'forMs' in fault && fault.do !== 'lose-region' ? second(fault.forMs ?? 0) : 0
    return [{ what, fromSecond, toSecond: fromSecond + Math.min(lasts, 600) + echoSeconds }]
  })
