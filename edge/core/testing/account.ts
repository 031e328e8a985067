import type { LiveEvent } from '../../../live/event.ts'
import { type EventState, isOlderState } from '../../../live/live-state.ts'
import { compareOrder, type NotificationOrder } from '../../../live/notifications.ts'
import type { EdgeConfig, EdgeCore } from '../edge.ts'
import type { EdgePolicy } from '../policy.ts'
import type { CopyId, Effect, FetchId, FetchPlan, Question, TicketId, UpstreamHead, Verdict } from '../verdict.ts'
import { must } from './must.ts'
import { SendingRules } from './sending-rules.ts'

// The account that a world (world.ts) keeps of copies, tickets and requests: much simpler than the core's own. Each
// verdict and each effect of the core is held against it, and so against the design's invariants.

/** A request upstream. */
export interface Flight {
  readonly plan: FetchPlan
  readonly key: string
  copy: CopyId | undefined
  etag: string | undefined
  hasHead: boolean
  /** Another method has changed the object since it was sent. */
  outdated: boolean
}

interface Body {
  readonly path: string
  readonly key: string
  readonly etag: string | undefined
  promised: number | undefined
  received: number
  state: 'arriving' | 'complete' | 'broken'
  dropped: boolean
  outdated: boolean
}

export interface Waiter {
  readonly question: Question
  readonly deadlineMs: number
  readonly known: EventState
  count: number
}

/** The head that brought an effect about. */
export interface Heard {
  readonly fetch: FetchId
  readonly head: UpstreamHead
}

/** How things stand in the world at this instant. */
export interface Circumstances {
  readonly now: number
  readonly core: EdgeCore
  readonly config: LiveEvent
  readonly policy: EdgePolicy
  /** Every request is collapsed under every policy that this world has known. */
  readonly collapses: boolean
}

export class Account {
  readonly flights = new Map<FetchId, Flight>()
  readonly bodies = new Map<CopyId, Body>()
  readonly waiters = new Map<TicketId, Waiter>()
  readonly sending: SendingRules
  readonly #setup: EdgeConfig
  readonly #world: Circumstances
  #order: NotificationOrder | undefined

  constructor(setup: EdgeConfig, world: Circumstances) {
    this.#setup = setup
    this.#world = world
    this.sending = new SendingRules(setup.origins ?? [], world, this.flights)
  }

