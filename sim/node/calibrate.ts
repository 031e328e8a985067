import { cpus } from 'node:os'
import type { Part } from '../../results/record/part.ts'
import { sum, total } from '../../results/sums.ts'
import {
  type Calibration,
  calibrationSchema,
  calibrationSchemaName,
  type Quantiles,
  type Work,
} from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'
import { sharedOut } from './cpu-shares.ts'
import { beyond, histogramValues, quantilesOf, releasedTo, type Sample, spentOn, workOf } from './samples.ts'
import { awakeMs, type SeenWay, wakeMsOf, waysOf } from './ways.ts'

// From what a short real run saw to a calibration. How the CPU time of a process is shared among its kinds of work is
// taken from what the least disturbed request of each kind took, how much there is of it from the process itself
// (cpu-shares.ts); what goes beyond that passes beside it. What a run on one machine cannot show (links, loss, TLS) is
// taken over from the default.

/** Fewer samples say nothing of a distribution. */
const fewestSamples = 20
const mib = 1024 * 1024

/** What was seen, and a list of what was not seen often enough. */
interface Seeing {
  readonly run: CalibrationRun
  readonly kept: string[]
  /** Which shares of what passes beside the work, and of the generator's lag, are the work's own. */
  readonly least: Least
}

interface Least {
  readonly beside: number
  readonly lag: number
  /** Whether what a process spends beyond its answers is made, too. */
  readonly shared: boolean
}

/**
 * What disturbs a request (other processes on its machine, other requests in front of it) is either `caught` by the
 * quantiles, for worlds in which each process has a machine, or `made` by the simulator, for worlds on one machine: then
 * the least disturbed of what was seen counts, lest it be there twice. A timer's grain is no disturbance.
 */
export type Contention = 'caught' | 'made'
const leastOf: Readonly<Record<Contention, Least>> = {
  caught: { beside: 1, lag: 1, shared: false },
  made: { beside: 0.5, lag: 0.9, shared: true },
}

/** The calibration of this machine, as `run` shows it. `measuredAt` is for people. */
export function calibrationFrom(
  run: CalibrationRun,
  measuredAt: string,
  contention: Contention = 'caught',
): { calibration: Calibration; kept: string[] } {
  const least = leastOf[contention]
  const seeing: Seeing = { run, kept: [], least }
  const { stores, latency, generator } = defaultCalibration
  const players = playersWork(seeing)
  const ways = waysOf(run)
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
    work: { ...defaultCalibration.work, ...edgeWork(seeing), ...originWork(seeing), ...players },
    stores: { ...stores, ...storeWork(seeing) },
    latency: {
      ...latency,
      playerEdge: quantiles(seeing, 'player to edge', waysIn(seeing, ways), latency.playerEdge, {
        least: least.beside,
      }),
    },
    cores: { ...defaultCalibration.cores, wakeMs: least.shared ? wakeMsOf(ways, least.beside) : [[0, 0]] },
    generator: {
      lagMs: quantiles(seeing, 'generator lag', histogramValues(run.parts, 'fleet', 'lag_ms'), generator.lagMs, {
        least: least.lag,
      }),
      actionMs: quantiles(seeing, 'actions', run.actionMs, generator.actionMs, { fewest: 1 }),
      edgeStartMs: quantiles(seeing, 'edge start', run.edgeStartMs, generator.edgeStartMs, { fewest: 1 }),
    },
  }
  return { calibration: calibrationSchema.parse(calibration), kept: seeing.kept }
}

/** Those that no process had to be woken for, where waking is there on its own. */
const waysIn = ({ least }: Seeing, ways: readonly SeenWay[]): number[] =>
  ways.filter(({ idleMs }) => !least.shared || idleMs < awakeMs).map(({ tookMs }) => tookMs)

function work({ kept, least }: Seeing, name: string, samples: readonly Sample[], otherwise: Work): Work {
  if (samples.length >= fewestSamples) return workOf(samples, least.beside)
  kept.push(`${name} (${samples.length} samples)`)
  return otherwise
}

function quantiles(
  { kept }: Seeing,
  name: string,
  values: readonly number[],
  otherwise: Quantiles,
  { fewest = fewestSamples, least = 1 } = {},
): Quantiles {
  if (values.length >= fewest) return quantilesOf(values, least)
  kept.push(`${name} (${values.length} samples)`)
  return otherwise
}

const partsOf = ({ run }: Seeing, role: Part['role']): Part[] => run.parts.filter(part => part.role === role)
/** The CPU time of all processes of `role`, where it is to be shared out. */
const cpuMsOf = (seeing: Seeing, role: Part['role']): number =>
  seeing.least.shared ? total(partsOf(seeing, role), 'cpu_ms') : 0

const mibOf = (seen: readonly Seen[]): number => sum(seen.map(({ bytes = 0 }) => bytes)) / mib
const isHit = ({ reason }: Seen): boolean => reason === 'hit'
const isRefused = ({ reason }: Seen): boolean => reason?.startsWith('refused-') ?? false

