import { cpus } from 'node:os'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import {
  type Calibration,
  calibrationSchema,
  calibrationSchemaName,
  type Quantiles,
  type Work,
} from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'

// From what a short real run saw to a calibration. A time that a place spent on a request is split in two: its tenth
// percentile, least disturbed by others, counts as CPU that is occupied; what goes beyond that passes beside it. What a
// run on one machine cannot show (links, loss, TLS) is taken over from the default.

/** Fewer samples say nothing of a distribution. */
const fewestSamples = 20
const shares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1] as const
const mib = 1024 * 1024

interface Sample {
  readonly ms: number
  readonly bytes: number
}

/** The calibration of this machine, as `run` shows it. `measuredAt` is for people. */
export function calibrationFrom(run: CalibrationRun, measuredAt: string): { calibration: Calibration; kept: string[] } {
  const kept: string[] = []
  const work = (name: string, samples: readonly Sample[], otherwise: Work): Work => {
    if (samples.length >= fewestSamples) return workOf(samples)
    kept.push(`${name} (${samples.length} samples)`)
    return otherwise
  }
  const quantiles = (
    name: string,
    values: readonly number[],
    otherwise: Quantiles,
    fewest = fewestSamples,
  ): Quantiles => {
    if (values.length >= fewest) return quantilesOf(values)
    kept.push(`${name} (${values.length} samples)`)
    return otherwise
  }
  const { work: usual, latency, stores, generator } = defaultCalibration
  const edge = [...run.edges.values()]
  const origin = [...run.origin.values()]
  const put = histogram(run.parts, 'pipeline', 'put_ms')
  const publish = histogram(run.parts, 'origin', 'publish_ms')
  const calibration: Calibration = {
    ...defaultCalibration,
    schema: calibrationSchemaName,
    origin: `Measured at ${measuredAt} by 'tidegate calibrate' (commit ${run.commit.slice(0, 12)}) over the loopback; links, loss and TLS are stated, not measured.`,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: Math.max(1, cpus().length),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    work: {
      ...usual,
      edgeHit: work(
        'edge hit',
        spentOn(edge, one => one.reason === 'hit'),
        usual.edgeHit,
      ),
      edgeRefuse: work(
        'edge refusal',
        spentOn(edge, one => one.reason?.startsWith('refused-') ?? false),
        usual.edgeRefuse,
      ),
      edgeFill: work('edge fill', untilArrival(run, false), usual.edgeFill),
      originServe: work(
        'origin serve',
        spentOn(origin, one => !one.waited),
        usual.originServe,
      ),
      originPublish: work(
        'origin publish',
        publish.map(ms => ({ ms, bytes: 0 })),
        usual.originPublish,
      ),
      pipelinePut: work('pipeline put', beyond(put, publish), usual.pipelinePut),
    },
    stores: {
      ...stores,
      memory: {
        ...stores.memory!,
        read: work(
          'store read',
          origin.flatMap(one => (one.readMs === undefined ? [] : [{ ms: one.readMs, bytes: 0 }])),
          stores.memory!.read,
        ),
      },
    },
    latency: {
      ...latency,
      playerEdge: quantiles('player to edge', playerWays(run), latency.playerEdge),
    },
    generator: {
      lagMs: quantiles('generator lag', histogram(run.parts, 'fleet', 'lag_ms'), generator.lagMs),
      actionMs: quantiles('actions', run.actionMs, generator.actionMs, 1),
      edgeStartMs: quantiles('edge start', run.edgeStartMs, generator.edgeStartMs, 1),
    },
  }
  return { calibration: calibrationSchema.parse(calibration), kept }
}

/** How long a place was busy with each of `seen`, from arrival to last byte. */
const spentOn = (seen: readonly Seen[], isMeant: (one: Seen) => boolean): Sample[] =>
  seen
    .filter(one => isMeant(one) && !one.waited)
    .flatMap(({ atMs, lastByteMs, bytes = 0 }) =>
      atMs === undefined || lastByteMs === undefined ? [] : [{ ms: Math.max(0, lastByteMs - atMs), bytes }],
    )

/** From a core's wish to the arrival upstream: what the asking edge spends on a fetch, its way included. */
function untilArrival({ fetches, origin, edges }: CalibrationRun, sibling: boolean): Sample[] {
  return [...fetches].flatMap(([id, fetch]) => {
    if (fetch.sibling !== sibling) return []
    const there = sibling ? [...edges].find(([name]) => name.endsWith(` ${id}`))?.[1] : origin.get(id)
    return there?.atMs === undefined ? [] : [{ ms: Math.max(0, there.atMs - fetch.atMs), bytes: 0 }]
  })
}

/** One way between players and edges, in both directions: event loops and kernels of both ends are in it. */
function playerWays({ players, edges }: CalibrationRun): number[] {
  const arrivals = new Map([...edges].map(([name, seen]) => [name.slice(name.indexOf(' ') + 1), seen]))
  return [...players].flatMap(([id, player]) => {
    const edge = arrivals.get(id)
    if (player.atMs === undefined || edge?.atMs === undefined) return []
    const back =
      player.firstByteMs === undefined || edge.firstByteMs === undefined ? [] : [player.firstByteMs - edge.firstByteMs]
    return [edge.atMs - player.atMs, ...back].map(ms => Math.max(0, ms))
  })
}

/** Both are whole distributions: their quantiles one by one. */
const beyond = (whole: readonly number[], part: readonly number[]): Sample[] =>
  part.length === 0
    ? []
    : shares.flatMap(share => {
        const ms = Math.max(0, at(whole, share) - at(part, share))
        return Array.from({ length: 3 }, () => ({ ms, bytes: 0 }))
      })

function workOf(samples: readonly Sample[]): Work {
  const byBytes = [...samples].sort((a, b) => a.bytes - b.bytes)
  const half = Math.floor(byBytes.length / 2)
  const [small, large] = [byBytes.slice(0, half), byBytes.slice(half)]
  const bytesApart = meanBytes(large) - meanBytes(small)
  const apartMs = at(times(large), 0.1) - at(times(small), 0.1)
  const cpuMsPerMib = bytesApart > mib / 16 ? Math.max(0, (apartMs / bytesApart) * mib) : 0
  const bare = samples.map(({ ms, bytes }) => Math.max(0, ms - (cpuMsPerMib * bytes) / mib))
  const cpuMs = at(bare, 0.1)
  return { cpuMs, cpuMsPerMib, besideMs: quantilesOf(bare.map(ms => Math.max(0, ms - cpuMs))) }
}

const times = (samples: readonly Sample[]): number[] => samples.map(({ ms }) => ms)
const meanBytes = (samples: readonly Sample[]): number =>
  samples.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, samples.length)

function at(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}

function quantilesOf(values: readonly number[]): Quantiles {
  const points = shares.map(share => [share, Number(at(values, share).toFixed(4))] as [number, number])
  return points.length > 0 ? points : [[0, 0]]
}

/** Every value of a histogram, ms, as often as it was counted. */
function histogram(parts: readonly Part[], role: Part['role'], name: string): number[] {
  return parts
    .filter(part => part.role === role)
    .flatMap(part => {
      const encoded = part.histograms[name]
      if (encoded === undefined) return []
      const decoded = decodeHistogram(encoded)
      return Array.from({ length: Math.min(1_000, decoded.totalCount) }, (_, i) => {
        const percent = ((i + 0.5) / Math.min(1_000, decoded.totalCount)) * 100
        return decoded.getValueAtPercentile(percent) / 1_000
      })
    })
}
