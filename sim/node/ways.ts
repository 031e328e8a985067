import type { EpochMs, Ms } from '../../live/units.ts'
import type { Calibration } from '../calibration.ts'
import type { CalibrationRun, Seen } from './calibration-run.ts'
import { quantileOf } from './samples.ts'

// How long requests and answers take between players and edges, event loops and kernels of both ends included, and how
// much longer where the process at the other end has been idle: its core sleeps by then, the longer the deeper, and a
// virtual machine's is given back to its host.

/** One way of a request or of an answer's first byte. */
export interface SeenWay {
  readonly tookMs: Ms
  /** How long nothing had been seen of the process that it went to when it left. */
  readonly idleMs: Ms
}

/** A process that was seen so shortly ago is awake. A core sleeps soon: while a player waits for a hit it already does. */
export const awakeMs = 0.1
/** Idle times between which waking is told apart, ms; what lies beyond the last is as after it. */
const idleBounds = [awakeMs, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 200] as const
const fewestSamples = 20
const fleet = 'fleet'

/** All ways between players and edges that the logs of `run` show both ends of. */
export function waysOf({ players, edges }: Pick<CalibrationRun, 'players' | 'edges'>): SeenWay[] {
  const arrivals = new Map([...edges].map(([key, seen]) => [requestOf(key), { seen, edge: placeOf(key) }]))
  const activity = new Map([[fleet, momentsOf([...players.values()])]])
  for (const [edge, own] of Map.groupBy(edges, ([key]) => placeOf(key))) {
    activity.set(edge, momentsOf(own.map(([, seen]) => seen)))
  }
  const way = (to: string, leftMs: EpochMs, cameMs: EpochMs): SeenWay => ({
    tookMs: Math.max(0, (cameMs as number) - (leftMs as number)),
    idleMs: idleAt(activity.get(to) as Float64Array, leftMs),
  })
  return [...players].flatMap(([id, player]) => {
    const arrival = arrivals.get(id)
    if (arrival?.seen.atMs === undefined || player.atMs === undefined) return []
    const there = way(arrival.edge, player.atMs, arrival.seen.atMs)
    const { firstByteMs } = arrival.seen
    if (player.firstByteMs === undefined || firstByteMs === undefined) return [there]
    return [there, way(fleet, firstByteMs, player.firstByteMs)]
  })
}

/**
 * How long the first bytes of an origin's answers take to the edges that fetch them. An edge that was restarted gives
 * fetches names that it has given before: what did not happen in order is of two lives.
 */
export const upstreamWaysOf = ({ fetches, origin }: Pick<CalibrationRun, 'fetches' | 'origin'>): Ms[] =>
  [...fetches].flatMap(([id, { atMs, headMs }]) => {
    const { atMs: arrivedMs, firstByteMs } = origin.get(id) ?? {}
    if (headMs === undefined || arrivedMs === undefined || firstByteMs === undefined) return []
    return atMs <= arrivedMs && firstByteMs <= headMs ? [headMs - firstByteMs] : []
  })

/**
 * What ways take longer the longer the process at their end was idle: of each range of idle times the median of the
 * least disturbed share `kept`, beyond that of processes that were awake.
 */
export function wakeMsOf(ways: readonly SeenWay[], kept: number): Calibration['cores']['wakeMs'] {
  const medianMs = (from: Ms, to: Ms): Ms | undefined => {
    const taken = ways.filter(({ idleMs }) => idleMs >= from && idleMs < to).map(({ tookMs }) => tookMs as number)
    return taken.length < fewestSamples ? undefined : quantileOf(taken, kept / 2)
  }
  const awake = medianMs(0, awakeMs)
  const points: [number, number][] = [[0, 0]]
  if (awake === undefined) return points
  for (const [i, from] of idleBounds.entries()) {
    const to = idleBounds[i + 1] ?? Infinity
    const median = medianMs(from, to)
    if (median === undefined) continue
    const idleMs = to === Infinity ? from : Math.sqrt(from * to)
    const before = points.at(-1) as [number, number]
    // Who slept longer does not wake sooner: what looks so is chance.
    points.push([idleMs, Math.max(before[1], Number(((median as number) - (awake as number)).toFixed(4)))])
  }
  return points
}

const placeOf = (key: string): string => key.slice(0, key.indexOf(' '))
const requestOf = (key: string): string => key.slice(key.indexOf(' ') + 1)

/** Instants at which something was seen of a process, in order. */
const momentsOf = (seen: readonly Seen[]): Float64Array =>
  Float64Array.from(
    seen.flatMap(({ atMs, firstByteMs, lastByteMs, releasedMs }) =>
      [atMs, firstByteMs, lastByteMs, releasedMs].filter(moment => moment !== undefined),
    ),
  ).sort()

/** From the last moment before `at`. */
function idleAt(moments: Float64Array, at: EpochMs): Ms {
  let [low, high] = [0, moments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((moments[middle] as number) < (at as number)) low = middle + 1
    else high = middle
  }
  return low === 0 ? Infinity : (at as number) - (moments[low - 1] as number)
}
