import { sum, total } from '../../results/sums.ts'
import type { Calibration, Work } from '../calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'
import { behindAnswers, sharedOut } from './cpu-shares.ts'
import { beyond, histogramValues, quantileOf, type Sample, spentOn } from './samples.ts'
import { cpuMsOf, fewestSamples, mib, partsOf, released, type Seeing, work } from './seeing.ts'
import { upstreamWaysOf } from './ways.ts'

// What each kind of work took at edges, origins, packagers and in the generator. How the CPU time of a process is shared
// among its kinds of work is taken from what the least disturbed request of each kind took, how much there is of it from
// the process itself (cpu-shares.ts).

const mibOf = (seen: readonly Seen[]): number => sum(seen.map(({ bytes = 0 }) => bytes)) / mib
/** What comes after a first byte is shared out of a process's CPU time, where that is known. */
const untilOf = ({ shared }: Seeing): 'first' | 'last' => (shared ? 'first' : 'last')
const isHit = ({ reason }: Seen): boolean => reason === 'hit'
const isRefused = ({ reason }: Seen): boolean => reason?.startsWith('refused-') ?? false

/** Of edges. */
export function edgeWork(
  seeing: Seeing,
): Pick<Calibration['work'], 'edgeHit' | 'edgeWait' | 'edgeFill' | 'edgeRefuse'> {
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

/** Of origins and packagers. */
export function originWork(
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

/** How long writes took, in the store that there was. */
const writesOf = ({ run }: Seeing): number[] => histogramValues(run.parts, 'origin', 'store_write_ms')

/** Asking and hearing cost about the same; bodies come with the answer. */
export function playersWork(seeing: Seeing): Pick<Calibration['work'], 'player' | 'playerAsk'> {
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
  const { afterMs, afterMsPerMib } = behindAnswers({ cpuMs, most: seeing.busier?.work.player }, 2 * requests, bodiesMib)
  const one: Work = { cpuMs: 0, cpuMsPerMib: 0, afterMs, afterMsPerMib: 0, besideMs: [[0, 0]] }
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