function edgeWork(seeing: Seeing): Pick<Calibration['work'], 'edgeHit' | 'edgeWait' | 'edgeFill' | 'edgeRefuse'> {
  const { run } = seeing
  const edges = [...run.edges.values()]
  const [hits, refused] = [edges.filter(isHit), edges.filter(isRefused)]
  const waited = edges.filter(({ ticket }) => ticket !== undefined)
  const usual = defaultCalibration.work
  const edgeHit = work(
    seeing,
    'edge hit',
    spentOn(hits, () => true),
    usual.edgeHit,
  )
  const wait = work(seeing, 'edge wait', releasedTo(waited), usual.edgeWait)
  return sharedOut(
    {
      edgeHit: { work: edgeHit, times: hits.length, mib: mibOf(hits) },
      // A body costs the same, whoever waited for it.
      edgeWait: { work: { ...wait, cpuMsPerMib: edgeHit.cpuMsPerMib }, times: waited.length, mib: mibOf(waited) },
      edgeFill: {
        work: work(seeing, 'edge fill', untilArrival(run), usual.edgeFill),
        times: run.fetches.size,
        mib: mibOf([...run.origin.values()]),
      },
      edgeRefuse: {
        work: work(
          seeing,
          'edge refusal',
          spentOn(refused, () => true),
          usual.edgeRefuse,
        ),
        times: refused.length,
        mib: 0,
      },
    },
    cpuMsOf(seeing, 'edge'),
  )
}

function originWork(
  seeing: Seeing,
): Pick<Calibration['work'], 'originServe' | 'originRelease' | 'originPublish' | 'pipelinePut'> {
  const asked = [...seeing.run.origin.values()]
  const held = asked.filter(({ ticket }) => ticket !== undefined)
  const usual = defaultCalibration.work
  const publish = histogramValues(seeing.run.parts, 'origin', 'publish_ms')
  const put = histogramValues(seeing.run.parts, 'pipeline', 'put_ms')
  const serve = work(
    seeing,
    'origin serve',
    spentOn(asked, () => true),
    usual.originServe,
  )
  const release = work(seeing, 'origin release', releasedTo(held), usual.originRelease)
  const published = work(seeing, 'origin publish', beyond(publish, writesOf(seeing)), usual.originPublish)
  const shared = sharedOut(
    {
      originServe: { work: serve, times: asked.length - held.length, mib: mibOf(asked) - mibOf(held) },
      originRelease: { work: { ...release, cpuMsPerMib: serve.cpuMsPerMib }, times: held.length, mib: mibOf(held) },
      originPublish: { work: published, times: publish.length, mib: 0 },
    },
    cpuMsOf(seeing, 'origin'),
  )
  return { ...shared, pipelinePut: work(seeing, 'pipeline put', beyond(put, publish), usual.pipelinePut) }
}

const writesOf = ({ run }: Seeing): number[] => histogramValues(run.parts, 'origin', 'store_write_ms')

/** The store that the run kept segments in: its own threads and disk pass beside the origin's work. */
function storeWork(seeing: Seeing): Calibration['stores'] {
  const counted = partsOf(seeing, 'origin').flatMap(({ counts }) => Object.keys(counts))
  const name = counted.map(count => /^store\.(lsm|memory)\.writes$/.exec(count)?.[1]).find(found => found !== undefined)
  if (name === undefined) return {}
  const usual = defaultCalibration.stores[name] as NonNullable<Calibration['stores'][string]>
  const reads = [...seeing.run.origin.values()].flatMap(({ readMs }) => readMs ?? [])
  const { beside: least } = seeing.least
  const waited = (what: string, values: readonly number[], otherwise: Work): Work => ({
    ...otherwise,
    cpuMs: 0,
    cpuMsPerMib: 0,
    besideMs: quantiles(seeing, `store ${what}`, values, otherwise.besideMs, { least }),
  })
  return { [name]: { read: waited('read', reads, usual.read), write: waited('write', writesOf(seeing), usual.write) } }
}

/** Asking and hearing cost about the same; bodies come with the answer. */
function playersWork(seeing: Seeing): Pick<Calibration['work'], 'player' | 'playerAsk'> {
  const fleets = partsOf(seeing, 'fleet')
  const [requests, cpuMs] = [total(fleets, 'requests'), cpuMsOf(seeing, 'fleet')]
  if (requests < fewestSamples || cpuMs === 0) {
    if (seeing.least.shared) seeing.kept.push(`players (${requests} requests)`)
    const { player, playerAsk } = defaultCalibration.work
    return { player, playerAsk }
  }
  // What comes before a request leaves and before a first byte is heard is in the way between players and edges; asking
  // costs about as much as hearing the answer, and bodies come with that.
  const bodiesMib = total(fleets, 'bytes_received') / mib
  const one: Work = { cpuMs: 0, cpuMsPerMib: 0, afterMs: cpuMs / (4 * requests), afterMsPerMib: 0, besideMs: [[0, 0]] }
  const afterMsPerMib = cpuMs / 2 / Math.max(bodiesMib, 1)
  return { player: { ...one, afterMsPerMib }, playerAsk: one }
}

/** From a core's wish to the arrival upstream: what the asking edge spends on a fetch, its way included. */
function untilArrival({ fetches, origin }: CalibrationRun): Sample[] {
  return [...fetches].flatMap(([id, fetch]) => {
    const there = fetch.sibling ? undefined : origin.get(id)
    return there?.atMs === undefined ? [] : [{ ms: Math.max(0, there.atMs - fetch.atMs), bytes: 0 }]
  })
}