  /** `count` askers have been let in and wait. */
  waits(ticket: TicketId, question: Question, count: number): void {
    const { now, policy } = this.#world
    const boundMs = policy.proxy_cache_lock_timeout as number
    // Under nginx a waiter may go to the origin by itself at its time-out, and is bound only by that request's end.
    const isBound = policy.afterLockTimeout !== 'origin' && question.method === 'GET'
    const mostMs = isBound ? boundMs : boundMs + 60_000
    const deadlineMs = now + Math.min(mostMs, (question.sibling?.boundMs as number | undefined) ?? Infinity)
    const waiter = { question, deadlineMs: Math.max(deadlineMs, now), known: this.#known(question), count }
    this.waiters.set(ticket, waiter)
  }

  /** Another method has changed what is at `path`: what is stored or was asked for before is no answer any more. */
  outdate(path: string): void {
    if (!this.#world.policy.invalidateOnUnsafe) return
    this.sending.changed(path)
    const known = [...this.flights.values(), ...this.bodies.values()]
    for (const one of known) if (one.key === path) one.outdated = true
  }

  /** What a verdict may say at this instant. */
  checkVerdict(question: Question, verdict: Verdict): void {
    if (verdict.do !== 'serve') return
    const head = this.#world.core.copyHead(verdict.copy)
    const body = this.bodies.get(verdict.copy)
    must(head !== undefined && body !== undefined && !body.dropped, 'serves a copy that is not there', verdict)
    must(body?.path === question.path && body.state !== 'broken', 'serves another copy', question, body)
    must(!body?.outdated && !body?.key.startsWith('POST'), 'serves what another method has changed', question, body)
    if (head && head.status >= 400) must(head.freshUntilMs > this.#world.now, 'a negative entry did not end', head)
    this.#mustSuit(verdict.copy, this.#known(question))
  }

  enter(effect: Exclude<Effect, { do: 'learn-event' }>, heard: Heard | undefined): void {
    switch (effect.do) {
      case 'fetch':
        this.#send(effect.fetch, effect.key, effect.plan)
        return
      case 'abandon':
        must(this.flights.delete(effect.fetch), 'abandons what is not in flight', effect)
        return
      case 'collect':
        this.#collect(effect.fetch, effect.copy, effect.fromBytes as number, heard?.head as UpstreamHead)
        return
      case 'deliver':
      case 'answer':
        this.#finish(effect)
        return
      case 'break':
      case 'complete':
      case 'drop':
        this.#turn(effect)
    }
  }

  checkBounds(): void {
    const { now, collapses } = this.#world
    for (const [ticket, { deadlineMs }] of this.waiters) {
      must(deadlineMs >= now || !collapses, 'a ticket outlived its bound', ticket)
    }
  }

  checkState(): void {
    const { core, collapses } = this.#world
    const { bytes, copies, waiting, fetches } = core.stats()
    const { storeBytes, keys, waiters, fills } = this.#setup
    must((bytes as number) <= (storeBytes as number), 'more bytes than allowed', bytes)
    must(copies <= (keys as number), 'more copies than allowed', copies)
    must(waiting <= (waiters as number), 'more waiters than allowed', waiting)
    must(fetches <= (fills as number) || !collapses, 'more fills than allowed', fetches)
    const order = core.eventState('final')?.notifications?.order
    if (order && this.#order) must(compareOrder(order, this.#order) >= 0, 'notifications went back', order, this.#order)
    this.#order = order ?? this.#order
  }

  /** When everything in flight has failed and everybody's time is over. */
  checkNothingLeft(): void {
    const { core } = this.#world
    const { waiting, fetches, copies } = core.stats()
    must(waiting === 0 && fetches === 0 && this.waiters.size === 0, 'something is left', core.stats())
    must(core.nextWakeMs() === undefined, 'a wake-up is left', core.nextWakeMs())
    const kept = [...this.bodies.values()].filter(({ dropped }) => !dropped)
    must(copies === kept.length && kept.every(({ state }) => state === 'complete'), 'copies differ', copies, kept)
  }

  /** The newest state of the event that an asker is owed. */
  #known({ sibling }: Question): EventState {
    const { version, invalidations } = this.#world.config
    const known = { version, sequence: invalidations.at(-1)?.sequence ?? 0 }
    return sibling && isOlderState(known, sibling.asked) ? sibling.asked : known
  }

  /** Never a copy of an older version, or one that a rule covers which was known when the asker came. */
  #mustSuit(copy: CopyId, known: EventState): void {
    const { core, config, policy, collapses } = this.#world
    const head = core.copyHead(copy)
    if (!head?.live || policy.name === 'nginx' || policy.name === 'none' || !collapses) return
    must(Number(/^v(\d+) /.exec(head.key)?.[1]) >= known.version, 'a copy of an older version', head.key, known)
    const began = head.asked?.sequence ?? 0
    const number = Number(/(\d+)\.m4s$/.exec(head.key)?.[1])
    const covers = config.invalidations.some(
      rule => rule.sequence <= known.sequence && began < rule.sequence && number >= rule.from && number <= rule.to,
    )
    must(!covers || head.asked?.version !== config.version, 'an invalidated copy', head, known)
  }

  #send(fetch: FetchId, key: string, plan: FetchPlan): void {
    this.sending.check(key, plan)
    this.flights.set(fetch, { plan, key, copy: undefined, etag: undefined, hasHead: false, outdated: false })
  }

  #collect(fetch: FetchId, id: CopyId, fromBytes: number, head: UpstreamHead): void {
    const flight = this.flights.get(fetch)
    must(flight !== undefined, 'collects from what is not in flight', fetch)
    if (!flight) return
    flight.copy = id
    const body = this.bodies.get(id)
    if (body) {
      const goesOn = body.received === fromBytes && body.etag === flight.etag && body.state === 'arriving'
      must(goesOn, 'a splice', body, flight)
      return
    }
    must(fromBytes === 0, 'a new copy begins in the middle', id)
    const length = head.headers['content-length']
    const promised = length === undefined ? undefined : Number(length)
    const { key, etag, outdated, plan } = flight
    const fresh = { received: 0, state: 'arriving', dropped: false } as const
    this.bodies.set(id, { path: plan.path, key, etag, promised, outdated, ...fresh })
  }

  #finish(effect: Extract<Effect, { do: 'deliver' | 'answer' }>): void {
    const { now, collapses } = this.#world
    const waiter = this.waiters.get(effect.ticket)
    must(waiter !== undefined, 'answers a ticket that does not wait', effect)
    if (!waiter) return
    this.waiters.delete(effect.ticket)
    must(now <= waiter.deadlineMs || !collapses, 'an answer behind its bound', effect, waiter)
    if (effect.do === 'answer') return
    const body = this.bodies.get(effect.copy)
    must(body?.path === waiter.question.path, 'delivers another object', effect, waiter)
    must(body?.dropped === false && body.state !== 'broken', 'delivers what is gone', effect, body)
    this.#mustSuit(effect.copy, waiter.known)
  }

  #turn(effect: Extract<Effect, { do: 'break' | 'complete' | 'drop' }>): void {
    const body = this.bodies.get(effect.copy)
    must(body !== undefined && !body.dropped, `${effect.do} of a copy that is not there`, effect)
    if (!body) return
    if (effect.do === 'drop') {
      body.dropped = true
      must(body.state !== 'arriving', 'drops a copy that its fill still brings', effect)
      return
    }
    must(body.state === 'arriving', `${effect.do} of a copy that is not arriving`, effect, body)
    body.state = effect.do === 'break' ? 'broken' : 'complete'
    if (effect.do === 'complete') {
      must(body.promised === undefined || body.promised === body.received, 'a torn body is complete', body)
    } else if (effect.by !== undefined) {
      must(this.bodies.get(effect.by)?.path === body.path, 'another object in its place', effect)
    }
  }
}
