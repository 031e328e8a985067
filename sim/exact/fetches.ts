import { siblingBoundMs } from '../../edge/core/plan.ts'
import type { Effect, FetchFailure, FetchId, FetchPlan, UpstreamHead } from '../../edge/core/verdict.ts'
import { limits } from '../../live/limits.ts'
import { type Bytes, between, clamp, type EpochMs, type Ms } from '../../live/units.ts'
import type { Way } from '../network/latency.ts'
import { type CallId, noCall } from './agenda.ts'
import type { SimCopy } from './copies.ts'
import type { SimEdge } from './edge.ts'
import type { Ground } from './ground.ts'
import { noFacts, type ObjectFacts, type UpstreamCall } from './upstream-call.ts'

// The requests upstream that an edge's core has asked for: what edge/http/fetches.ts and upstream.ts do over sockets.

/** The other end of an edge's requests. */
export interface Upstreams {
  askOrigin(call: UpstreamCall, now: EpochMs): void
  /** Undefined: nobody listens there. */
  sibling(edge: string): SimEdge | undefined
}

export class SimFetches {
  readonly #ground: Ground
  readonly #edge: SimEdge
  readonly #upstreams: Upstreams
  readonly #running = new Map<FetchId, SimFetch>()
  /** Connections that are open, and how many of them carry a request; by the edge or the region that is asked. */
  readonly #connections = new Map<string, { open: number; inUse: number }>()

  constructor(ground: Ground, edge: SimEdge, upstreams: Upstreams) {
    this.#ground = ground
    this.#edge = edge
    this.#upstreams = upstreams
  }

  get(id: FetchId): SimFetch | undefined {
    return this.#running.get(id)
  }

