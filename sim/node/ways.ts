import type { EpochMs, Ms } from '../../live/units.ts'
import type { Calibration } from '../calibration.ts'
import { type Activity, activityOf, idleAt } from './activity.ts'
import { requestOf, spentBeforeNext, type Taken, takenByEdges, takenByFleet } from './behind.ts'
import type { CalibrationRun } from './read-runs.ts'
import { meanCostOf, quantileOf, quantilesWithPauses } from './samples.ts'

// How long requests and answers take between players and edges, event loops and kernels of both ends included, and how
// much longer where the process at the other end has been idle: its core sleeps by then, the longer the deeper, and a
// virtual machine's is given back to its host.

/** One way of a request or of an answer's first byte. */
export interface SeenWay {
  readonly tookMs: Ms
  /** How long the process that it went to had had nothing to do when it left; below 0 where it still had. */
  readonly idleMs: Ms
}

/** A process that was seen so shortly ago is awake. A core sleeps soon: while a player waits for a hit it already does. */
const awakeMs = 0.1
/** Idle times between which waking is told apart, ms; what lies beyond the last is as after it. */
const idleBounds = [awakeMs, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 200] as const
const fewestSamples = 20
const fleet = 'fleet'

/**
 * All ways between players and edges that the logs of `run` show both ends of.
 * @param undisturbed the share of what was seen that no other process held up
 */
export function waysOf(run: Pick<CalibrationRun, 'players' | 'edges'>, undisturbed: number): SeenWay[] {
  const { players, edges } = run
  const costMs = (taken: readonly (readonly Taken[])[]) =>
    meanCostOf(
      taken.flatMap(one => spentBeforeNext(one)),
      undisturbed,
    ).ms
  const arrivals = new Map([...edges].map(([key, seen]) => [requestOf(key), { seen, edge: placeOf(key) }]))
  const activity = new Map([[fleet, activityOf([...players.values()], 'firstByteMs', costMs([takenByFleet(run)]))]])
  const edgeMs = costMs(takenByEdges(run))
  for (const [edge, own] of Map.groupBy(edges, ([key]) => placeOf(key))) {
    activity.set(
      edge,
      activityOf(
        own.map(([, seen]) => seen),
        'atMs',
        edgeMs,
      ),
    )
  }
  const way = (to: string, leftMs: EpochMs, cameMs: EpochMs): SeenWay => ({
    tookMs: Math.max(0, (cameMs as number) - (leftMs as number)),
    idleMs: idleAt(activity.get(to) as Activity, leftMs),
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

/** What every way takes at least: the twentieth part of all of them takes no longer. */
export const leastOf = (waysMs: readonly Ms[]): Ms => quantileOf(waysMs as number[], 0.05)

/**
 * What ways take beyond `wayMs`, by how long the process at their end had been idle: of those whose process was awake the
 * least disturbed share `least.awake`, of others `least.idle`. Who has slept for less does not wake later: what looks so
 * had something to do that nothing was seen of. What went to one that was busy waited for that, and says nothing.
 */
export function hearingOf(
  ways: readonly SeenWay[],
  wayMs: Ms,
  least: { readonly awake: number; readonly idle: number },
): Calibration['cores']['hears'] {
  const seen = [0, ...idleBounds].flatMap((idleMs, i) => {
    const until = idleBounds[i] ?? Infinity
    const taken = times(ways.filter(way => way.idleMs >= idleMs && way.idleMs < until))
    if (taken.length < fewestSamples) return []
    const beyond = taken.map(ms => Math.max(0, ms - wayMs))
    return [{ idleMs, takesMs: quantilesWithPauses(beyond, idleMs === 0 ? least.awake : least.idle) }]
  })
  for (let i = seen.length - 2; i >= 0; i--) {
    const [{ takesMs, idleMs }, longer] = [seen[i] as Heard, (seen[i + 1] as Heard).takesMs]
    const sooner = takesMs.map(([share, ms], j): [number, number] => [share, Math.min(ms, longer[j]?.[1] ?? ms)])
    seen[i] = { idleMs, takesMs: sooner }
  }
  return seen
}

type Heard = Calibration['cores']['hears'][number]
/** How long they took. */
export const times = (ways: readonly SeenWay[]): number[] => ways.map(({ tookMs }) => tookMs)
const placeOf = (key: string): string => key.slice(0, key.indexOf(' '))
