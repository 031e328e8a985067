import type { LiveEvent } from '../../live/event.ts'
import { expectedPublication } from '../../live/template.ts'
import { between } from '../../live/units.ts'
import type { CalmPattern, Lived } from './behaviour.ts'
import { type OtherFacts, othersOf } from './other-facts.ts'
import type { Rows, UpstreamRequest } from './rows.ts'

// What a simulated site has shown, as plain arrays that a worker can be handed: rows of requests, and for each key of the
// live edge what became of its first request upstream and which others followed.

/** One further request upstream of a filler for a live key. */
export interface Again {
  /** Relative to the key's expected publication. */
  readonly offsetMs: number
  readonly toOrigin: boolean
  readonly isFill: boolean
  /** Nobody listened. */
  readonly isUnreachable: boolean
  readonly heldMs: number
  /** How many such requests: a fraction where it happens to some keys only. */
  readonly count: number
}

export interface KeyFacts {
  /** When the first answer left the origin, relative to the expected publication; Infinity where none came. */
  readonly releaseMs: number
  readonly status: number
  /** Requests that joined a later fill than the first of their edge and got its body; in viewers of the whole audience. */
  readonly joinedLater: number
  readonly again: readonly Again[]
}

/** What one fate has lived through in a span of time. Rows are in viewers of the whole audience. */
export interface SpanFacts {
  readonly fromMs: number
  readonly toMs: number
  readonly firstNumber: number
  readonly periods: number
  readonly live: Float32Array
  readonly old: Float32Array
  readonly other: Float64Array
  readonly outcomes: Float64Array
  readonly notes: Rows['notes']
  /** By `period * renditions + rendition`; undefined where nobody asked upstream. */
  readonly keys: readonly (KeyFacts | undefined)[]
  /** Requests upstream that were each asker's own, over all requests for segments. */
  readonly ownShare: number
  readonly others: OtherFacts
}

/** The same of a calm span, for one viewer; periods are added up into one. */
export interface CalmFacts {
  readonly settledLive: Float32Array
  readonly settledOld: Float32Array
  readonly settledOther: Float64Array
  readonly joiningLive: Float32Array
  readonly joiningOld: Float32Array
  readonly joiningOther: Float64Array
  readonly returningLive: Float32Array
  readonly returningOld: Float32Array
  readonly returningOther: Float64Array
  /** Further requests to the origin for a key, by a filler: fills and others. */
  readonly again: readonly Again[]
  readonly ownShare: number
  readonly others: OtherFacts
}

const sum = (values: Iterable<number>): number => {
  let total = 0
  for (const value of values) total += value
  return total
}

export function spanFactsOf(lived: Lived, designated: boolean): SpanFacts {
  const { rows, sites, edges } = lived
  const { event, fromMs, toMs } = rows.size
  const renditions = event.renditions.length
  const byKey = new Map<number, UpstreamRequest[]>()
  for (const request of rows.upstream) {
    if (request.number === undefined || !request.shared) continue
    const period = request.number - rows.firstNumber
    const offsetMs = between(expectedPublication(event, request.number), request.atMs) as number
    if (period < 0 || period >= rows.periods || offsetMs >= 5_000) continue
    const key = period * renditions + request.rendition
    const known = byKey.get(key)
    if (known) known.push(request)
    else byKey.set(key, [request])
  }
  const keys = Array.from({ length: rows.periods * renditions }, (_, key) => {
    const requests = byKey.get(key)
    return requests && keyFactsOf(event, lived, requests, { designated, joinedLater: rows.joinedLater[key] as number })
  })
  return {
    fromMs: fromMs as number,
    toMs: toMs as number,
    firstNumber: rows.firstNumber,
    periods: rows.periods,
    live: rows.live,
    old: rows.old,
    other: rows.other,
    outcomes: rows.outcomes,
    notes: rows.notes,
    keys,
    ownShare: ownShareOf(rows),
    others: othersOf(rows, 1, { sites, edges, designated }),
  }
}

