import { cpus } from 'node:os'
import type { Part } from '../../results/record/part.ts'
import { sum, total } from '../../results/sums.ts'
import {
  type Calibration,
  calibrationSchema,
  calibrationSchemaName,
  isEmbedded,
  type Quantiles,
  type Work,
} from '../calibration.ts'
import { defaultCalibration } from '../default-calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'
import { sharedOut } from './cpu-shares.ts'
import {
  beyond,
  histogramValues,
  quantileOf,
  quantilesWithPauses,
  releaseOf,
  type Sample,
  spentOn,
  workOf,
} from './samples.ts'
import { awakeMs, type SeenWay, upstreamWaysOf, wakeMsOf, waysOf } from './ways.ts'

// From what a short real run saw to a calibration. How the CPU time of a process is shared among its kinds of work is
// taken from what the least disturbed request of each kind took, how much there is of it from the process itself
// (cpu-shares.ts); what goes beyond that passes beside it. What a run on one machine cannot show (links, loss, TLS) is
// taken over from the default.

/** Fewer samples say nothing of a distribution. */
const fewestSamples = 20
const mib = 1024 * 1024

/**
 * What disturbs a request (other processes on its machine, other requests in front of it) is either `caught` by the
 * quantiles, for worlds in which each process has a machine, or `made` by the simulator, for worlds on one machine: then
 * the least disturbed of what was seen counts, lest it be there twice.
 */
export type Contention = 'caught' | 'made'

export interface HowCalibrated {
  /** For people. */
  readonly measuredAt: string
  /** Default: caught. */
  readonly contention?: Contention
  /** What stands where too little was seen; default: the calibration of the repository. */
  readonly otherwise?: Calibration
  /** From a run with more to do: no more CPU follows an answer than there. What goes beyond it is spent by the hour. */
  readonly busier?: Calibration
  /**
   * Where contention is made, the share of requests that nothing disturbed. Default: that of the time in which the machine
   * had nothing to do, which is what arrivals at random meet (Poisson arrivals see time averages).
   */
  readonly undisturbed?: number
}

/** What was seen, and a list of what was not seen often enough. */
interface Seeing {
  readonly run: CalibrationRun
  readonly kept: string[]
  /** Which shares of what passes beside the work are the work's own: of requests, of stores and publishing, of the lag. */
  readonly least: { readonly beside: number; readonly stored: number; readonly lag: number }
  /** Whether what a process spends beyond its answers is made, too. */
  readonly shared: boolean
  /** What stands where too little was seen. */
  readonly otherwise: Calibration
  readonly busier: Calibration | undefined
}

function seeingOf(run: CalibrationRun, how: HowCalibrated): Seeing {
  const { contention = 'caught', otherwise = defaultCalibration, busier, undisturbed = 1 - run.busyShare } = how
  const shared = contention === 'made'
  // A timer's grain is no disturbance.
  const least = shared ? { beside: undisturbed, stored: 1 - run.busyShare, lag: 0.9 } : { beside: 1, stored: 1, lag: 1 }
  return { run, kept: [], least, shared, otherwise, busier }
}

