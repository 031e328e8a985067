import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import type { EventState } from '../../live/live-state.ts'
import type { NotificationState } from '../../live/notifications.ts'
import type { Bytes, EpochMs } from '../../live/units.ts'
import { takeEnd } from './answers.ts'
import { type Asking, admit, askAgain, wakeTickets } from './asking.ts'
import { headOf } from './copy-head.ts'
import { heedsEvents, viewOf } from './decisions.ts'
import { Events } from './events.ts'
import { type Context, Fills, type Out, shortly, takeBytes } from './fills.ts'
import { takeHead } from './heads.ts'
import { forgetVersion, moveToVersion } from './learning.ts'
import { inspect } from './lookup.ts'
import { endUnread, giveUp, leaveDead, mend } from './mending.ts'
import type { EdgePolicy } from './policy.ts'
import { Store } from './store.ts'
import { Tickets } from './tickets.ts'
import { Topology } from './topology.ts'
import type {
  Admission,
  CopyHead,
  CopyId,
  Effect,
  FetchFailure,
  FetchId,
  Question,
  TicketId,
  UpstreamHead,
  Verdict,
} from './verdict.ts'

// The edge's core: every decision of an edge, pure, handed the time. A facade: what is decided stands in lookup.ts, what
// follows in asking.ts, heads.ts, answers.ts and mending.ts.

/** What an edge is made of: plain data, written to the head of a decision log. */
export interface EdgeConfig {
  /** The edge's name, which siblings and `CDN-Loop` use. */
  readonly name: string
  readonly site: string
  readonly policy: EdgePolicy
  /** Regions of the origins in the order of preference; absent: one origin, whose region nobody has named. */
  readonly origins?: readonly string[] | undefined
  /** Limits; the house's own (live/limits.ts) where they are not given. */
  readonly storeBytes?: Bytes | undefined
  readonly keys?: number | undefined
  readonly waiters?: number | undefined
  readonly fills?: number | undefined
}

/** For people, the live page and tests. */
export interface EdgeStats {
  readonly copies: number
  readonly keys: number
  readonly bytes: Bytes
  readonly evictions: number
  /** Requests that wait now. */
  readonly waiting: number
  /** Requests upstream that are in flight now. */
  readonly fetches: number
  readonly events: number
}

export class EdgeCore {
  readonly #context: Context
  readonly #asking: Asking
  /** A sibling or an origin has died since the last `wake`. */
  #rerouteAtMs: EpochMs | undefined
  #changes = 0

  constructor(config: EdgeConfig) {
    const store = new Store({
      storeBytes: config.storeBytes ?? limits.edgeStoreBytes,
      keys: config.keys ?? limits.edgeKeys,
    })
    const rooms = { store, events: new Events(), tickets: new Tickets(), fills: new Fills() }
    this.#context = { policy: config.policy, topology: new Topology(config.name, config.origins), ...rooms }
    const { waiters = limits.edgeWaiters, fills = limits.edgeFills } = config
    this.#asking = { context: this.#context, view: viewOf(config.name, { waiters, fills }, this.#context) }
  }

  /**
   * Counts every input after which the same question may have another answer: as long as it stands still, a verdict
   * holds until its `validUntilMs`.
   */
  changes(): number {
    return this.#changes
  }

  /** What would be done with `question` at `now`. Changes nothing. */
  inspect(question: Question, now: EpochMs): Verdict {
    return inspect(this.#asking.view, question, now)
  }

  /** Lets `count` askers in with a verdict that still holds: not past its end, not more than it allows. */
  admit(verdict: Verdict, count: number, now: EpochMs): Admission {
    let ticket: TicketId | undefined
    const effects = this.#run(now, out => {
      ticket = admit(this.#asking, verdict, count, now, out)
    })
    return { ticket, effects }
  }

  /** One asker, now: `inspect` and `admit` in one. */
  ask(question: Question, now: EpochMs): { readonly verdict: Verdict; readonly admission: Admission } {
    const verdict = this.inspect(question, now)
    return { verdict, admission: this.admit(verdict, 1, now) }
  }

  /** The head of the answer to `fetch` came. Unknown and abandoned fetches are ignored, here and below. */
  fetchHead(fetch: FetchId, head: UpstreamHead, now: EpochMs): Effect[] {
    const fill = this.#context.fills.of(fetch)
    return fill ? this.#run(now, out => takeHead(this.#context, fill, head, now, out)) : []
  }