/** The first request of each filler is drawn for every edge by itself; what is left over here followed it. */
function keyFactsOf(
  event: LiveEvent,
  { sites, edges, originMs, world }: Lived,
  requests: readonly UpstreamRequest[],
  { designated, joinedLater }: { readonly designated: boolean; readonly joinedLater: number },
): KeyFacts {
  const toOrigin = requests.filter(({ to }) => to === 'origin')
  const toSibling = requests.filter(({ to }) => to === 'sibling')
  const fillers = sites * (designated ? 1 : edges)
  const askers = Math.max(1, sites * (edges - 1))
  const { number, rendition } = requests[0] as UpstreamRequest
  const published = expectedPublication(event, number as number)
  const name = `${event.renditions[rendition]?.name}/${number}`
  // What all of them did counts for one of them.
  const again =
    (of: number) =>
    (request: UpstreamRequest): Again => ({
      offsetMs: between(published, request.atMs) as number,
      toOrigin: request.to === 'origin',
      isFill: request.status === 200,
      isUnreachable: request.status < 0,
      heldMs: request.wasHeld ? (between(request.atMs, request.answeredMs) as number) : 0,
      count: 1 / of,
    })
  const first = toOrigin[0]
  const rest = toOrigin.slice(fillers).map(again(fillers))
  const siblings = toSibling.slice(sites * (edges - 1)).map(again(askers))
  const leftMs = first ? (between(published, first.answeredMs) as number) - (originMs as number) : Infinity
  const storedMs = between(published, world.published.get(name) ?? Infinity) as number
  return {
    // Who comes when it is there is answered at once: then the key was ready when it was stored.
    releaseMs: first?.wasHeld ? leftMs : Math.min(leftMs, storedMs),
    status: first?.status ?? 0,
    joinedLater,
    again: [...rest, ...siblings],
  }
}

function ownShareOf(rows: Rows): number {
  const own = sum(
    rows.upstream.filter(({ shared, number }) => !shared && number !== undefined).map(({ weight }) => weight),
  )
  return rows.segmentRequests > 0 ? own / rows.segmentRequests : 0
}

const scaled = <Series extends Float32Array | Float64Array>(series: Series, factor: number): Series =>
  series.map(value => value * factor) as Series

export function calmFactsOf(
  { settled, joining, returning, periods, sites, edges }: CalmPattern,
  designated: boolean,
): CalmFacts {
  const fillers = sites * (designated ? 1 : edges)
  const counts = new Map<string, { fills: number; probes: number }>()
  for (const { number, rendition, to, shared, status } of settled.upstream) {
    if (number === undefined || !shared || to !== 'origin') continue
    const known = counts.get(`${rendition}/${number}`) ?? { fills: 0, probes: 0 }
    if (status === 200) known.fills++
    else if (status !== 0) known.probes++
    counts.set(`${rendition}/${number}`, known)
  }
  const keys = Math.max(1, counts.size)
  const overOne = sum([...counts.values()].map(({ fills }) => Math.max(0, fills / fillers - 1)))
  const probes = sum([...counts.values()].map(count => count.probes / fillers))
  return {
    settledLive: scaled(settled.live, 1 / periods),
    settledOld: scaled(settled.old, 1 / periods),
    settledOther: scaled(settled.other, 1 / periods),
    joiningLive: joining.live,
    joiningOld: joining.old,
    joiningOther: joining.other,
    returningLive: returning.live,
    returningOld: returning.old,
    returningOther: returning.other,
    again: [
      { offsetMs: 0, toOrigin: true, isFill: true, isUnreachable: false, heldMs: 0, count: overOne / keys },
      { offsetMs: 0, toOrigin: true, isFill: false, isUnreachable: false, heldMs: 0, count: probes / keys },
    ].filter(({ count }) => count > 0),
    ownShare: ownShareOf(settled),
    others: othersOf(settled, periods, { sites, edges, designated }),
  }
}