/** The calibration of this machine, as `run` shows it. */
export function calibrationFrom(run: CalibrationRun, how: HowCalibrated): { calibration: Calibration; kept: string[] } {
  const seeing = seeingOf(run, how)
  const { least, otherwise, shared } = seeing
  const { stores, latency, generator } = otherwise
  const players = playersWork(seeing)
  const ways = waysOf(run)
  // Origins, edges and siblings are processes of one kind on one loopback.
  const upstream = quantiles(seeing, 'edge to origin', upstreamWaysOf(run), latency.edgeOrigin, { least: least.beside })
  const calibration: Calibration = {
    ...otherwise,
    schema: calibrationSchemaName,
    origin: `Measured at ${how.measuredAt} by 'tidegate calibrate' (commit ${run.commit.slice(0, 12)}) over the loopback; links, loss and TLS are stated, not measured.`,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: Math.max(1, cpus().length),
      platform: `${process.platform} ${process.arch}`,
      node: process.version,
    },
    work: { ...otherwise.work, ...edgeWork(seeing), ...originWork(seeing), ...players },
    stores: { ...stores, ...storeWork(seeing) },
    latency: {
      ...latency,
      edgeOrigin: upstream,
      edgeSibling: upstream,
      playerEdge: quantiles(seeing, 'player to edge', waysIn(seeing, ways), latency.playerEdge, {
        least: least.beside,
      }),
    },
    cores: { ...otherwise.cores, wakeMs: shared ? wakeMsOf(ways, least.beside) : [[0, 0]] },
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
const waysIn = ({ shared }: Seeing, ways: readonly SeenWay[]): number[] =>
  ways.filter(({ idleMs }) => !shared || idleMs < awakeMs).map(({ tookMs }) => tookMs)

function work(
  { kept, least }: Seeing,
  name: string,
  samples: readonly Sample[],
  otherwise: Work,
  undisturbed = least.beside,
): Work {
  if (samples.length >= fewestSamples) return workOf(samples, undisturbed)
  kept.push(`${name} (${samples.length} samples)`)
  return otherwise
}

/** What is told together, or `otherwise`. */
function released({ kept, least }: Seeing, name: string, waited: readonly Seen[], otherwise: Work): Work {
  const told = waited.filter(({ releasedMs, firstByteMs }) => releasedMs !== undefined && firstByteMs !== undefined)
  if (told.length >= fewestSamples) return releaseOf(told, least.beside)
  kept.push(`${name} (${told.length} samples)`)
  return otherwise
}

function quantiles(
  { kept }: Seeing,
  name: string,
  values: readonly number[],
  otherwise: Quantiles,
  { fewest = fewestSamples, least = 1 } = {},
): Quantiles {
  if (values.length >= fewest) return quantilesWithPauses(values, least)
  kept.push(`${name} (${values.length} samples)`)
  return otherwise
}

const partsOf = ({ run }: Seeing, role: Part['role']): Part[] => run.parts.filter(part => part.role === role)
/** The CPU time of all processes of `role`, where it is to be shared out. */
const cpuMsOf = (seeing: Seeing, role: Part['role']): number =>
  seeing.shared ? total(partsOf(seeing, role), 'cpu_ms') : 0

const mibOf = (seen: readonly Seen[]): number => sum(seen.map(({ bytes = 0 }) => bytes)) / mib
/** What comes after a first byte is shared out of a process's CPU time, where that is known. */
const untilOf = ({ shared }: Seeing): 'first' | 'last' => (shared ? 'first' : 'last')
const isHit = ({ reason }: Seen): boolean => reason === 'hit'
const isRefused = ({ reason }: Seen): boolean => reason?.startsWith('refused-') ?? false

function edgeWork(seeing: Seeing): Pick<Calibration['work'], 'edgeHit' | 'edgeWait' | 'edgeFill' | 'edgeRefuse'> {
  const { run } = seeing
  const edges = [...run.edges.values()]
  const [hits, refused] = [edges.filter(isHit), edges.filter(isRefused)]
  const waited = edges.filter(({ ticket }) => ticket !== undefined)
  const usual = seeing.otherwise.work
  const edgeHit = work(seeing, 'edge hit', spentOn(hits, untilOf(seeing)), usual.edgeHit)
  const wait = released(seeing, 'edge wait', waited, usual.edgeWait)
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
        work: work(seeing, 'edge refusal', spentOn(refused, untilOf(seeing)), usual.edgeRefuse),
        times: refused.length,
        mib: 0,
      },
    },
    { cpuMs: cpuMsOf(seeing, 'edge'), most: seeing.busier?.work.edgeHit },
  )
}

