import type { LiveEvent } from '../../../live/event.ts'
import { type EdgeConfig, EdgeCore } from '../edge.ts'
import type { EdgePolicy } from '../policy.ts'
import type { CopyId, Effect, FetchFailure, FetchId, Question, TicketId, Verdict } from '../verdict.ts'
import { Account, type Flight, type Heard, type Waiter } from './account.ts'
import { must } from './must.ts'
import { event, publication } from './rig.ts'
import { type HeadChoice, headOf } from './upstream.ts'

// A world around one edge's core for model-based tests: it does what a driver does, in virtual time. What must hold is
// written in account.ts and sending-rules.ts, to which it hands everything that the core says.

export class World {
  now: number = publication(10)
  core: EdgeCore
  config: LiveEvent = event()
  policy: EdgePolicy
  /** Every request is collapsed under every policy that this world has known. */
  collapses: boolean
  readonly account: Account
  readonly calls: { call: string; given: string; gives: string }[] = []
  readonly #setup: EdgeConfig
  #learning = 0

  constructor(setup: EdgeConfig) {
    this.#setup = setup
    this.policy = setup.policy
    this.collapses = setup.policy.lockCovers === 'all'
    this.core = new EdgeCore(setup)
    this.account = new Account(setup, this)
    this.apply(this.#call('learn', this.config, this.now))
    this.#call('siblings', { edges: ['a1', 'a2', 'a3'] }, this.now)
  }

  ask(question: Question, count: number): Verdict {
    const verdict = this.#call('inspect', question, this.now) as Verdict
    this.account.checkVerdict(question, verdict)
    const letIn = Math.min(count, verdict.maxArrivals)
    const { ticket, effects } = this.#call('admit', verdict, letIn, this.now)
    if (ticket !== undefined) this.account.waits(ticket, question, letIn)
    this.apply(effects)
    return verdict
  }

  /** Time passes: requests without a head time out, and the core is woken whenever it asks for it. */
  step(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const givenUp = [...this.account.flights].filter(([, { hasHead }]) => !hasHead)
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
    this.account.checkBounds()
  }

  head(fetch: FetchId, choice: HeadChoice): void {
    const { flights, bodies } = this.account
    const flight = flights.get(fetch) as Flight
    const resumed = flight.plan.resume
    const copy = resumed && [...bodies.values()].find(body => body.key === flight.key && body.state === 'arriving')
    const head = headOf(choice, flight.plan, copy?.promised, this.config)
    flight.hasHead = true
    flight.etag = head.headers.etag
    if (flight.plan.method !== 'GET' && head.status < 400) this.account.outdate(flight.plan.path)
    this.apply(this.#call('fetchHead', fetch, head, this.now), { fetch, head })
    if (head.status === 304) this.end(fetch, true)
  }

  bytes(fetch: FetchId, added: number): void {
    const flight = this.account.flights.get(fetch) as Flight
    const body = this.account.bodies.get(flight.copy as CopyId)
    if (body) body.received += added
    this.apply(this.#call('fetchBytes', fetch, added, this.now))
  }

  /** The rest of the body as it was promised, and its end. */
  end(fetch: FetchId, honest: boolean): void {
    const { flights, bodies } = this.account
    const body = bodies.get(flights.get(fetch)?.copy as CopyId)
    const missing = (body?.promised ?? 0) - (body?.received ?? 0)
    if (honest && body && missing > 0) this.bytes(fetch, missing)
    if (!flights.delete(fetch)) return
    this.apply(this.#call('fetchEnd', fetch, this.now))
  }

  fail(fetch: FetchId, failure: FetchFailure): void {
    if (!this.account.flights.delete(fetch)) return
    this.apply(this.#call('fetchFailed', fetch, failure, this.now))
  }

  leave(ticket: TicketId): void {
    const { waiters } = this.account
    const waiter = waiters.get(ticket) as Waiter
    waiter.count--
    if (waiter.count === 0) waiters.delete(ticket)
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
    this.account.sending.originAlive(region, alive)
    this.#call('originAlive', region, alive, this.now)
  }

  siblingAlive(edge: string, alive: boolean): void {
    this.#call('siblingAlive', edge, alive, this.now)
  }

  /** Everything in flight fails and everybody's time passes: nothing may be left behind. */
  settle(): void {
    const { flights, waiters } = this.account
    for (let round = 0; round < 2 || (round < 20 && flights.size + waiters.size > 0); round++) {
      for (const fetch of [...flights.keys()]) this.fail(fetch, 'reset')
      this.step(70_000)
    }
    this.account.checkNothingLeft()
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

  apply(effects: readonly Effect[], heard?: Heard): void {
    for (const effect of effects) {
      if (effect.do === 'learn-event') this.#learnFailed(effect.event)
      else this.account.enter(effect, heard)
    }
    this.account.checkState()
  }

  /** The origin does not answer for `event.json`: what asks for it must stop by itself. */
  #learnFailed(name: string): void {
    this.#learning++
    must(this.#learning < 1_000, 'learning does not stop', name)
    this.#call('learnFailed', name, this.now)
  }

  #call<Name extends keyof EdgeCore>(name: Name, ...given: Parameters<EdgeCore[Name]>): ReturnType<EdgeCore[Name]> {
    const asText = JSON.stringify(given)
    const method = this.core[name] as (...inputs: unknown[]) => ReturnType<EdgeCore[Name]>
    const gives = method.apply(this.core, given)
    this.calls.push({ call: name, given: asText, gives: JSON.stringify(gives) ?? '' })
    return gives
  }
}
