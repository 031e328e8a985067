import type { EdgePolicy } from '../../edge/core/policy.ts'
import { between } from '../../live/units.ts'
import { otherKinds } from './layout.ts'
import type { Rows, UpstreamRequest } from './rows.ts'

// What a simulated site has shown of everything beside segments (manifests, playlists, initialisation segments): how often
// one filler asked the origin when it was asked so often itself. Another one that is asked more or less often asks the
// origin by the law of renewals; there are two, because an answer that is kept holds the next request off for its
// lifetime, and one that is not kept only for as long as it is under way.

/**
 * By `period * otherKinds.length + kind`: one period where a pattern repeats. A filler is one edge of a site where one
 * asks the origin for all, else every edge (`isDesignated`).
 */
export interface OtherFacts {
  /** What one filler asks the origin for, but for what follows an answer that was not kept. */
  readonly toOrigin: Float64Array
  /** How often one filler was asked. */
  readonly asks: Float64Array
  /** Of the requests for it, those that go to the origin each by itself. */
  readonly ownShare: Float64Array
  /** What followed an answer of one filler that was not kept. */
  readonly unkept: Unkept<Float64Array>
}

/** Requests to the origin that followed an answer which was not kept, one at a time for each key. */
export interface Unkept<Amount> {
  readonly requests: Amount
  /** How long the answers before them were under way, all in all: who came meanwhile asked nobody. */
  readonly busyMs: Amount
  /** And how long it then took until somebody came. */
  readonly idleMs: Amount
}

/** Whether one edge of a site asks for this kind on behalf of the others: for live objects (edge/core/plan.ts). */
export const isDesignated = (kind: (typeof otherKinds)[number], policy: Pick<EdgePolicy, 'designatedFill'>): boolean =>
  policy.designatedFill && kind === 'media-playlist'

/** `folded`: over how many periods a pattern is added up into one. */
export function othersOf(
  rows: Rows,
  folded: number,
  { sites, edges, designated }: { readonly sites: number; readonly edges: number; readonly designated: boolean },
): OtherFacts {
  const cells = rows.periods * otherKinds.length
  const empty = () => new Float64Array(cells)
  const unkept = { requests: empty(), busyMs: empty(), idleMs: empty() }
  const facts = { toOrigin: empty(), asks: empty(), ownShare: empty(), unkept }
  const sharesOf = (kind: number): number =>
    folded *
    sites *
    (isDesignated(otherKinds[kind] as (typeof otherKinds)[number], { designatedFill: designated }) ? 1 : edges)
  const before = new Map<string, UpstreamRequest>()
  for (const request of rows.upstream) {
    const { kind, to, from, number, rendition, shared, weight, atMs } = request
    const place = number === undefined ? otherKinds.indexOf(kind as (typeof otherKinds)[number]) : -1
    if (place < 0 || to !== 'origin') continue
    const cell = rows.periodOf(atMs) * otherKinds.length + place
    const key = `${from}/${kind}/${rendition}`
    const last = before.get(key)
    if (shared) before.set(key, request)
    if (!shared) add(facts.ownShare, cell, weight)
    else if (request.followsUnkept && last) addUnkept(unkept, cell, last, request, sharesOf(place))
    else add(facts.toOrigin, cell, 1 / sharesOf(place))
  }
  const requests = requestsOf(rows)
  for (let cell = 0; cell < cells; cell++) {
    facts.asks[cell] = (rows.otherAsks[cell] as number) / sharesOf(cell % otherKinds.length)
    const asked = requests[cell] as number
    facts.ownShare[cell] = asked > 0 ? (facts.ownShare[cell] as number) / asked : 0
  }
  return facts
}

const add = (series: Float64Array, cell: number, amount: number): void => {
  series[cell] = (series[cell] as number) + amount
}

function addUnkept(
  unkept: Unkept<Float64Array>,
  cell: number,
  last: UpstreamRequest,
  { atMs }: UpstreamRequest,
  share: number,
): void {
  const cycleMs = between(last.atMs, atMs) as number
  const busyMs = Math.min(cycleMs, between(last.atMs, last.answeredMs) as number)
  add(unkept.requests, cell, 1 / share)
  add(unkept.busyMs, cell, busyMs / share)
  add(unkept.idleMs, cell, (cycleMs - busyMs) / share)
}

/** Requests beside segments by period and kind, over all columns. */
function requestsOf({ periods, size, other }: Rows): Float64Array {
  const requests = new Float64Array(periods * otherKinds.length)
  for (let cell = 0; cell < other.length; cell++) {
    const period = Math.floor(cell / (size.columns * otherKinds.length))
    add(requests, period * otherKinds.length + (cell % otherKinds.length), other[cell] as number)
  }
  return requests
}

/**
 * Requests upstream of one filler in a period for `keys` alike keys, of which `requests` are asked for there, where a
 * filler that was asked `asks` times made `upstream`: renewals of a lifetime T under Poisson arrivals, r / (1 + r T),
 * with the T that was shown.
 */
export function upstreamOf(shown: { upstream: number; asks: number }, keys: number, requests: number): number {
  if (shown.upstream <= 0 || requests <= 0) return 0
  const lifetime = Math.max(0, keys / shown.upstream - keys / shown.asks)
  return keys / (lifetime + keys / requests)
}

/**
 * Requests that follow answers which are not kept, where `rate` times as many ask as did: in the same time each cycle has
 * the same answer under way, and then a wait for the next asker that is so many times shorter.
 */
export function unkeptAt({ requests, busyMs, idleMs }: Unkept<number>, rate: number): number {
  if (requests <= 0 || rate <= 0) return 0
  const cyclesMs = busyMs + idleMs
  return cyclesMs > 0 ? requests * (cyclesMs / (busyMs + idleMs / rate)) : requests
}