  send(id: FetchId, plan: FetchPlan, now: EpochMs): void {
    const { agenda, labour, ways } = this.#ground
    const { upstream } = plan
    const name = upstream.is === 'origin' ? `origin/${upstream.region}` : upstream.edge
    const way = upstream.is === 'origin' ? ways.edgeOrigin : ways.edgeSibling
    const fetch = new SimFetch(this.#ground, this.#edge, plan, way, { id, ended: () => this.#release(id, name) })
    this.#running.set(id, fetch)
    const leavesMs = labour.edgeFill.doneBy(this.#edge.cores, 0, now) as number
    const arrivesMs = leavesMs + (this.#setUpMs(name, way) as number) + (way.oneWayMs() as number)
    agenda.at(arrivesMs, at => {
      if (fetch.isOver) return
      const sibling = upstream.is === 'sibling' ? this.#upstreams.sibling(upstream.edge) : undefined
      if (upstream.is === 'origin') this.#upstreams.askOrigin(fetch, at)
      else if (sibling) sibling.siblings.asked(fetch, at)
      else fetch.fails('refused', at)
    })
  }

  abandon(id: FetchId, now: EpochMs): void {
    this.#running.get(id)?.takeBack(now)
  }

  /** The edge is gone, and with it every request. */
  abandonAll(now: EpochMs): void {
    for (const fetch of [...this.#running.values()]) fetch.takeBack(now)
  }

  #setUpMs(upstream: string, way: Way): Ms {
    const known = this.#connections.get(upstream) ?? { open: 0, inUse: 0 }
    this.#connections.set(upstream, known)
    known.inUse++
    if (known.inUse <= known.open) return 0
    known.open++
    return this.#ground.setUpMs(way)
  }

  #release(id: FetchId, upstream: string): void {
    this.#running.delete(id)
    const known = this.#connections.get(upstream)
    if (known) known.inUse--
  }
}

export class SimFetch implements UpstreamCall {
  readonly edge: string
  readonly site: string
  readonly plan: FetchPlan
  onTakenBack: ((now: EpochMs) => void) | undefined
  copy: SimCopy | undefined
  facts: ObjectFacts = noFacts
  isOver = false
  readonly #ground: Ground
  readonly #owner: SimEdge
  readonly #way: Way
  readonly #id: FetchId
  readonly #ended: () => void
  #timer: CallId
  /** When the head arrives; what follows it comes no earlier. */
  #headMs: EpochMs = 0
  /** When the edge comes to the latest of what has arrived. */
  #heardMs: EpochMs = 0

  constructor(
    ground: Ground,
    owner: SimEdge,
    plan: FetchPlan,
    way: Way,
    { id, ended }: { id: FetchId; ended: () => void },
  ) {
    this.edge = owner.name
    this.site = owner.site
    this.plan = plan
    this.#ground = ground
    this.#owner = owner
    this.#way = way
    this.#id = id
    this.#ended = ended
    this.#timer = ground.agenda.at(plan.headByMs, at => {
      this.#timer = noCall
      this.takeBack(at)
      this.#tell(core => core.fetchFailed(this.#id, 'timeout', at), at)
    })
  }

  boundMs(now: EpochMs): Ms {
    return clamp(siblingBoundMs(between(now, this.plan.headByMs)) as number, 1, limits.siblingWaitMs)
  }

  headLeaves(head: UpstreamHead, facts: ObjectFacts, at: EpochMs): void {
    this.#headMs = (at as number) + (this.#way.oneWayMs() as number)
    this.#ground.agenda.at(this.#headMs, came => {
      if (this.isOver) return
      this.#heard(came, now => {
        this.#ground.agenda.takeBack(this.#timer)
        this.#timer = noCall
        this.facts = facts
        this.#tell(core => core.fetchHead(this.#id, head, now), now)
      })
    })
  }

  bodyLeaves(bytes: Bytes, at: EpochMs): void {
    // In one stream with the head: what left with it arrives with it.
    const arrivesMs = Math.max(this.#headMs as number, at as number)
    this.#ground.agenda.at(arrivesMs, came => {
      if (!this.isOver) this.#heard(came, now => this.#bodyCame(bytes, now))
    })
  }

  fails(failure: FetchFailure, at: EpochMs): void {
    this.#ground.agenda.at((at as number) + (this.#way.oneWayMs() as number), now => {
      if (this.isOver) return
      const { upstream } = this.plan
      this.#finish()
      if (failure === 'refused' && upstream.is === 'sibling') this.#owner.siblingRefused(upstream.edge, now)
      this.#tell(core => core.fetchFailed(this.#id, failure, now), now)
    })
  }

  takeBack(now: EpochMs): void {
    if (this.isOver) return
    this.#finish()
    const told = this.onTakenBack
    if (told) this.#ground.agenda.at((now as number) + (this.#way.oneWayMs() as number), told)
  }

  /** The edge's process comes to what has arrived at `now`: at once to what lies behind what it comes to anyway. */
  #heard(now: EpochMs, then: (at: EpochMs) => void): void {
    if ((now as number) > (this.#heardMs as number)) this.#heardMs = this.#ground.comesAt(this.#owner.cores, now)
    this.#ground.onceAt(this.#heardMs, now, at => {
      if (!this.isOver) then(at)
    })
  }

  #bodyCame(bytes: Bytes, now: EpochMs): void {
    if ((bytes as number) > 0) {
      if (this.copy) this.copy.receivedBytes += bytes as number
      this.#ground.labour.edgeFill.bodyCame(this.#owner.cores, bytes as number, now)
      this.#tell(core => core.fetchBytes(this.#id, bytes, now), now)
    }
    if (this.isOver) return
    this.#finish()
    this.#tell(core => core.fetchEnd(this.#id, now), now)
  }

  #finish(): void {
    this.isOver = true
    this.#ground.agenda.takeBack(this.#timer)
    this.#timer = noCall
    this.#ended()
  }

  #tell(core: (of: SimEdge['core']) => readonly Effect[], now: EpochMs): void {
    this.#owner.apply(core(this.#owner.core), now)
  }
}
