import type { LiveEvent } from '../../live/event.ts'
import { expectedPublication, liveEdge } from '../../live/template.ts'
import { between, type EpochMs } from '../../live/units.ts'
import { addArrival, liveCells } from './arrival-curve.ts'
import { ageBucketOf, ageBuckets, liveUntilMs, otherKinds } from './layout.ts'

// What the viewers of one simulated site have asked for and been answered, weighted: rows of plain numbers by period (a
// segment's length), column and rendition. A live row is by the segment's number and by the instant relative to its
// expected publication; what is older by how far behind the live edge it is.

export const outcomes = ['hit', 'collapsed', 'forwarded', 'negative', 'refused', 'failed'] as const
export type Outcome = (typeof outcomes)[number]

/** One request upstream of the simulated site. */
export interface UpstreamRequest {
  readonly rendition: number
  /** Undefined: no segment. */
  readonly number: number | undefined
  readonly kind: (typeof otherKinds)[number] | 'segment'
  readonly atMs: EpochMs
  /** The edge that asks. */
  readonly from: string
  readonly to: 'origin' | 'sibling'
  /** One for all who wait; else each asker's own. */
  readonly shared: boolean
  /** What the askers weigh whose own it is; 1 where it is shared. */
  readonly weight: number
  /** The answer before it was not kept, so that it was asked for as soon as that was over and somebody came. */
  readonly followsUnkept: boolean
  /** Set when its answer came: -1 for a failure. */
  status: number
  answeredMs: EpochMs
  wasHeld: boolean
}

/** As many numbers before the live edge are asked for as live (`liveUntilMs`). */
const earlierNumbers = 3

export interface RowsSize {
  readonly event: LiveEvent
  readonly fromMs: EpochMs
  readonly toMs: EpochMs
  readonly columns: number
  /** Everything is added up into one period: a pattern that repeats. */
  readonly folded: boolean
}

export class Rows {
  readonly size: RowsSize
  /** The number of the first live row: what may still be asked for as live when the time begins. */
  readonly firstNumber: number
  readonly periods: number
  readonly live: Float32Array
  readonly old: Float32Array
  readonly other: Float64Array
  /** By period and kind: how often the simulated site was asked, whatever its askers weigh. */
  readonly otherAsks: Float64Array
  /** By period and outcome: requests for segments. */
  readonly outcomes: Float64Array
  /** Of all columns together. */
  segmentRequests = 0
  /**
   * By `period * renditions + rendition` of the number: requests that joined a fill which was not the first one of their
   * edge, and got its body.
   */
  readonly joinedLater: Float64Array
  readonly upstream: UpstreamRequest[] = []
  readonly notes = { rebuffers: 0, gaveUp: 0, early404: 0, status404: 0, status5xx: 0, failures: 0 }
  readonly #renditions: ReadonlyMap<string, number>

  constructor(size: RowsSize) {
    const { event, fromMs, toMs, columns, folded } = size
    this.size = size
    this.firstNumber = (liveEdge(event, fromMs) as number) - earlierNumbers
    this.periods = folded
      ? 1
      : Math.max(1, Math.ceil((between(fromMs, toMs) as number) / event.segmentMs) + earlierNumbers + 4)
    this.#renditions = new Map(event.renditions.map(({ name }, index) => [name, index]))
    const renditions = event.renditions.length
    this.live = new Float32Array(this.periods * columns * renditions * liveCells)
    this.old = new Float32Array(this.periods * columns * renditions * ageBuckets.length)
    this.other = new Float64Array(this.periods * columns * otherKinds.length)
    this.otherAsks = new Float64Array(this.periods * otherKinds.length)
    this.outcomes = new Float64Array(this.periods * outcomes.length)
    this.joinedLater = new Float64Array(this.periods * renditions)
  }

  renditionIndex(name: string): number {
    return this.#renditions.get(name) ?? 0
  }

  /** The period of an instant; -1 outside the measured time. */
  periodOf(at: EpochMs): number {
    const { event, fromMs, toMs, folded } = this.size
    if (at < fromMs || at >= toMs) return -1
    return folded ? 0 : Math.floor((between(fromMs, at) as number) / event.segmentMs)
  }

  /** Where a live row of `number` begins; -1 where the number is not of the measured time. */
  liveAt(number: number, column: number, rendition: number): number {
    const { columns, event, folded } = this.size
    const period = folded ? 0 : number - this.firstNumber
    if (period < 0 || period >= this.periods) return -1
    return ((period * columns + column) * event.renditions.length + rendition) * liveCells
  }

  addSegment(column: number, rendition: string, number: number, at: EpochMs, weight: number): void {
    const period = this.periodOf(at)
    if (period < 0) return
    this.segmentRequests += weight
    const { event, columns } = this.size
    const index = this.renditionIndex(rendition)
    const offsetMs = between(expectedPublication(event, number), at) as number
    if (offsetMs < liveUntilMs) {
      const row = this.liveAt(number, column, index)
      if (row >= 0) {
        addArrival(this.live, row, offsetMs, weight)
        return
      }
    }
    const bucket = ageBucketOf((liveEdge(event, at) as number) - number)
    const cell = ((period * columns + column) * event.renditions.length + index) * ageBuckets.length + bucket
    this.old[cell] = (this.old[cell] as number) + weight
  }

  /** `isThere`: the simulated site was asked; else it only stands for viewers of others. */
  addOther(
    column: number,
    kind: (typeof otherKinds)[number],
    at: EpochMs,
    { weight, isThere }: { readonly weight: number; readonly isThere: boolean },
  ): void {
    const period = this.periodOf(at)
    if (period < 0) return
    const place = otherKinds.indexOf(kind)
    const cell = (period * this.size.columns + column) * otherKinds.length + place
    this.other[cell] = (this.other[cell] as number) + weight
    if (!isThere) return
    const asks = period * otherKinds.length + place
    this.otherAsks[asks] = (this.otherAsks[asks] as number) + 1
  }

  addOutcome(outcome: Outcome, at: EpochMs, weight: number): void {
    const period = this.periodOf(at)
    if (period < 0) return
    const cell = period * outcomes.length + outcomes.indexOf(outcome)
    this.outcomes[cell] = (this.outcomes[cell] as number) + weight
  }

  addJoinedLater(rendition: string, number: number, at: EpochMs, weight: number): void {
    const { event, folded } = this.size
    const period = number - this.firstNumber
    if (folded || this.periodOf(at) < 0 || period < 0 || period >= this.periods) return
    const cell = period * event.renditions.length + this.renditionIndex(rendition)
    this.joinedLater[cell] = (this.joinedLater[cell] as number) + weight
  }
}
