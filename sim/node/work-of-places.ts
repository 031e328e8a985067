import { total } from '../../results/sums.ts'
import { type Calibration, quantileAt, type Work } from '../calibration.ts'
import { spentBeforeNext, type Taken, takenByEdges, takenByOrigin } from './behind.ts'
import type { CalibrationRun, Seen } from './read-runs.ts'
import { meanCostOf, quantileOf, type Sample, spentOn } from './samples.ts'
import { partsOf, released, type Seeing, work } from './seeing.ts'
import type { SeenPut } from './seen-puts.ts'
import { leastOf } from './ways.ts'

// What each kind of work took at edges, origins, packagers and in the generator. How long it takes to an answer's first
// byte is what requests show; what it costs in all, where that is known (process-costs.ts), follows behind.

/** Fewer answers with another request behind them say nothing of their cost. */
const fewestBehind = 100

type Named = Calibration['work']

/** What comes after a first byte is known from what work costs in all. */
const untilOf = ({ costs }: Seeing): 'first' | 'last' => (costs ? 'first' : 'last')
const isHit = ({ reason }: Seen): boolean => reason === 'hit'
const isRefused = ({ reason }: Seen): boolean => reason === 'negative-hit' || (reason?.startsWith('refused-') ?? false)
const isHeld = ({ ticket }: Seen): boolean => ticket !== undefined
const isEarly = ({ reason }: Seen): boolean => reason === 'too-early' || reason === 'overdue'

/** Of edges. */
export function edgeWork(seeing: Seeing): Pick<Named, 'edgeHit' | 'edgeWait' | 'edgeFill' | 'edgeRefuse'> {
  const { run, otherwise, costs } = seeing
  const usual = otherwise.work
  const seen = [...run.edges.values()]
  const seenHit = work(seeing, 'edge hit', spentOn(seen.filter(isHit), untilOf(seeing)), usual.edgeHit)
  const seenRefusal = work(seeing, 'edge refusal', spentOn(seen.filter(isRefused), untilOf(seeing)), usual.edgeRefuse)
  const seenWait = released(seeing, 'edge wait', seen.filter(isHeld), usual.edgeWait)
  const seenFill = fillWork(seeing)
  if (costs === undefined) {
    // A body costs the same, whoever waited for it.
    const edgeWait = { ...seenWait, cpuMsPerMib: seenHit.cpuMsPerMib }
    return { edgeHit: seenHit, edgeWait, edgeFill: seenFill, edgeRefuse: seenRefusal }
  }
  const { wait, fetch, fetchedMib, sentMib } = costs.edge
  const taken = takenByEdges(run)
  const hit = answerCost(seeing, taken, isHit, { ms: costs.edge.hit, msPerMib: sentMib })
  const refusal = answerCost(seeing, taken, isRefused, { ms: costs.edge.refusal, msPerMib: 0 })
  return {
    edgeHit: costing(seenHit, hit.ms, hit.msPerMib),
    edgeWait: { ...waiting(seenWait, wait), afterMsPerMib: hit.msPerMib },
    edgeFill: costing(seenFill, fetch, fetchedMib),
    edgeRefuse: costing(seenRefusal, refusal.ms),
  }
}

/** What an answer costs in all where that can be seen: processes that have done little else are quicker at it. */
function answerCost(
  { least }: Seeing,
  taken: readonly (readonly Taken[])[],
  isWanted: (request: Seen) => boolean,
  otherwise: { readonly ms: number; readonly msPerMib: number },
) {
  const isAtOnce = (request: Seen): boolean => !isHeld(request) && isWanted(request)
  const seen = taken.flatMap(one => spentBeforeNext(one, isAtOnce))
  return seen.length >= fewestBehind ? meanCostOf(seen, least.beside) : otherwise
}

/** Of origins and packagers. */
export function originWork(
  seeing: Seeing,
): Pick<Named, 'originServe' | 'originRefuse' | 'originRelease' | 'originPublish' | 'pipelinePut'> {
  const { otherwise, costs } = seeing
  const usual = otherwise.work
  const asked = [...seeing.run.origin.values()]
  const { puts } = seeing.run
  const answered = asked.filter(one => !isEarly(one))
  const seenServe = work(
    seeing,
    'origin serve',
    spentOn(answered, untilOf(seeing)),
    usual.originServe,
    seeing.least.seldom,
  )
  const early = spentOn(asked.filter(isEarly), untilOf(seeing))
  const seenRefusal = work(seeing, 'origin refusal', early, usual.originRefuse, seeing.least.seldom)
  const seenRelease = released(seeing, 'origin release', asked.filter(isHeld), usual.originRelease)
  const seenPublish = work(seeing, 'origin publish', arrivingOf(puts), usual.originPublish, seeing.least.seldom)
  const wayMs = quantileAt(otherwise.latency.pipelineOrigin, 0.5)
  const seenPut = work(seeing, 'pipeline put', leavingOf(puts, wayMs), usual.pipelinePut)
  if (costs === undefined) {
    const originRelease = { ...seenRelease, cpuMsPerMib: seenServe.cpuMsPerMib }
    const seen = { originServe: seenServe, originRefuse: seenRefusal, originRelease, originPublish: seenPublish }
    return { ...seen, pipelinePut: seenPut }
  }
  const { serve, hold, servedMib } = costs.origin
  // An origin goes on to others while its store reads: only of what it answers by itself is seen what it costs in all.
  const refusal = answerCost(seeing, [takenByOrigin(seeing.run)], isEarly, { ms: costs.origin.refusal, msPerMib: 0 })
  return {
    originServe: costing(seenServe, serve, servedMib),
    originRefuse: costing(seenRefusal, refusal.ms),
    originRelease: waiting(seenRelease, hold),
    // Taking a body in is work of its own, and as long as it takes.
    originPublish: costing(seenPublish, costs.origin.put, seenPublish.cpuMsPerMib),
    pipelinePut: costing(seenPut, costs.pipeline.put, costs.pipeline.sentMib),
  }
}

