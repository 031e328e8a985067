import { parseAddress } from '../../../live/address.ts'
import { type EdgeReason, edgeReasons } from '../../../live/reasons.ts'
import { expectedPublication, liveEdge } from '../../../live/template.ts'
import type { EpochMs } from '../../../live/units.ts'
import { at, type Exchange, results, said } from '../../../sim/exact/exchange.ts'
import type { UpstreamCall } from '../../../sim/exact/upstream-call.ts'
import { ExactWorld, type WorldPlan } from '../../../sim/exact/world.ts'
import type { SegmentTrace, TracedRequest, TracedUpstream } from '../messages.ts'
import { WatchedCall } from './watched-call.ts'

// A world of few players that is looked into after every event: what became of each request for one segment. It changes
// nothing: the decisions are those of the same world unwatched, as the test of equal numbers shows.

const reasonNames = Object.keys(edgeReasons) as EdgeReason[]

type Open = { -readonly [Field in keyof TracedRequest]: TracedRequest[Field] }

export class TracedWorld extends ExactWorld {
  /** The segment that is followed. */
  readonly number: number
  readonly #publicationMs: number
  readonly #requests: Open[] = []
  /** By exchange: the request that it carries now, and which that is. */
  readonly #open = new Map<number, { readonly seat: number; readonly request: number; readonly row: Open }>()
  readonly #calls: WatchedCall[] = []
  readonly #edgeNames: readonly string[]

  /** Follows the segment that should be published `afterMs` into the storm, or next before that. */
  constructor(plan: WorldPlan, afterMs: number) {
    super(plan)
    this.number = liveEdge(plan.event, (this.startMs as number) + afterMs) as number
    this.#publicationMs = expectedPublication(plan.event, this.number) as number
    this.#edgeNames = plan.scenario.topology.sites.flatMap(({ name, edges }) =>
      Array.from({ length: edges }, (_, i) => `${name}${i + 1}`),
    )
  }

  /** Lets all of the storm up to `untilMs` pass, one event after the other. */
  watchUntil(untilMs: EpochMs): void {
    while (!this.run(untilMs, 1)) this.#look()
    this.#look()
  }

  override askOrigin(call: UpstreamCall, now: EpochMs): void {
    const address = parseAddress(call.plan.path)
    if (address?.kind !== 'segment' || (address.number as number) !== this.number) {
      super.askOrigin(call, now)
      return
    }
    const watched = new WatchedCall(call, address.rendition, now)
    this.#calls.push(watched)
    super.askOrigin(watched, now)
  }

  trace(): SegmentTrace {
    const from = this.#publicationMs
    const parts = this.parts()
    const published = parts
      .filter(({ role }) => role === 'origin')
      .flatMap(({ segments }) => segments)
      .filter(({ number, publishedMs }) => number === this.number && publishedMs !== undefined)
    return {
      number: this.number,
      renditions: this.ground.objects.renditions,
      publishedMs: Object.fromEntries(published.map(one => [one.rendition, (one.publishedMs as number) - from])),
      requests: this.#requests,
      upstream: this.#calls.map((call): TracedUpstream => call.told(from)),
    }
  }

  #look(): void {
    const { objects } = this.ground
    for (const exchange of this.players.all()) {
      const { state, object } = exchange
      if (state === at.free || !objects.isSegment(object) || objects.numberOf(object) !== this.number) continue
      this.#update(this.#rowOf(exchange), exchange)
    }
  }

  #rowOf({ transient, seat, request, object, edge, sentMs }: Exchange): Open {
    const known = this.#open.get(transient)
    if (known?.seat === seat && known.request === request) return known.row
    const address = this.ground.objects.addressOf(object)
    const row: Open = {
      player: seat,
      edge: this.#edgeNames[edge] ?? '',
      rendition: address.kind === 'segment' ? address.rendition : '',
      sentMs: (sentMs as number) - this.#publicationMs,
      status: 0,
    }
    this.#requests.push(row)
    this.#open.set(transient, { seat, request, row })
    return row
  }

  #update(
    row: Open,
    { state, arrivedMs, firstByteMs, lastByteMs, result, status, said: told, reason }: Exchange,
  ): void {
    if (state === at.toEdge) return
    const since = (ms: EpochMs): number | undefined =>
      Number.isFinite(ms) ? (ms as number) - this.#publicationMs : undefined
    row.arrivedMs = since(arrivedMs)
    if (state === at.waiting) return
    row.firstByteMs = since(firstByteMs)
    row.lastByteMs = since(lastByteMs)
    if (result === results.status) row.status = status
    if (told !== said.nothing) row.reason = reasonNames[reason] as EdgeReason
  }
}
