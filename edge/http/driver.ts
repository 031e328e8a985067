import type { IncomingMessage } from 'node:http'
import type { LiveEvent } from '../../live/event.ts'
import { between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import type { EdgeCore } from '../core/edge.ts'
import type { EdgePolicy } from '../core/policy.ts'
import type { CopyHead, CopyId, Effect, ShortAnswer, TicketId } from '../core/verdict.ts'
import type { EdgeConfig, SiteEdge } from './config.ts'
import { Copies, type Copy } from './copies.ts'
import { Delivery } from './delivery.ts'
import type { EdgeRecorder } from './edge-recorder.ts'
import type { EventConfigs } from './event-configs.ts'
import type { Exchange } from './exchange.ts'
import { Fetches } from './fetches.ts'
import { Heartbeats } from './heartbeat.ts'
import { hasBody } from './request-body.ts'
import type { Delivered, Responder } from './responder.ts'

// Carries out what the core decides: it owns the sockets, the bytes and the one timer, and decides nothing itself.

export interface DriverParts {
  readonly name: string
  readonly site: string
  readonly origins: EdgeConfig['origins']
  readonly core: EdgeCore
  readonly responder: Responder
  readonly recorder: EdgeRecorder
  readonly events: EventConfigs
  readonly log: DecisionLog
}

/** Timers beyond this overflow in Node; the core is asked again by then. */
const longestSleepMs = 3_600_000

export class EdgeDriver {
  readonly #parts: DriverParts
  readonly #core: EdgeCore
  readonly #copies = new Copies()
  readonly #tickets = new Map<TicketId, Exchange>()
  readonly #heartbeats: Heartbeats
  readonly #originHeartbeats: Heartbeats
  readonly #fetches: Fetches
  #timer: NodeJS.Timeout | undefined
  #wakeAtMs: EpochMs = Infinity
  #closed = false

  constructor(parts: DriverParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#heartbeats = new Heartbeats({ changed: (edge, alive) => this.#siblingAlive(edge, alive) })
    this.#originHeartbeats = new Heartbeats({
      path: '/readyz',
      changed: (region, alive) => this.#originAlive(region, alive),
    })
    this.#fetches = new Fetches({
      ...parts,
      apply: (effects, at) => this.#apply(effects, at),
      siblingRefused: edge => this.#heartbeats.refused(edge),
    })
    this.#watchOrigins()
  }

  /** The bytes of what is stored, for whoever answers hits by himself. */
  get copies(): Copies {
    return this.#copies
  }

  /** Decides about a request and answers it, now or when there is an answer. */
  handle(exchange: Exchange): void {
    const at = exchange.arrivedMs
    const { verdict, admission } = this.#core.ask(exchange.question, at)
    if (hasBody(exchange.request)) this.#carryBody(exchange.request, admission.effects)
    const { ticket } = admission
    const { reason } = verdict
    exchange.reason = reason
    this.#parts.recorder.asked(exchange, verdict)
    this.#parts.log.write({
      note: 'request',
      id: exchange.id,
      path: exchange.question.path,
      atMs: at,
      ...(ticket === undefined ? { verdict: verdict.do, reason } : { ticket }),
    })
    if (verdict.do === 'serve') this.#deliver(exchange, verdict.copy, { reason, collapsed: reason === 'collapsed' })
    else if (verdict.do === 'refuse') this.#parts.responder.answer(exchange, verdict)
    else if (ticket !== undefined) this.#wait(ticket, exchange)
    this.#apply(admission.effects, at)
  }

  /** All edges of the site, this one among them. */
  setTopology(edges: readonly SiteEdge[]): void {
    const siblings = edges.filter(({ edge }) => edge !== this.#parts.name)
    this.#fetches.setSiblings(new Map(siblings.map(({ edge, url }) => [edge, url])))
    this.#core.siblings({ edges: edges.map(({ edge }) => edge) }, now())
    this.#heartbeats.watch(siblings.map(({ edge, url }) => ({ name: edge, url })))
  }

  setPolicy(policy: EdgePolicy): void {
    const at = now()
    this.#apply(this.#core.setPolicy(policy, at), at)
  }

  /** Drops everything stored. */
  flush(): void {
    const at = now()
    this.#apply(this.#core.flush(at), at)
  }

  /** Asks the origin for `event.json` and hands it to the core. Rejects when it could not be had. */
  async learn(event: string): Promise<LiveEvent> {
    try {
      const config = await this.#parts.events.fetch(event)
      const at = now()
      if (!this.#closed) this.#apply(this.#core.learn(config, at), at)
      return config
    } catch (error) {
      if (!this.#closed) {
        this.#core.learnFailed(event, now())
        this.#schedule()
      }
      throw error
    }
  }

  /** Numbers for `GET /state`. */
  state(): Record<string, unknown> {
    return {
      core: this.#core.stats(),
      copies: this.#copies.stats(),
      fetches: this.#fetches.size,
      waiting: this.#tickets.size,
      siblings: this.#heartbeats.state(),
      origins: { order: this.#core.originOrder(), alive: this.#originHeartbeats.state() },
    }
  }

  /** Ends every request upstream and every timer. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#heartbeats.stop()
    this.#originHeartbeats.stop()
    await this.#fetches.close()
  }

  #apply(effects: readonly Effect[], at: EpochMs): void {
    for (const effect of effects) this.#carryOut(effect, at)
    this.#schedule()
  }

  #carryOut(effect: Effect, at: EpochMs): void {
    switch (effect.do) {
      case 'fetch':
        this.#parts.recorder.fetched(effect.plan, at)
        this.#fetches.send(effect.fetch, effect.plan, at)
        break
      case 'abandon':
        this.#fetches.abandon(effect.fetch)
        break
      case 'collect':
        this.#fetches.collect(effect.fetch, this.#copies.open(effect.copy), effect.fromBytes as number)
        break
      case 'deliver':
      case 'answer': {
        const exchange = this.#takeTicket(effect.ticket, at)
        if (!exchange) break
        if (effect.do === 'deliver') this.#deliver(exchange, effect.copy, effect)
        else this.#parts.responder.answer(exchange, effect.answer)
        break
      }
      case 'break':
        this.#break(effect.copy, effect.by, effect.answer)
        break
      case 'complete':
        this.#complete(effect.copy)
        break
      case 'drop':
        this.#copies.drop(effect.copy)
        break
      case 'learn-event':
        this.#learnUnasked(effect.event)
    }
  }

  /** The body goes with the request upstream that its asker's own request has become. */
  #carryBody(request: IncomingMessage, effects: readonly Effect[]): void {
    const own = effects.find(effect => effect.do === 'fetch')
    if (own) this.#fetches.carry(own.fetch, request)
  }

  #wait(ticket: TicketId, exchange: Exchange): void {
    this.#tickets.set(ticket, exchange)
    this.#parts.recorder.waits(exchange.arrivedMs)
    exchange.response.once('close', () => {
      const at = now()
      if (!this.#takeTicket(ticket, at) || this.#closed) return
      this.#core.leave(ticket, at)
      this.#schedule()
    })
  }

  /** The request that waits with `ticket`, whose wait is over; undefined when its client has left. */
  #takeTicket(ticket: TicketId, at: EpochMs): Exchange | undefined {
    const exchange = this.#tickets.get(ticket)
    if (!exchange) return undefined
    this.#tickets.delete(ticket)
    this.#parts.recorder.waited(exchange, at)
    return exchange
  }

  #deliver(exchange: Exchange, copyId: CopyId, how: Delivered): void {
    const copy = this.#copies.get(copyId)
    if (!copy) throw new Error(`the core delivers copy ${copyId}, which holds no bytes`)
    // The core forgets the head of a dropped copy after a while; its bytes are still read here.
    let known: CopyHead | undefined
    new Delivery(exchange, copy, {
      copies: this.#copies,
      begin: from => {
        known = this.#core.copyHead(from.id) ?? (known?.copy === from.id ? known : undefined)
        return known && this.#parts.responder.begin(exchange, known, from.receivedBytes, how)
      },
      left: from => queueMicrotask(() => this.#left(from)),
      answer: answer => this.#parts.responder.answer(exchange, answer),
    })
  }

  /** Tells the core when that was the last reader of a copy that is still arriving. */
  #left(copy: Copy): void {
    if (copy.readers.size > 0 || copy.state !== 'arriving' || this.#closed) return
    const at = now()
    this.#apply(this.#core.unread(copy.id, at), at)
  }

  #complete(copyId: CopyId): void {
    const copy = this.#copies.open(copyId)
    copy.complete()
    this.#copies.release(copy)
  }

  #break(copyId: CopyId, by: CopyId | undefined, answer: ShortAnswer): void {
    const copy = this.#copies.get(copyId)
    if (!copy) return
    copy.break(by === undefined ? undefined : this.#copies.get(by), answer)
    this.#copies.release(copy)
  }

  #learnUnasked(event: string): void {
    this.learn(event).catch((error: Error) => {
      process.stderr.write(`tidegate: ${this.#parts.name}: the event ${event}: ${error.message}\n`)
    })
  }

  /** Where there is one, it is asked whether it lives or not. */
  #watchOrigins(): void {
    const named = this.#parts.origins.flatMap(({ region, url }) =>
      region === undefined ? [] : [{ name: region, url }],
    )
    if (named.length > 1) this.#originHeartbeats.watch(named)
  }

  #originAlive(region: string, alive: boolean): void {
    const at = now()
    this.#parts.log.write({ note: alive ? 'origin-alive' : 'origin-dead', region, atMs: at })
    this.#core.originAlive(region, alive, at)
    this.#schedule()
  }

  #siblingAlive(edge: string, alive: boolean): void {
    const at = now()
    this.#parts.log.write({ note: alive ? 'sibling-alive' : 'sibling-dead', edge, atMs: at })
    this.#core.siblingAlive(edge, alive, at)
    this.#schedule()
  }

  #schedule(): void {
    const wakeAtMs: EpochMs = this.#core.nextWakeMs() ?? Infinity
    if (wakeAtMs === this.#wakeAtMs || this.#closed) return
    this.#wakeAtMs = wakeAtMs
    clearTimeout(this.#timer)
    if (wakeAtMs === Infinity) return
    const sleepMs = Math.min(longestSleepMs, Math.max(0, Math.ceil(between(now(), wakeAtMs))))
    this.#timer = setTimeout(() => this.#wake(), sleepMs)
  }

  #wake(): void {
    this.#wakeAtMs = Infinity
    const at = now()
    this.#apply(this.#core.wake(at), at)
  }
}