function originWork(
  seeing: Seeing,
): Pick<Calibration['work'], 'originServe' | 'originRelease' | 'originPublish' | 'pipelinePut'> {
  const asked = [...seeing.run.origin.values()]
  const held = asked.filter(({ ticket }) => ticket !== undefined)
  const usual = seeing.otherwise.work
  const publish = histogramValues(seeing.run.parts, 'origin', 'publish_ms')
  const put = histogramValues(seeing.run.parts, 'pipeline', 'put_ms')
  const serve = work(seeing, 'origin serve', spentOn(asked, untilOf(seeing)), usual.originServe)
  const release = released(seeing, 'origin release', held, usual.originRelease)
  const writes = writesOf(seeing)
  // Both are distributions: what most PUTs were refused for has no write in it, and tells nothing of what goes beyond one.
  const published = publish.length <= 1.1 * writes.length ? beyond(publish, writes) : []
  const publishWork = work(seeing, 'origin publish', published, usual.originPublish, seeing.least.stored)
  const shared = sharedOut(
    {
      originServe: { work: serve, times: asked.length - held.length, mib: mibOf(asked) - mibOf(held) },
      originRelease: { work: { ...release, cpuMsPerMib: serve.cpuMsPerMib }, times: held.length, mib: mibOf(held) },
      originPublish: { work: publishWork, times: publish.length, mib: 0 },
    },
    { cpuMs: cpuMsOf(seeing, 'origin'), most: seeing.busier?.work.originServe },
  )
  return { ...shared, pipelinePut: work(seeing, 'pipeline put', beyond(put, publish), usual.pipelinePut) }
}

const writesOf = ({ run }: Seeing): number[] => histogramValues(run.parts, 'origin', 'store_write_ms')

/** The stores and caches that the run kept segments in: their own threads and disks pass beside the origin's work. */
function storeWork(seeing: Seeing): Calibration['stores'] {
  const { least, otherwise } = seeing
  const timed = new Set(partsOf(seeing, 'origin').flatMap(({ histograms }) => Object.keys(histograms)))
  const waited = (name: string, what: 'read' | 'write', usual: Work): Work => {
    const values = histogramValues(seeing.run.parts, 'origin', `store.${name}.${what}_ms`)
    const own = what === 'read' ? least.beside : least.stored
    // What goes on in another process is not simulated: all that it takes is its own.
    const besideMs = quantiles(seeing, `${name} ${what}`, values, usual.besideMs, { least: isEmbedded(name) ? own : 1 })
    return { ...usual, cpuMs: 0, cpuMsPerMib: 0, besideMs }
  }
  const names = Object.keys(otherwise.stores).filter(name => timed.has(`store.${name}.write_ms`))
  return Object.fromEntries(
    names.map(name => {
      const usual = otherwise.stores[name] as NonNullable<Calibration['stores'][string]>
      return [name, { read: waited(name, 'read', usual.read), write: waited(name, 'write', usual.write) }]
    }),
  )
}

/** Asking and hearing cost about the same; bodies come with the answer. */
function playersWork(seeing: Seeing): Pick<Calibration['work'], 'player' | 'playerAsk'> {
  const fleets = partsOf(seeing, 'fleet')
  const [requests, cpuMs] = [total(fleets, 'requests'), cpuMsOf(seeing, 'fleet')]
  if (requests < fewestSamples || cpuMs === 0) {
    if (seeing.shared) seeing.kept.push(`players (${requests} requests)`)
    const { player, playerAsk } = seeing.otherwise.work
    return { player, playerAsk }
  }
  // What comes before a request leaves and before a first byte is heard is in the way between players and edges; asking
  // costs about as much as hearing the answer, and bodies come with that.
  const bodiesMib = total(fleets, 'bytes_received') / mib
  const most = seeing.busier?.work.player
  const withBytesMs = Math.min(cpuMs / 2, (most?.afterMsPerMib ?? Infinity) * bodiesMib)
  const afterMs = Math.min((cpuMs - withBytesMs) / (2 * requests), most?.afterMs ?? Infinity)
  const one: Work = { cpuMs: 0, cpuMsPerMib: 0, afterMs, afterMsPerMib: 0, besideMs: [[0, 0]] }
  const afterMsPerMib = withBytesMs / Math.max(bodiesMib, 1)
  return { player: { ...one, afterMsPerMib }, playerAsk: one }
}

/** From a core's wish to the arrival upstream, less the way: what the asking edge spends on a fetch. */
function untilArrival(run: CalibrationRun): Sample[] {
  const { fetches, origin } = run
  const wayMs = quantileOf(upstreamWaysOf(run), 0.5)
  return [...fetches].flatMap(([id, { atMs, sibling }]) => {
    const arrivedMs = sibling ? undefined : origin.get(id)?.atMs
    const isOfThis = arrivedMs !== undefined && arrivedMs >= atMs
    return isOfThis ? [{ ms: Math.max(0, arrivedMs - atMs - wayMs), bytes: 0 }] : []
  })
}
