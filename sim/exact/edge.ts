import { EdgeCore } from '../../edge/core/edge.ts'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import { hitReasons, renderHead, renderShort } from '../../edge/core/response-head.ts'
import type { CopyId, Effect, FetchId, Question, ShortAnswer, TicketId } from '../../edge/core/verdict.ts'
import { EdgeRecorder } from '../../edge/http/edge-recorder.ts'
import type { LiveEvent } from '../../live/event.ts'
import { formatProblem } from '../../live/problem.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Part } from '../../results/record/part.ts'
import { Cores } from '../network/cores.ts'
import type { SharedLink } from '../network/shared-link.ts'
import { type CallId, noCall } from './agenda.ts'
import { SimCopies, type SimCopy } from './copies.ts'
import { EdgeHits } from './edge-hits.ts'
import { at, type Exchanges, results, said } from './exchanges.ts'
import { type SimFetch, SimFetches, type Upstreams } from './fetches.ts'
import { edgeReasonPlaces, foldEdgeEffects, foldEdgeVerdict } from './folding.ts'
import type { Ground } from './ground.ts'
import { isWrong, noFacts } from './upstream-call.ts'

// One edge in virtual time: what edge/http/driver.ts does over sockets. It owns who waits and who reads, and decides
// nothing itself. Requests of players are numbers (exchanges.ts), those of siblings are calls.

/** What the edge needs of the world around it. */
export interface EdgeWorld extends Upstreams {
  readonly exchanges: Exchanges
  /** An answer leaves for a player; the exchange says the rest. `lastLeavesMs`: Infinity while its body still arrives. */
  answerLeaves(exchange: number, firstLeavesMs: EpochMs, lastLeavesMs: EpochMs): void
  /** The edge asks the origin for `event.json`. */
  learn(edge: SimEdge, now: EpochMs): void
  siblingRefused(asker: SimEdge, sibling: string, now: EpochMs): void
}

export interface EdgePlace {
  /** Its place among all edges. */
  readonly index: number
  readonly name: string
  readonly site: string
  readonly policy: EdgePolicy
  /** Regions of the origins, in the order of preference. */
  readonly origins: readonly string[]
}

/** A sibling that waits here. */
interface SiblingAsk {
  readonly call: SimFetch
  readonly question: Question
  readonly arrivedMs: EpochMs
}

export class SimEdge {
  readonly index: number
  readonly name: string
  readonly site: string
  readonly core: EdgeCore
  readonly recorder: EdgeRecorder
  readonly cores: Cores
  readonly link: SharedLink
  readonly ground: Ground
  readonly copies = new SimCopies()
  alive = true
  readonly #world: EdgeWorld
  readonly #fetches: SimFetches
  readonly #hits: EdgeHits
  readonly #players = new Map<TicketId, number>()
  readonly #siblings = new Map<TicketId, SiblingAsk>()
  readonly #asks = new Set<SimFetch>()
  #wake: CallId = noCall
  #wakeMs: EpochMs = Infinity

  constructor(ground: Ground, world: EdgeWorld, { index, name, site, policy, origins }: EdgePlace) {
    const { calibration } = ground
    this.ground = ground
    this.index = index
    this.name = name
    this.site = site
    this.#world = world
    this.core = new EdgeCore({ name, site, policy, origins })
    this.recorder = new EdgeRecorder(name, site)
    this.cores = new Cores(calibration.cores.edge, ground.machine)
    this.link = ground.link(calibration.links.edge.bitsPerSecond)
    this.#fetches = new SimFetches(ground, this, world)
    this.#hits = new EdgeHits(this)
  }

  part(): Part {
    this.#hits.flush()
    return this.recorder.part(this.core.stats().evictions)
  }

  reset(): void {
    this.#hits.flush()
    this.recorder.reset(this.core.stats().evictions)
  }

