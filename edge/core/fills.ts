import type { EdgeReason } from '../../live/reasons.ts'
import { after, type Bytes, type EpochMs } from '../../live/units.ts'
import type { Events } from './events.ts'
import type { EdgePolicy } from './policy.ts'
import type { Copy, Fill, Ticket } from './state.ts'
import type { Store } from './store.ts'
import type { Target } from './target.ts'
import type { Tickets } from './tickets.ts'
import type { Topology } from './topology.ts'
import type { Effect, FetchId, FetchPlan, Question, ShortAnswer } from './verdict.ts'

// Requests upstream: which are in flight, for which key, and who gets what comes of them. The edge owns a fill, not the
// client that came first. Heads are judged in heads.ts, failures in mending.ts.

/** What one call into the core brings about: effects, and tickets for which it must be decided anew. */
export interface Out {
  readonly effects: Effect[]
  readonly again: Ticket[]
}

/** What the rooms around fills share. */
export interface Context {
  policy: EdgePolicy
  readonly store: Store
  readonly events: Events
  readonly topology: Topology
  readonly tickets: Tickets
  readonly fills: Fills
}

export interface Beginning {
  readonly target: Target
  readonly key: string
  readonly question: Question
  readonly count: number
  readonly plan: FetchPlan
  readonly shared: boolean
  readonly keeps: boolean
  readonly revalidates?: Copy | undefined
}

export class Fills {
  readonly #byFetch = new Map<FetchId, Fill>()
  readonly #byKey = new Map<string, Fill>()
  #lastFetch = 0
  #inFlight = 0

  /** Requests upstream that are in flight. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** The fill that this request upstream is made for; undefined when it is over or was abandoned. */
  of(fetch: FetchId): Fill | undefined {
    return this.#byFetch.get(fetch)
  }

  /** The fill that others join under `key`. */
  at(key: string): Fill | undefined {
    return this.#byKey.get(key)
  }

  /** Every fill in flight, in the order in which their requests were sent. */
  all(): Fill[] {
    return [...this.#byFetch.values()]
  }

  begin({ plan, revalidates, ...rest }: Beginning, now: EpochMs, out: Out): Fill {
    const began = { publishes: false, retried: false, siblings: [], copy: undefined, doomed: undefined }
    const fill: Fill = { ...rest, ...began, fetch: 0, plan, sentMs: now, revalidates, waiting: new Set() }
    if (fill.shared) this.#byKey.set(fill.key, fill)
    this.send(fill, plan, now, out)
    return fill
  }

  /** Sends the fill's (next) request. At most one is in flight for it: the one before is over. */
  send(fill: Fill, plan: FetchPlan, now: EpochMs, out: Out): void {
    fill.fetch = ++this.#lastFetch
    fill.plan = plan
    fill.sentMs = now
    if (plan.upstream.is === 'sibling') fill.siblings.push(plan.upstream.edge)
    this.#byFetch.set(fill.fetch, fill)
    this.#inFlight += fill.count
    out.effects.push({ do: 'fetch', fetch: fill.fetch, plan, count: fill.count, key: fill.key })
  }

  /** The fill's request is over; nothing more is heard of it. */
  detach(fill: Fill): void {
    if (this.#byFetch.delete(fill.fetch)) this.#inFlight -= fill.count
  }

  /** The fill's request is ended from here. */
  abandon(fill: Fill, out: Out): void {
    this.detach(fill)
    out.effects.push({ do: 'abandon', fetch: fill.fetch })
  }

  /** The fill is over. Its tickets have been dealt with. */
  close(fill: Fill): void {
    this.detach(fill)
    if (this.#byKey.get(fill.key) === fill) this.#byKey.delete(fill.key)
  }

  /** What `fill` brings was out of date before it came: those who wait get it, nobody joins it, and it is not kept. */
  outdate(fill: Fill): void {
    if (this.#byKey.get(fill.key) === fill) this.#byKey.delete(fill.key)
    fill.keeps = false
    fill.publishes = false
  }

  /** Others join the fill under another key from now on: a variant's, or that of a version that is known by now. */
  rekey(fill: Fill, key: string): void {
    const others = this.#byKey.get(key)
    if (fill.shared && this.#byKey.get(fill.key) === fill) this.#byKey.delete(fill.key)
    fill.key = key
    if (fill.shared && !others) this.#byKey.set(key, fill)
  }
}

/** Gives `copy` to a ticket that waited for it. */
export function deliver(context: Context, ticket: Ticket, copy: Copy, reason: EdgeReason, out: Out): void {
  out.effects.push({ do: 'deliver', ticket: ticket.id, copy: copy.id, reason, collapsed: !ticket.began })
  context.tickets.close(ticket)
}

/** Gives a short answer to a ticket. */
export function answer(context: Context, ticket: Ticket, shortAnswer: ShortAnswer, out: Out): void {
  out.effects.push({ do: 'answer', ticket: ticket.id, answer: shortAnswer })
  context.tickets.close(ticket)
}

/** Bytes of the fill's body have come. Undefined: all is well; else what is wrong with them. */
export function takeBytes(context: Context, fill: Fill, added: Bytes, out: Out): 'overrun' | 'no-room' | undefined {
  const { copy } = fill
  if (!copy) return 'overrun'
  const { hasRoom, effects } = context.store.grow(copy, added)
  out.effects.push(...effects)
  if (!hasRoom) return 'no-room'
  return copy.expectedBytes !== undefined && copy.receivedBytes > copy.expectedBytes ? 'overrun' : undefined
}

/** The short answer after which the next asker may try again. */
export const shortly = (status: number, reason: EdgeReason, policy: EdgePolicy): ShortAnswer => ({
  status,
  reason,
  askAgainInMs: policy.sharedFailureMs,
})

/** What the next askers of a key get for a moment after its fill has failed. */
export function shareFailure(context: Context, fill: Fill, given: ShortAnswer, now: EpochMs, stale = false): void {
  const { policy, store } = context
  if (!fill.shared || (policy.sharedFailureMs as number) <= 0) return
  const untilMs = after(now, policy.sharedFailureMs)
  store.setAftermath(fill.key, { is: 'failure', answer: given, untilMs, stale })
}