/** From the instant that a PUT was planned for to its head at the origin, less the way: timers are late by themselves. */
const leavingOf = (puts: readonly SeenPut[], wayMs: number): Sample[] =>
  puts.map(({ plannedMs, offeredMs, bytes }) => ({ ms: Math.max(0, offeredMs - plannedMs - wayMs), bytes }))

/** From a PUT's head to the whole of it at the origin; what it takes from there is the store's. */
const arrivingOf = (puts: readonly SeenPut[]): Sample[] =>
  puts.flatMap(({ offeredMs, arrivedMs, bytes }) =>
    arrivedMs === undefined ? [] : [{ ms: arrivedMs - offeredMs, bytes }],
  )

/** Asking and hearing cost about the same; bodies come with the answer. */
export function playersWork(seeing: Seeing): Pick<Named, 'player' | 'playerRefused' | 'playerAsk'> {
  const { costs, otherwise, kept } = seeing
  const requests = total(partsOf(seeing, 'fleet'), 'requests')
  if (costs === undefined || costs.fleet.answer === 0) {
    if (costs !== undefined) kept.push(`players (${requests} requests)`)
    const { player, playerRefused, playerAsk } = otherwise.work
    return { player, playerRefused, playerAsk }
  }
  // What comes before a request leaves and before a first byte is heard is in the way between players and edges.
  const { answer, refusal, receivedMib } = costs.fleet
  const askMs = (refusal > 0 ? Math.min(answer, refusal) : answer) / 2
  const behind = (afterMs: number, afterMsPerMib = 0): Work => ({
    cpuMs: 0,
    cpuMsPerMib: 0,
    afterMs,
    afterMsPerMib,
    besideMs: [[0, 0]],
  })
  return {
    player: behind(answer - askMs, receivedMib),
    playerRefused: behind(Math.max(0, refusal - askMs)),
    playerAsk: behind(askMs),
  }
}

/** `seen`, costing `costMs` and so much for each MiB in all: what does not fit in goes by beside it, what is left follows. */
function costing(seen: Work, costMs: number, costMsPerMib = 0): Work {
  const [cpuMs, cpuMsPerMib] = [Math.min(seen.cpuMs, costMs), Math.min(seen.cpuMsPerMib, costMsPerMib)]
  const asideMs = seen.cpuMs - cpuMs
  return {
    cpuMs,
    cpuMsPerMib,
    afterMs: costMs - cpuMs,
    afterMsPerMib: costMsPerMib - cpuMsPerMib,
    besideMs: seen.besideMs.map(([share, ms]): [number, number] => [share, ms + asideMs]),
  }
}

/**
 * Of what is put down to wait: most of `costMs` is spent as it comes. When it is told, many are at one instant, and between
 * two of them there is no time for more than what is seen there.
 */
const waiting = (seen: Work, costMs: number): Work => ({
  ...seen,
  arrivalMs: Math.max(0, costMs - seen.cpuMs - (seen.afterMs ?? 0)),
})

/** Where it is known how late an origin hears, that is no part of what the edge spends on a fetch. */
function fillWork(seeing: Seeing): Work {
  const { run, otherwise, costs, least } = seeing
  const { edgeFill } = otherwise.work
  if (costs === undefined)
    return work(seeing, 'edge fill', untilArrival(run, quantileOf(run.upstreamWaysMs, 0.5)), edgeFill)
  const seen = untilArrival(run, leastOf(run.upstreamWaysMs))
  const always = leastOf(seen.map(({ ms }) => ms))
  return work(
    seeing,
    'edge fill',
    seen.map(({ bytes }) => ({ ms: always, bytes })),
    edgeFill,
    least.seldom,
  )
}

/** From a core's wish to the arrival upstream, less the way: what the asking edge spends on a fetch. */
function untilArrival(run: CalibrationRun, wayMs: number): Sample[] {
  const { fetches, origin } = run
  return [...fetches].flatMap(([id, { atMs, sibling }]) => {
    const arrivedMs = sibling ? undefined : origin.get(id)?.atMs
    const isOfThis = arrivedMs !== undefined && arrivedMs >= atMs
    return isOfThis ? [{ ms: Math.max(0, arrivedMs - atMs - wayMs), bytes: 0 }] : []
  })
}