  /** A player's request arrives. */
  asked(exchange: number, now: EpochMs): void {
    const { exchanges } = this.#world
    exchanges.arrivedMs[exchange] = now as number
    const object = exchanges.object[exchange] as number
    const hit = this.#hits.find(object, now)
    if (hit !== undefined) {
      exchanges.status[exchange] = hit.status
      exchanges.bytes[exchange] = hit.bytes
      exchanges.availableMs[exchange] = hit.facts.availableMs as number
      exchanges.playlist[exchange] = hit.facts.playlist
      exchanges.wrong[exchange] = hit.wrong
      exchanges.said[exchange] = hit.said
      exchanges.reason[exchange] = hit.reason
      const leavesMs = this.cores.work(hit.cpuMs, now, hit.afterMs) as number
      this.#leaves(exchange, leavesMs + (hit.labour.besideMs() as number), now)
      return
    }
    const question = this.ground.objects.questionFor(object)
    const { verdict, admission } = this.core.ask(question, now)
    foldEdgeVerdict(this.ground.hash, this.index, object, verdict)
    const asker = this.ground.objects.isSegment(object) ? 'player-segment' : 'player-other'
    this.recorder.asked({ asker, arrivedMs: now }, verdict)
    const { ticket } = admission
    if (verdict.do === 'serve') {
      this.#deliver(exchange, verdict.copy, verdict.reason, verdict.reason === 'collapsed', now)
    } else if (verdict.do === 'refuse') this.#answer(exchange, verdict, now)
    else if (ticket !== undefined) {
      exchanges.state[exchange] = at.waiting
      exchanges.ticket[exchange] = ticket
      this.#players.set(ticket, exchange)
      this.recorder.waits(now)
      this.ground.agenda.putTransient(exchange, exchanges.firstByteByMs[exchange] as number)
    }
    this.apply(admission.effects, now)
  }

