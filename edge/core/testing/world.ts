import type { LiveEvent } from '../../../live/event.ts'
import { type EventState, isOlderState } from '../../../live/live-state.ts'
import { compareOrder, type NotificationOrder } from '../../../live/notifications.ts'
import { type EdgeConfig, EdgeCore } from '../edge.ts'
import type { EdgePolicy } from '../policy.ts'
import type {
  CopyId,
  Effect,
  FetchFailure,
  FetchId,
  FetchPlan,
  Question,
  TicketId,
  UpstreamHead,
  Verdict,
} from '../verdict.ts'
import { event, publication } from './rig.ts'
import { type HeadChoice, headOf } from './upstream.ts'

// A world around one edge's core for model-based tests: it does what a driver does, in virtual time, keeps its own much
// simpler account of copies, tickets and requests, and holds each effect against the design's invariants.

interface Flight {
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

interface Waiter {
  readonly question: Question
  readonly deadlineMs: number
  readonly known: EventState
  count: number
}

/** Thrown when an invariant does not hold. */
function must(holds: boolean, what: string, ...details: unknown[]): void {
  if (!holds) throw new Error(`${what}: ${details.map(detail => JSON.stringify(detail)).join(' ')}`)
}

export class World {
  now: number = publication(10)
  core: EdgeCore
  config: LiveEvent = event()
  policy: EdgePolicy
  /** Every request is collapsed under every policy that this world has known. */
  collapses: boolean
  readonly flights = new Map<FetchId, Flight>()
  readonly bodies = new Map<CopyId, Body>()
  readonly waiters = new Map<TicketId, Waiter>()
  readonly calls: { call: string; given: string; gives: string }[] = []
  readonly #setup: EdgeConfig
  #retried = new Set<string>()
  /** Objects that another method has changed. */
  readonly #changed = new Set<string>()
  /** Regions whose heartbeat is missing, and where the last request for a key went. */
  readonly #deadOrigins = new Set<string>()
  readonly #askedRegion = new Map<string, string>()
  #learning = 0
  #order: NotificationOrder | undefined

