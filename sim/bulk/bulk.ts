import { liveCells } from './arrival-curve.ts'
import type { Audience } from './audience.ts'
import { type Behaviours, behavioursOf } from './behaviours.ts'
import { groupsOf, groupsOfSlice, slices } from './groups.ts'
import type { BulkWorld } from './layout.ts'
import { Publications } from './publications.ts'
import { Series } from './series.ts'
import { type SliceCounts, type SliceResult, workSlice } from './slice.ts'

// A whole storm in bulk: first what the simulated sites live through, then every edge by slices, then the sum.

interface BulkProgress {
  /** Share of all the work that is done, from 0 to 1. */
  readonly done: number
  readonly doing: string
}

/** False from it ends the work: what is done so far is the result, marked as partial. */
export type OnBulkProgress = (progress: BulkProgress) => boolean

export interface BulkOptions {
  /** Instead of the fleet's own arrivals. */
  readonly audience?: Audience | undefined
  /** Which slices; all where it is not given. */
  readonly slices?: readonly number[] | undefined
  readonly onProgress?: OnBulkProgress | undefined
}

export interface BulkResult {
  readonly series: Series
  readonly counts: SliceCounts
  readonly behaviours: Behaviours
  readonly partial: boolean
  readonly slices: readonly number[]
}

/** Share of the work that the simulated sites are, for the progress shown. */
export const sitesShare = 0.3

/** Runs `world`. The same world gives the same result to the byte. */
export function simulateBulk(world: BulkWorld, options: BulkOptions = {}): BulkResult {
  const { onProgress = () => true } = options
  let goesOn = true
  const tell = (done: number, doing: string): boolean => {
    goesOn = goesOn && onProgress({ done, doing })
    return goesOn
  }
  tell(0, 'simulated sites')
  const behaviours = behavioursOf(
    world,
    options.audience,
    (done, of) => tell((sitesShare * done) / of, `simulated site ${done} of ${of}`),
    () => !goesOn,
  )
  const groups = groupsOf(world)
  const wanted = (options.slices ?? allSlices).filter(slice => groupsOfSlice(groups, slice).length > 0)
  const publications = new Publications(world)
  const results: SliceResult[] = []
  for (const [place, slice] of wanted.entries()) {
    if (!goesOn) break
    const part = (1 - sitesShare) / wanted.length
    results.push(
      workSlice(
        world,
        behaviours,
        slice,
        (done, of) =>
          tell(sitesShare + part * (place + done / Math.max(1, of)), `edges, slice ${place + 1} of ${wanted.length}`),
        publications,
      ),
    )
  }
  return joinSlices(world, behaviours, results, wanted, !goesOn)
}

export const allSlices: readonly number[] = Array.from({ length: slices }, (_, slice) => slice)

/** Adds up slices, in the order in which they are given. */
export function joinSlices(
  world: BulkWorld,
  behaviours: Behaviours,
  results: readonly SliceResult[],
  which: readonly number[],
  partial: boolean,
): BulkResult {
  const series = new Series(Math.ceil((world.durationMs as number) / 1_000), world.regions)
  const counts: SliceCounts = { edgeKeys: 0, askedKeys: 0, heldMs: 0 }
  for (const result of results) {
    series.add(result.series)
    for (const name of ['edgeKeys', 'askedKeys', 'heldMs'] as const) counts[name] += result.counts[name]
  }
  settleHits(series)
  return { series, counts, behaviours, partial, slices: which }
}

/** A hit is every request that was nothing else. */
function settleHits(series: Series): void {
  const [hits, requests] = [series.get('edge.hits'), series.get('edge.requests')]
  const others = (['collapsed', 'forwarded', 'negative', 'refused', 'failed'] as const).map(name =>
    series.get(`edge.${name}`),
  )
  for (let second = 0; second < hits.length; second++) {
    hits[second] = others.reduce((left, other) => left - (other[second] as number), requests[second] as number)
  }
}

/** What a process takes before anything is simulated, however many worlds it then has. */
export const bytesOfProcess = 120e6

/** Memory that `world` needs, bytes: an upper estimate of what grows with it. */
export function memoryNeeded(world: BulkWorld): number {
  const { columns, classes, event, durationMs, representatives } = world
  const seconds = (durationMs as number) / 1_000
  const renditions = event.renditions.length
  const rowBytes = columns.length * renditions * liveCells * 4
  const longestSpan = Math.min(seconds, 600) / (event.segmentMs / 1_000)
  const ofRows = rowBytes * (longestSpan * Math.max(1, world.faults.length) + 9)
  const ofShapes = classes.length * renditions * liveCells * 8 * 3
  const ofSeries = seconds * 8 * 40 * 3
  return bytesOfProcess + representatives * 12_000 + ofRows + ofShapes + ofSeries
}