  /** A player that waits or reads here has left. */
  left(exchange: number, now: EpochMs): void {
    const { exchanges } = this.#world
    if (exchanges.state[exchange] === at.waiting) {
      const ticket = exchanges.ticket[exchange] as number
      this.#players.delete(ticket)
      this.recorder.waited(this.#waited(exchange), now)
      this.core.leave(ticket, now)
      this.#schedule()
    } else if (exchanges.state[exchange] === at.reading) {
      for (const copy of this.copies.all()) this.#leaveCopy(copy, exchange, now)
    }
  }

  /** A sibling's request arrives. */
  askedBySibling(call: SimFetch, now: EpochMs): void {
    const { plan, edge } = call
    const asked = plan.asked ?? { version: 0, sequence: 0 }
    const question = { method: 'GET', path: plan.path, sibling: { edge, asked, boundMs: call.boundMs(now) } }
    const { verdict, admission } = this.core.ask(question, now)
    foldEdgeVerdict(this.ground.hash, this.index, -1, verdict)
    this.recorder.asked({ asker: 'sibling', arrivedMs: now }, verdict)
    const { ticket } = admission
    const ask = { call, question, arrivedMs: now }
    this.#asks.add(call)
    if (verdict.do === 'serve') {
      this.#deliverToSibling(ask, verdict.copy, verdict.reason, verdict.reason === 'collapsed', now)
    } else if (verdict.do === 'refuse') this.#answerSibling(ask, verdict, now)
    else if (ticket !== undefined) {
      this.#siblings.set(ticket, ask)
      this.recorder.waits(now)
      call.onTakenBack = leftMs => {
        this.#asks.delete(call)
        if (!this.alive || !this.#siblings.delete(ticket)) return
        this.recorder.waited(ask, leftMs)
        this.core.leave(ticket, leftMs)
        this.#schedule()
      }
    }
    this.apply(admission.effects, now)
  }

  /** All edges of the site, this one among them. */
  setTopology(edges: readonly string[], now: EpochMs): void {
    this.core.siblings({ edges }, now)
  }

  siblingAlive(edge: string, alive: boolean, now: EpochMs): void {
    this.core.siblingAlive(edge, alive, now)
    this.#schedule()
  }

  originAlive(region: string, alive: boolean, now: EpochMs): void {
    this.core.originAlive(region, alive, now)
    this.#schedule()
  }

  siblingRefused(edge: string, now: EpochMs): void {
    this.#world.siblingRefused(this, edge, now)
  }

  learned(config: LiveEvent | undefined, now: EpochMs): void {
    if (!this.alive) return
    if (config) this.apply(this.core.learn(config, now), now)
    else {
      this.core.learnFailed(this.ground.event.event, now)
      this.#schedule()
    }
  }

  flush(now: EpochMs): void {
    this.apply(this.core.flush(now), now)
  }

  /** It is gone, without a word. Whoever waited or read here finds the connection reset; players are the world's. */
  die(now: EpochMs): void {
    this.alive = false
    this.ground.agenda.takeBack(this.#wake)
    this.#wake = noCall
    this.#fetches.abandonAll(now)
    for (const call of this.#asks) call.fails('reset', now)
    this.#asks.clear()
  }

  /** Carries out what the core decided. */
  apply(effects: readonly Effect[], now: EpochMs): void {
    foldEdgeEffects(this.ground.hash, this.index, effects)
    for (const effect of effects) this.#carryOut(effect, now)
    this.#schedule()
  }

  #carryOut(effect: Effect, now: EpochMs): void {
    switch (effect.do) {
      case 'fetch':
        this.recorder.fetched(effect.plan, now)
        this.#fetches.send(effect.fetch, effect.plan, now)
        break
      case 'abandon':
        this.#fetches.abandon(effect.fetch, now)
        break
      case 'collect':
        this.#collect(effect.fetch, effect.copy)
        break
      case 'deliver':
        this.#deliverTicket(effect.ticket, effect.copy, effect.reason, effect.collapsed, now)
        break
      case 'answer':
        this.#answerTicket(effect.ticket, effect.answer, now)
        break
      case 'break':
        this.#break(effect.copy, now)
        break
      case 'complete':
        this.#complete(effect.copy, now)
        break
      case 'drop':
        this.copies.drop(effect.copy)
        break
      case 'learn-event':
        this.#world.learn(this, now)
    }
  }

  #collect(fetch: FetchId, id: CopyId): void {
    const from = this.#fetches.get(fetch)
    const copy = this.copies.open(id)
    if (!from) return
    from.copy = copy
    copy.facts = from.facts
  }

  #deliverTicket(ticket: TicketId, copy: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const exchange = this.#takePlayer(ticket, now)
    if (exchange !== undefined) this.#deliver(exchange, copy, reason, collapsed, now)
    const sibling = exchange === undefined ? this.#takeSibling(ticket, now) : undefined
    if (sibling) this.#deliverToSibling(sibling, copy, reason, collapsed, now)
  }

  #answerTicket(ticket: TicketId, answer: ShortAnswer, now: EpochMs): void {
    const exchange = this.#takePlayer(ticket, now)
    if (exchange !== undefined) this.#answer(exchange, answer, now)
    const sibling = exchange === undefined ? this.#takeSibling(ticket, now) : undefined
    if (sibling) this.#answerSibling(sibling, answer, now)
  }

  #takePlayer(ticket: TicketId, now: EpochMs): number | undefined {
    const exchange = this.#players.get(ticket)
    if (exchange === undefined) return undefined
    this.#players.delete(ticket)
    this.recorder.waited(this.#waited(exchange), now)
    return exchange
  }