  constructor(setup: EdgeConfig) {
    this.#setup = setup
    this.policy = setup.policy
    this.collapses = setup.policy.lockCovers === 'all'
    this.core = new EdgeCore(setup)
    this.apply(this.#call('learn', this.config, this.now))
    this.#call('siblings', { edges: ['a1', 'a2', 'a3'] }, this.now)
  }

  ask(question: Question, count: number): Verdict {
    const verdict = this.#call('inspect', question, this.now) as Verdict
    this.checkVerdict(question, verdict)
    const letIn = Math.min(count, verdict.maxArrivals)
    const { ticket, effects } = this.#call('admit', verdict, letIn, this.now)
    if (ticket !== undefined) {
      const boundMs = this.policy.proxy_cache_lock_timeout as number
      // Under nginx a waiter may go to the origin by itself at its time-out, and is bound only by that request's end.
      const isBound = this.policy.afterLockTimeout !== 'origin' && question.method === 'GET'
      const mostMs = isBound ? boundMs : boundMs + 60_000
      const known = newest({ version: this.config.version, sequence: this.#sequence }, question.sibling?.asked)
      const deadlineMs = this.now + Math.min(mostMs, (question.sibling?.boundMs as number | undefined) ?? Infinity)
      this.waiters.set(ticket, { question, deadlineMs: Math.max(deadlineMs, this.now), known, count: letIn })
    }
    this.apply(effects)
    return verdict
  }

  get #sequence(): number {
    return this.config.invalidations.at(-1)?.sequence ?? 0
  }

  /** Time passes: requests without a head time out, and the core is woken whenever it asks for it. */
  step(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const givenUp = [...this.flights].filter(([, { hasHead }]) => !hasHead)
      const next = Math.min(
        this.core.nextWakeMs() ?? Infinity,
        ...givenUp.map(([, { plan }]) => plan.headByMs as number),
      )
      if (next > until) break
      this.now = Math.max(this.now, next)
      for (const [fetch, { plan }] of givenUp) if (plan.headByMs <= this.now) this.fail(fetch, 'timeout')
      this.apply(this.#call('wake', this.now))
    }
    this.now = until
    for (const [ticket, { deadlineMs }] of this.waiters) {
      must(deadlineMs >= this.now || !this.collapses, 'a ticket outlived its bound', ticket)
    }
  }

  head(fetch: FetchId, choice: HeadChoice): void {
    const flight = this.flights.get(fetch) as Flight
    const resumed = flight.plan.resume
    const copy = resumed && [...this.bodies.values()].find(body => body.key === flight.key && body.state === 'arriving')
    const head = headOf(choice, flight.plan, copy?.promised, this.config)
    flight.hasHead = true
    flight.etag = head.headers.etag
    if (flight.plan.method !== 'GET' && head.status < 400) this.#outdate(flight.plan.path)
    this.apply(this.#call('fetchHead', fetch, head, this.now), { fetch, head })
    if (head.status === 304) this.end(fetch, true)
  }

  /** Another method has changed what is at `path`: what is stored or was asked for before is no answer any more. */
  #outdate(path: string): void {
    if (!this.policy.invalidateOnUnsafe) return
    this.#changed.add(path)
    const known = [...this.flights.values(), ...this.bodies.values()]
    for (const one of known) if (one.key === path) one.outdated = true
  }

  bytes(fetch: FetchId, added: number): void {
    const flight = this.flights.get(fetch) as Flight
    const body = this.bodies.get(flight.copy as CopyId)
    if (body) body.received += added
    this.apply(this.#call('fetchBytes', fetch, added, this.now))
  }

  /** The rest of the body as it was promised, and its end. */
  end(fetch: FetchId, honest: boolean): void {
    const body = this.bodies.get(this.flights.get(fetch)?.copy as CopyId)
    const missing = (body?.promised ?? 0) - (body?.received ?? 0)
    if (honest && body && missing > 0) this.bytes(fetch, missing)
    if (!this.flights.delete(fetch)) return
    this.apply(this.#call('fetchEnd', fetch, this.now))
  }

  fail(fetch: FetchId, failure: FetchFailure): void {
    if (!this.flights.delete(fetch)) return
    this.apply(this.#call('fetchFailed', fetch, failure, this.now))
  }

  leave(ticket: TicketId): void {
    const waiter = this.waiters.get(ticket) as Waiter
    waiter.count--
    if (waiter.count === 0) this.waiters.delete(ticket)
    this.#call('leave', ticket, this.now)
  }

  learn(config: LiveEvent): void {
    this.config = config
    this.apply(this.#call('learn', config, this.now))
  }

  setPolicy(policy: EdgePolicy): void {
    this.policy = policy
    this.collapses = false
    this.apply(this.#call('setPolicy', policy, this.now))
  }

  flush(): void {
    this.apply(this.#call('flush', this.now))
  }

  originAlive(region: string, alive: boolean): void {
    if (alive) this.#deadOrigins.delete(region)
    else this.#deadOrigins.add(region)
    this.#call('originAlive', region, alive, this.now)
  }

  siblingAlive(edge: string, alive: boolean): void {
    this.#call('siblingAlive', edge, alive, this.now)
  }

  /** Everything in flight fails and everybody's time passes: nothing may be left behind. */
  settle(): void {
    for (let round = 0; round < 2 || (round < 20 && this.flights.size + this.waiters.size > 0); round++) {
      for (const fetch of [...this.flights.keys()]) this.fail(fetch, 'reset')
      this.step(70_000)
    }
    const { waiting, fetches, copies } = this.core.stats()
    must(waiting === 0 && fetches === 0 && this.waiters.size === 0, 'something is left', this.core.stats())
    must(this.core.nextWakeMs() === undefined, 'a wake-up is left', this.core.nextWakeMs())
    const kept = [...this.bodies.values()].filter(({ dropped }) => !dropped)
    must(copies === kept.length && kept.every(({ state }) => state === 'complete'), 'copies differ', copies, kept)
  }

  /** A core of the same configuration that is given the same inputs, out of a log, gives the same outputs. */
  replay(): void {
    const again = new EdgeCore(JSON.parse(JSON.stringify(this.#setup)) as EdgeConfig)
    for (const { call, given, gives } of this.calls) {
      const method = again[call as 'wake'] as (...inputs: unknown[]) => unknown
      const now = JSON.stringify(method.apply(again, JSON.parse(given) as unknown[])) ?? ''
      must(now === gives, `the replay of ${call} differs`, given, gives, now)
    }
  }

  /** What a verdict may say at this instant. */
  checkVerdict(question: Question, verdict: Verdict): void {
    if (verdict.do !== 'serve') return
    const head = this.core.copyHead(verdict.copy)
    const body = this.bodies.get(verdict.copy)
    must(head !== undefined && body !== undefined && !body.dropped, 'serves a copy that is not there', verdict)
    must(body?.path === question.path && body.state !== 'broken', 'serves another copy', question, body)
    must(!body?.outdated && !body?.key.startsWith('POST'), 'serves what another method has changed', question, body)
    if (head && head.status >= 400) must(head.freshUntilMs > this.now, 'a negative entry did not end', head)
    this.#mustSuit(
      verdict.copy,
      newest({ version: this.config.version, sequence: this.#sequence }, question.sibling?.asked),
    )
  }

  /** Never a copy of an older version, or one that a rule covers which was known when the asker came. */
  #mustSuit(copy: CopyId, known: EventState): void {
    const head = this.core.copyHead(copy)
    if (!head?.live || this.policy.name === 'nginx' || this.policy.name === 'none' || !this.collapses) return
    must(Number(/^v(\d+) /.exec(head.key)?.[1]) >= known.version, 'a copy of an older version', head.key, known)
    const began = head.asked?.sequence ?? 0
    const number = Number(/(\d+)\.m4s$/.exec(head.key)?.[1])
    const covers = this.config.invalidations.some(
      rule => rule.sequence <= known.sequence && began < rule.sequence && number >= rule.from && number <= rule.to,
    )
    must(!covers || head.asked?.version !== this.config.version, 'an invalidated copy', head, known)
  }

  apply(effects: readonly Effect[], heard?: { fetch: FetchId; head: UpstreamHead }): void {
    for (const effect of effects) this.#applyOne(effect, heard)
    this.#checkState()
  }

  #applyOne(effect: Effect, heard: { fetch: FetchId; head: UpstreamHead } | undefined): void {
    switch (effect.do) {
      case 'fetch':
        this.#checkFetch(effect.key, effect.plan)
        this.flights.set(effect.fetch, {
          plan: effect.plan,
          key: effect.key,
          copy: undefined,
          etag: undefined,
          hasHead: false,
          outdated: false,
        })
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
        return
      case 'learn-event':
        this.#learning++
        this.#learnFailed(effect.event)
    }
  }

  /** The origin does not answer for `event.json`: what asks for it must stop by itself. */
  #learnFailed(name: string): void {
    must(this.#learning < 1_000, 'learning does not stop', name)
    this.#call('learnFailed', name, this.now)
  }

  #checkFetch(key: string, plan: FetchPlan): void {
    const isRetry = plan.reason === 'fill-restart' || plan.reason === 'fill-resume'
    this.#checkRegion(key, plan, isRetry)
    if (!this.collapses) return
    if (plan.method !== 'GET') {
      must(!isRetry, 'what may have been carried out is sent again', plan)
      return
    }
    // An outdated fill goes on, and is mended, for those who wait for it, beside the one that has taken its place.
    if (this.#changed.has(key)) return
    const others = [...this.flights.values()].filter(flight => flight.key === key)
    must(others.length === 0, 'two requests in flight for one key', key, plan)
    if (isRetry) must(!this.#retried.has(key), 'a second retry', key, plan)
    if (isRetry) this.#retried.add(key)
    else if (plan.reason !== 'fill-next-sibling') this.#retried.delete(key)
  }

  /** Nobody asks a dead region while another lives, and what has failed in one is tried in the other. */
  #checkRegion(key: string, { upstream }: FetchPlan, isRetry: boolean): void {
    const regions = this.#setup.origins ?? []
    if (upstream.is !== 'origin' || regions.length < 2) {
      this.#askedRegion.delete(key)
      return
    }
    const { region } = upstream
    must(region !== undefined && regions.includes(region), 'asks no region', upstream)
    const living = regions.filter(one => !this.#deadOrigins.has(one))
    must(living.length === 0 || living.includes(region as string), 'asks a dead region', upstream, living)
    const before = this.#askedRegion.get(key)
    const mayStay = !isRetry || before === undefined || !this.collapses || this.#changed.has(key)
    must(mayStay || region !== before || living.length === 1, 'a retry in the same region', key, region)
    this.#askedRegion.set(key, region as string)
  }

  #collect(fetch: FetchId, id: CopyId, fromBytes: number, head: UpstreamHead): void {
    const flight = this.flights.get(fetch)
    must(flight !== undefined, 'collects from what is not in flight', fetch)
    if (!flight) return
    flight.copy = id
    const body = this.bodies.get(id)
    if (body) {
      must(
        body.received === fromBytes && body.etag === flight.etag && body.state === 'arriving',
        'a splice',
        body,
        flight,
      )
      return
    }
    must(fromBytes === 0, 'a new copy begins in the middle', id)
    const length = head.headers['content-length']
    const promised = length === undefined ? undefined : Number(length)
    const { path } = flight.plan
    this.bodies.set(id, {
      path,
      key: flight.key,
      etag: flight.etag,
      promised,
      received: 0,
      state: 'arriving',
      dropped: false,
      outdated: flight.outdated,
    })
  }

  #finish(effect: Extract<Effect, { do: 'deliver' | 'answer' }>): void {
    const waiter = this.waiters.get(effect.ticket)
    must(waiter !== undefined, 'answers a ticket that does not wait', effect)
    if (!waiter) return
    this.waiters.delete(effect.ticket)
    must(this.now <= waiter.deadlineMs || !this.collapses, 'an answer behind its bound', effect, waiter)
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

  #checkState(): void {
    const { bytes, copies, waiting, fetches } = this.core.stats()
    const { storeBytes, keys, waiters, fills } = this.#setup
    must((bytes as number) <= (storeBytes as number), 'more bytes than allowed', bytes)
    must(copies <= (keys as number), 'more copies than allowed', copies)
    must(waiting <= (waiters as number), 'more waiters than allowed', waiting)
    must(fetches <= (fills as number) || !this.collapses, 'more fills than allowed', fetches)
    const order = this.core.eventState('final')?.notifications?.order
    if (order && this.#order) must(compareOrder(order, this.#order) >= 0, 'notifications went back', order, this.#order)
    this.#order = order ?? this.#order
  }

  #call<Name extends keyof EdgeCore>(name: Name, ...given: Parameters<EdgeCore[Name]>): ReturnType<EdgeCore[Name]> {
    const asText = JSON.stringify(given)
    const method = this.core[name] as (...inputs: unknown[]) => ReturnType<EdgeCore[Name]>
    const gives = method.apply(this.core, given)
    this.calls.push({ call: name, given: asText, gives: JSON.stringify(gives) ?? '' })
    return gives
  }
}

const newest = (known: EventState, asked: EventState | undefined): EventState =>
  asked && isOlderState(known, asked) ? asked : known
