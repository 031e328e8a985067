import { parseAddress } from '../../live/address.ts'
import type { VariantLogs } from './logs.ts'
import type { SeenFetch, SeenRequest } from './place.ts'

// The ideal is one fill: for each segment, rendition and site one request reaches the origin and brings the whole body.
// Every other request for a segment address is over the ideal, and has a reason at the edge that made it.

interface OverIdeal {
  readonly id: string
  readonly rendition: string
  readonly number: number
  readonly site: string
  readonly edge: string
  readonly atMs: number
  /** The edge's, from the closed list; `unknown` when its log does not have the fetch. */
  readonly reason: string
  /** What the origin made of it. */
  readonly status: number | undefined
  readonly originReason: string
}

export interface Summary {
  readonly segmentRequests: number
  /** Rendition, number and site for which the one fill of the ideal came. */
  readonly ideal: number
  readonly over: readonly OverIdeal[]
  /** How often each reason stands among `over`, most often first. */
  readonly byReason: readonly { readonly reason: string; readonly requests: number }[]
}

/** Sets the origins' segment requests since `fromMs` against the ideal; in the order of their arrival. */
export function overIdeal(logs: VariantLogs, origins: ReadonlySet<string>, fromMs: number): Summary {
  const fetches = new Map<string, SeenFetch[]>()
  for (const fetch of logs.fetches) fetches.set(fetch.id, [...(fetches.get(fetch.id) ?? []), fetch])
  const filled = new Set<string>()
  const over: OverIdeal[] = []
  let segmentRequests = 0
  for (const request of logs.requests.filter(one => origins.has(one.place) && one.atMs >= fromMs).sort(byTime)) {
    const address = parseAddress(request.path.split('?', 1)[0] as string)
    if (address?.kind !== 'segment') continue
    segmentRequests++
    const site = request.site ?? '-'
    const key = `${address.rendition}/${address.number}/${site}`
    if (isFill(request) && !filled.has(key)) {
      filled.add(key)
      continue
    }
    over.push({
      id: request.id,
      rendition: address.rendition,
      number: address.number as number,
      site,
      edge: request.edge ?? '-',
      atMs: request.atMs,
      reason: fetchOf(fetches, request)?.reason ?? 'unknown',
      status: request.sent?.status,
      originReason: request.answered?.reason ?? request.reason ?? 'unknown',
    })
  }
  return { segmentRequests, ideal: filled.size, over, byReason: countReasons(over) }
}

const byTime = (a: SeenRequest, b: SeenRequest): number => a.atMs - b.atMs

/** A complete 200 answer, as the figure `fills_per_segment` counts it. */
const isFill = ({ sent }: SeenRequest): boolean => sent?.status === 200 && !sent.cut

/** The fetch that made `request`: of those of its name (an edge may have lived twice) the last that began before it. */
const fetchOf = (fetches: ReadonlyMap<string, readonly SeenFetch[]>, request: SeenRequest): SeenFetch | undefined =>
  fetches
    .get(request.id)
    ?.filter(fetch => fetch.atMs <= request.atMs)
    .at(-1)

function countReasons(over: readonly OverIdeal[]): Summary['byReason'] {
  const counts = new Map<string, number>()
  for (const { reason } of over) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, requests]) => ({ reason, requests }))
    .sort((a, b) => b.requests - a.requests || (a.reason < b.reason ? -1 : 1))
}