  /** `addedBytes` more of the body came. */
  fetchBytes(fetch: FetchId, addedBytes: Bytes, now: EpochMs): Effect[] {
    const context = this.#context
    const fill = context.fills.of(fetch)
    if (!fill) return []
    return this.#run(now, out => {
      const wrong = takeBytes(context, fill, addedBytes, out)
      if (wrong === undefined) return
      context.fills.abandon(fill, out)
      if (wrong === 'overrun') mend(context, fill, 'reset', now, out)
      else giveUp(context, fill, shortly(503, 'refused-fills', context.policy), now, out)
    })
  }

  /** The body ended, as HTTP has it; whether it is whole is decided here. */
  fetchEnd(fetch: FetchId, now: EpochMs): Effect[] {
    const fill = this.#context.fills.of(fetch)
    if (!fill) return []
    const { upstream } = fill.plan
    return this.#run(now, out => {
      const { origins } = this.#context.topology
      const isTorn = takeEnd(this.#context, fill, now, out) === 'torn'
      if (upstream.is === 'origin')
        isTorn ? origins.failed(upstream.region, 'reset', now) : origins.served(upstream.region)
      if (isTorn) mend(this.#context, fill, 'reset', now, out)
    })
  }

  /** `fetch` ended badly; nothing more comes of it. */
  fetchFailed(fetch: FetchId, failure: FetchFailure, now: EpochMs): Effect[] {
    const fill = this.#context.fills.of(fetch)
    if (!fill) return []
    const { upstream } = fill.plan
    return this.#run(now, out => {
      if (upstream.is === 'origin') this.#context.topology.origins.failed(upstream.region, failure, now)
      mend(this.#context, fill, failure, now, out)
    })
  }

  /** A client that waited left. The fill goes on: the edge owns it. */
  leave(ticket: TicketId, _now: EpochMs): void {
    this.#changes++
    const known = this.#context.tickets.get(ticket)
    if (known) this.#context.tickets.leave(known)
  }

  /**
   * Nobody reads `copy`, which is still arriving, any more. A fill that will be kept goes on, because the edge owns it;
   * what will not be kept is of use to nobody then: a Range of one byte must not cost the origin the whole object.
   */
  unread(copy: CopyId, now: EpochMs): Effect[] {
    const fill = this.#context.fills.all().find(arriving => arriving.copy?.id === copy)
    return fill ? this.#run(now, out => endUnread(this.#context, fill, out)) : []
  }

  /** Does what is due at `now`: waits that end, locks that are looked at, learning that is tried again, trust that is back. */
  wake(now: EpochMs): Effect[] {
    return this.#run(now, out => {
      this.#context.topology.origins.wake(now)
      if (this.#rerouteAtMs !== undefined) leaveDead(this.#context, now, out)
      this.#rerouteAtMs = undefined
      out.effects.push(...this.#context.events.wake(now))
      wakeTickets(this.#asking, now, out)
    })
  }

  /** When `wake` is to be called next; undefined: nothing waits. */
  nextWakeMs(): EpochMs | undefined {
    const { events, tickets, topology } = this.#context
    const times = [this.#rerouteAtMs, events.nextWakeMs(), tickets.nextWakeMs(), topology.origins.nextWakeMs()]
    const known = times.filter(time => time !== undefined)
    return known.length === 0 ? undefined : Math.min(...(known as number[]))
  }

  /** The configuration of an event, as the origin has it. An older one than is known changes nothing. */
  learn(event: LiveEvent, now: EpochMs): Effect[] {
    this.#changes++
    const context = this.#context
    const before = context.events.get(event.event)?.state
    if (!context.events.learn(event) || before?.version === event.version || !heedsEvents(context.policy)) return []
    return this.#run(now, out => {
      forgetVersion(context, event, out)
      moveToVersion(context, this.#asking.view, event, out)
    })
  }

  /** The configuration of an event could not be had. */
  learnFailed(event: string, now: EpochMs): void {
    this.#changes++
    this.#context.events.learnFailed(event, now)
  }

  /** The edges of the site; this one may be among them. */
  siblings({ edges }: { readonly edges: readonly string[] }, _now: EpochMs): void {
    this.#changes++
    this.#context.topology.set(edges)
  }

  /** What the heartbeat says. Fills that wait for a sibling that has died go to the next in the order: `wake` is due. */
  siblingAlive(edge: string, alive: boolean, now: EpochMs): void {
    this.#changes++
    if (this.#context.topology.setAlive(edge, alive) && !alive) this.#rerouteAtMs = now
  }

  /** What the heartbeat says of a region's origin. Fills that wait for one that has died go to another: `wake` is due. */
  originAlive(region: string, alive: boolean, now: EpochMs): void {
    this.#changes++
    if (this.#context.topology.origins.setAlive(region, alive, now) && !alive) this.#rerouteAtMs = now
  }

  /** The origins' regions in the order in which they would be asked now. */
  originOrder(): readonly string[] {
    return this.#context.topology.origins.order()
  }

  /** Another policy from now on. What is stored stays; what waits goes on under the new one. */
  setPolicy(policy: EdgePolicy, _now: EpochMs): Effect[] {
    this.#changes++
    this.#context.policy = policy
    return []
  }

  /** Everything stored is dropped. What is arriving goes on: it has just come from upstream. */
  flush(_now: EpochMs): Effect[] {
    this.#changes++
    const { store, events } = this.#context
    store.clearAftermaths()
    events.forgetStored()
    return store.dropAll(() => true)
  }

  /** What is known of a copy, for rendering; of one that was dropped a moment ago too. */
  copyHead(copy: CopyId): CopyHead | undefined {
    const known = this.#context.store.copy(copy)
    return known && headOf(known)
  }

  /** The newest that is known of an event, for rendering; nothing where the policy does not heed it. */
  eventState(event: string): { state?: EventState; notifications?: NotificationState } | undefined {
    const known = this.#context.events.get(event)
    if (!known || !heedsEvents(this.#context.policy)) return undefined
    const notifications = this.#context.policy.eventState ? known.notifications : undefined
    return { ...(known.state ? { state: known.state } : {}), ...(notifications ? { notifications } : {}) }
  }

  stats(): EdgeStats {
    const { store, tickets, fills, events } = this.#context
    return { ...store.stats, waiting: tickets.waiting, fetches: fills.inFlight, events: events.size }
  }

  /** One call: what it brings about, and what must be decided anew because of it. */
  #run(now: EpochMs, act: (out: Out) => void): Effect[] {
    this.#changes++
    const out: Out = { effects: [], again: [] }
    act(out)
    askAgain(this.#asking, now, out)
    return out.effects as Effect[]
  }
}