  #takeSibling(ticket: TicketId, now: EpochMs): SiblingAsk | undefined {
    const ask = this.#siblings.get(ticket)
    if (!ask) return undefined
    this.#siblings.delete(ticket)
    this.recorder.waited(ask, now)
    return ask
  }

  #waited(exchange: number) {
    const { exchanges } = this.#world
    const question = this.ground.objects.questionFor(exchanges.object[exchange] as number)
    return { arrivedMs: exchanges.arrivedMs[exchange] as number, question }
  }

  // To players

  #deliver(exchange: number, id: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const { exchanges } = this.#world
    const head = this.core.copyHead(id)
    const copy = this.copies.get(id)
    if (!head) throw new Error(`${this.name} delivers copy ${id}, whose head is forgotten`)
    const bytes = (head.bodyBytes ?? 0) as number
    const facts = copy?.facts ?? noFacts
    exchanges.status[exchange] = head.status
    exchanges.bytes[exchange] = bytes
    exchanges.availableMs[exchange] = facts.availableMs as number
    exchanges.playlist[exchange] = facts.playlist
    exchanges.wrong[exchange] = Number(isWrong(facts, exchanges.object[exchange] as number, bytes))
    this.#say(exchange, reason, collapsed)
    const work = hitReasons.has(reason) ? this.ground.labour.edgeHit : this.ground.labour.edgeWait
    const leavesMs = work.doneBy(this.cores, bytes, now)
    if (copy?.state !== 'arriving') {
      this.#leaves(exchange, leavesMs, now)
      return
    }
    exchanges.state[exchange] = at.reading
    copy.readers.push(exchange)
    this.#world.answerLeaves(exchange, leavesMs, Infinity)
  }

  #answer(exchange: number, answer: ShortAnswer, now: EpochMs): void {
    const { exchanges } = this.#world
    exchanges.status[exchange] = answer.status
    exchanges.bytes[exchange] = shortBytes(answer)
    exchanges.availableMs[exchange] = NaN
    exchanges.playlist[exchange] = undefined
    exchanges.wrong[exchange] = 0
    this.#say(exchange, answer.reason, false)
    this.#leaves(exchange, this.ground.labour.edgeRefuse.doneBy(this.cores, 0, now), now)
  }

  #say(exchange: number, reason: EdgeReason, collapsed: boolean): void {
    const { exchanges } = this.#world
    exchanges.said[exchange] = saidFor(reason, collapsed)
    exchanges.reason[exchange] = edgeReasonPlaces[reason] as number
  }

  /** A whole answer leaves, through the edge's link where something bounds that. */
  #leaves(exchange: number, leavesMs: EpochMs, now: EpochMs): void {
    const { exchanges } = this.#world
    const bytes = exchanges.bytes[exchange] as number
    this.#hits.sent(bytes, (leavesMs as number) - (exchanges.arrivedMs[exchange] as number))
    if (!this.link.isBound) {
      this.#world.answerLeaves(exchange, leavesMs, leavesMs)
      return
    }
    exchanges.state[exchange] = at.reading
    this.#world.answerLeaves(exchange, leavesMs, Infinity)
    const seat = exchanges.seat[exchange]
    const request = exchanges.request[exchange]
    this.link.send(
      {
        through: lastMs => {
          const isSame = exchanges.seat[exchange] === seat && exchanges.request[exchange] === request
          if (!isSame || exchanges.state[exchange] !== at.reading) return
          this.#world.answerLeaves(exchange, leavesMs, Math.max(lastMs as number, leavesMs as number))
        },
      },
      bytes,
      now,
    )
  }

  #complete(id: CopyId, now: EpochMs): void {
    const copy = this.copies.open(id)
    copy.state = 'whole'
    const { exchanges } = this.#world
    const { readers, siblings } = copy
    copy.readers = []
    copy.siblings = []
    for (const exchange of readers) {
      exchanges.bytes[exchange] = copy.receivedBytes
      exchanges.wrong[exchange] = Number(isWrong(copy.facts, exchanges.object[exchange] as number, copy.receivedBytes))
      const firstLeavesMs = exchanges.firstByteMs[exchange] as number
      this.#hits.sent(copy.receivedBytes, Math.max(0, (now as number) - (exchanges.arrivedMs[exchange] as number)))
      this.#world.answerLeaves(exchange, NaN, Math.max(now as number, firstLeavesMs))
    }
    for (const sibling of siblings) sibling.complete(copy.receivedBytes, now)
  }

  #break(id: CopyId, now: EpochMs): void {
    const copy = this.copies.get(id)
    if (!copy) return
    copy.state = 'broken'
    const { exchanges } = this.#world
    // Heads are sent at once, so that every reader has bytes: its connection is reset.
    for (const exchange of copy.readers) {
      exchanges.result[exchange] = results.reset
      this.#world.answerLeaves(exchange, NaN, now)
    }
    for (const sibling of copy.siblings) sibling.broken(now)
    copy.readers = []
    copy.siblings = []
  }

  #leaveCopy(copy: SimCopy, exchange: number, now: EpochMs): void {
    const place = copy.readers.indexOf(exchange)
    if (place < 0) return
    copy.readers.splice(place, 1)
    if (!copy.isRead && copy.state === 'arriving') this.apply(this.core.unread(copy.id, now), now)
  }

  // To siblings

  #deliverToSibling(ask: SiblingAsk, id: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const head = this.core.copyHead(id)
    const copy = this.copies.get(id)
    if (!head) throw new Error(`${this.name} delivers copy ${id}, whose head is forgotten`)
    const bytes = (head.bodyBytes ?? 0) as number
    const leavesMs = this.ground.labour.edgeWait.doneBy(this.cores, bytes, now)
    const headers: Record<string, string> = {
      ...renderHead(head, this.#rendering(reason, collapsed, now)),
      'content-length': String(bytes),
    }
    ask.call.onTakenBack = undefined
    ask.call.headLeaves({ status: head.status, headers }, copy?.facts ?? noFacts, leavesMs)
    if (copy?.state === 'arriving') {
      copy.siblings.push({
        complete: (whole, at) => this.#bodyLeaves(ask.call, whole, Math.max(at as number, leavesMs as number)),
        broken: at => {
          this.#asks.delete(ask.call)
          ask.call.fails('reset', at)
        },
      })
    } else this.#bodyLeaves(ask.call, bytes, leavesMs)
  }

  #answerSibling(ask: SiblingAsk, answer: ShortAnswer, now: EpochMs): void {
    const leavesMs = this.ground.labour.edgeRefuse.doneBy(this.cores, 0, now)
    const bytes = shortBytes(answer)
    const headers = {
      ...renderShort(answer, this.#rendering(answer.reason, false, now)),
      'content-length': String(bytes),
    }
    ask.call.onTakenBack = undefined
    ask.call.headLeaves({ status: answer.status, headers }, noFacts, leavesMs)
    this.#bodyLeaves(ask.call, bytes, leavesMs)
  }

  #bodyLeaves(call: SimFetch, bytes: number, fromMs: EpochMs): void {
    this.#asks.delete(call)
    this.recorder.bytesSent(bytes)
    this.ground.carry(this.link, bytes, fromMs, at => call.bodyLeaves(bytes, at))
  }

  #rendering(reason: EdgeReason, collapsed: boolean, now: EpochMs) {
    const event = this.core.eventState(this.ground.event.event)
    return { now, cacheName: this.name, to: 'sibling', reason, collapsed, ...(event ? { event } : {}) } as const
  }

  #schedule(): void {
    const nextMs = this.core.nextWakeMs() ?? Infinity
    if (nextMs === this.#wakeMs || !this.alive) return
    const { agenda } = this.ground
    agenda.takeBack(this.#wake)
    this.#wakeMs = nextMs
    this.#wake =
      (nextMs as number) === Infinity
        ? noCall
        : agenda.at(nextMs, now => {
            this.#wake = noCall
            this.#wakeMs = Infinity
            this.apply(this.core.wake(now), now)
          })
  }
}

/** How `Cache-Status` tells a player of it (RFC 9211). */
export const saidFor = (reason: EdgeReason, collapsed: boolean): number =>
  hitReasons.has(reason) ? said.hit : collapsed || reason === 'collapsed' ? said.collapsed : said.forwarded

/** The length of a short answer's body, problem details. */
export const shortBytes = ({ status, reason, askAgainInMs }: ShortAnswer): number =>
  formatProblem({ status, reason, detail: edgeReasons[reason], askAgainInMs }).length
