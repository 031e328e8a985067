import { parseAddress } from '../../../live/address.ts'
import { type EdgeReason, edgeReasons } from '../../../live/reasons.ts'
import { expectedPublication, liveEdge } from '../../../live/template.ts'
import type { EpochMs } from '../../../live/units.ts'
import { at, results, said } from '../../../sim/exact/exchanges.ts'
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
    const { exchanges, ground, agenda } = this
    const { objects } = ground
    for (let slot = 0; slot < agenda.transients && slot < exchanges.state.length; slot++) {
      const state = exchanges.state[slot]
      const object = exchanges.object[slot] as number
      if (state === at.free || !objects.isSegment(object) || objects.numberOf(object) !== this.number) continue
      this.#update(this.#rowOf(slot, object), slot)
    }
  }

  #rowOf(slot: number, object: number): Open {
    const { exchanges, ground } = this
    const seat = exchanges.seat[slot] as number
    const request = exchanges.request[slot] as number
    const known = this.#open.get(slot)
    if (known?.seat === seat && known.request === request) return known.row
    const address = ground.objects.addressOf(object)
    const row: Open = {
      player: seat,
      edge: this.#edgeNames[exchanges.edge[slot] as number] ?? '',
      rendition: address.kind === 'segment' ? address.rendition : '',
      sentMs: (exchanges.sentMs[slot] as number) - this.#publicationMs,
      status: 0,
    }
    this.#requests.push(row)
    this.#open.set(slot, { seat, request, row })
    return row
  }

  #update(row: Open, slot: number): void {
    const { exchanges } = this
    const state = exchanges.state[slot] as number
    if (state === at.toEdge) return
    const since = (ms: number | undefined): number | undefined =>
      ms === undefined || !Number.isFinite(ms) ? undefined : ms - this.#publicationMs
    row.arrivedMs = since(exchanges.arrivedMs[slot])
    if (state === at.waiting) return
    row.firstByteMs = since(exchanges.firstByteMs[slot])
    row.lastByteMs = since(exchanges.lastByteMs[slot])
    if (exchanges.result[slot] === results.status) row.status = exchanges.status[slot] as number
    if (exchanges.said[slot] !== said.nothing) row.reason = reasonNames[exchanges.reason[slot] as number]
  }
}
