import { hitReasons } from '../../edge/core/response-head.ts'
import type { Admission, CopyId, ShortAnswer, TicketId, Verdict } from '../../edge/core/verdict.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import type { SimCopy } from './copies.ts'
import type { SimEdge } from './edge.ts'
import { saidFor, shortBytes } from './edge-answers.ts'
import { EdgeHits } from './edge-hits.ts'
import { at, type Exchange, results } from './exchange.ts'
import { edgeReasonPlaces, foldEdgeVerdict } from './folding.ts'
import { isWrong, noFacts } from './upstream-call.ts'

// An edge's answers to players: who waits, who reads, and what leaves when. Requests of players are many, so that what an
// answer says is written into the exchange itself (exchanges.ts).

/** What becomes of a player's request beyond the edge. */
export interface PlayerEnd {
  /** It is asked again at `loopMs`, when the edge's event loop comes to it. */
  queues(exchange: Exchange, loopMs: EpochMs): void
  /** It waits at the edge. */
  waits(exchange: Exchange): void
  /** An answer leaves; the exchange says the rest. `lastLeavesMs`: Infinity while its body still arrives. */
  answerLeaves(exchange: Exchange, firstLeavesMs: EpochMs, lastLeavesMs: EpochMs): void
}

export class EdgePlayers {
  readonly #edge: SimEdge
  readonly #end: PlayerEnd
  readonly #hits: EdgeHits
  readonly #waiting = new Map<TicketId, Exchange>()

  constructor(edge: SimEdge, end: PlayerEnd) {
    this.#edge = edge
    this.#end = end
    this.#hits = new EdgeHits(edge)
  }

  /** Hands over to the recorder what was added up. */
  flush(): void {
    this.#hits.flush()
  }

  /** A player's request will arrive shortly: what its answer needs is read, so that it is at hand then. */
  bringNear(): void {
    this.#hits.bringNear()
  }

  /** A player's request arrives. */
  asked(exchange: Exchange, now: EpochMs): void {
    exchange.arrivedMs = now
    const leavesMs = this.#hits.answer(exchange, now)
    if (!Number.isNaN(leavesMs)) {
      this.#leaves(exchange, leavesMs, now)
      return
    }
    const { ground, cores } = this.#edge
    const loopMs = ground.hearsAtOnce || exchange.state === at.queued ? now : (cores.work(0, now) as number)
    if (loopMs > (now as number)) this.#end.queues(exchange, loopMs)
    else this.#ask(exchange, now)
  }

  /** A player that waits or reads here has left. */
  left(exchange: Exchange, now: EpochMs): void {
    const { core, copies, recorder } = this.#edge
    if (exchange.state === at.waiting) {
      this.#waiting.delete(exchange.ticket)
      recorder.waited(this.#waited(exchange), now)
      core.leave(exchange.ticket, now)
      this.#edge.schedule()
    } else if (exchange.state === at.reading) {
      for (const copy of copies.all()) this.#leaveCopy(copy, exchange, now)
    }
  }

  /** The player that waits with `ticket` waits no more; undefined where it is none of ours. */
  take(ticket: TicketId, now: EpochMs): Exchange | undefined {
    const exchange = this.#waiting.get(ticket)
    if (exchange === undefined) return undefined
    this.#waiting.delete(ticket)
    this.#edge.recorder.waited(this.#waited(exchange), now)
    return exchange
  }

  deliver(exchange: Exchange, id: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const { core, cores, copies, ground, name } = this.#edge
    const head = core.copyHead(id)
    const copy = copies.get(id)
    if (!head) throw new Error(`${name} delivers copy ${id}, whose head is forgotten`)
    const bytes = (head.bodyBytes ?? 0) as number
    const facts = copy?.facts ?? noFacts
    exchange.status = head.status
    exchange.bytes = bytes
    exchange.availableMs = facts.availableMs
    exchange.playlist = facts.playlist
    exchange.wrong = Number(isWrong(facts, exchange.object, bytes))
    say(exchange, reason, collapsed)
    const { edgeHit, edgeRefuse, edgeWait } = ground.labour
    const waited = !hitReasons.has(reason)
    const work = reason === 'negative-hit' ? edgeRefuse : edgeHit
    const leavesMs = waited ? edgeWait.toldBy(cores, bytes, now) : work.doneBy(cores, bytes, now)
    if (copy?.state !== 'arriving') {
      this.#leaves(exchange, leavesMs, now)
      return
    }
    exchange.state = at.reading
    copy.readers.push(exchange)
    this.#end.answerLeaves(exchange, leavesMs, Infinity)
  }

  answer(exchange: Exchange, answer: ShortAnswer, now: EpochMs): void {
    const { cores, ground } = this.#edge
    exchange.status = answer.status
    exchange.bytes = shortBytes(answer)
    exchange.availableMs = Number.NaN
    exchange.playlist = undefined
    exchange.wrong = 0
    say(exchange, answer.reason, false)
    this.#leaves(exchange, ground.labour.edgeRefuse.doneBy(cores, 0, now), now)
  }

  /** The last byte of a copy has come: it leaves for those who read it. */
  complete(readers: readonly Exchange[], { facts, receivedBytes }: SimCopy, now: EpochMs): void {
    for (const exchange of readers) {
      exchange.bytes = receivedBytes
      exchange.wrong = Number(isWrong(facts, exchange.object, receivedBytes))
      const firstLeavesMs = exchange.firstByteMs as number
      this.#hits.sent(receivedBytes, Math.max(0, (now as number) - (exchange.arrivedMs as number)))
      this.#end.answerLeaves(exchange, Number.NaN, Math.max(now as number, firstLeavesMs))
    }
  }

  /** Heads are sent at once, so that every reader has bytes: its connection is reset. */
  break(readers: readonly Exchange[], now: EpochMs): void {
    for (const exchange of readers) {
      exchange.result = results.reset
      this.#end.answerLeaves(exchange, Number.NaN, now)
    }
  }

  #ask(exchange: Exchange, now: EpochMs): void {
    const { core, ground, index, recorder } = this.#edge
    const { object } = exchange
    const { verdict, admission } = core.ask(ground.objects.questionFor(object), now)
    foldEdgeVerdict(ground.hash, index, object, verdict)
    const asker = ground.objects.isSegment(object) ? 'player-segment' : 'player-other'
    recorder.asked({ asker, arrivedMs: now }, verdict)
    this.#admitted(exchange, verdict, admission, now)
    this.#edge.apply(admission.effects, now)
  }

  #admitted(exchange: Exchange, verdict: Verdict, { ticket }: Admission, now: EpochMs): void {
    if (verdict.do === 'serve') {
      this.deliver(exchange, verdict.copy, verdict.reason, verdict.reason === 'collapsed', now)
    } else if (verdict.do === 'refuse') this.answer(exchange, verdict, now)
    else if (ticket !== undefined) {
      exchange.ticket = ticket
      this.#waiting.set(ticket, exchange)
      this.#edge.recorder.waits(now)
      this.#end.waits(exchange)
      this.#edge.ground.labour.edgeWait.putDown(this.#edge.cores, now)
    }
  }

  #waited({ arrivedMs, object }: Exchange) {
    return { arrivedMs, question: this.#edge.ground.objects.questionFor(object) }
  }

  /** A whole answer leaves, through the edge's link where something bounds that. */
  #leaves(exchange: Exchange, leavesMs: EpochMs, now: EpochMs): void {
    const { link } = this.#edge
    const { bytes, seat, request } = exchange
    this.#hits.sent(bytes, (leavesMs as number) - (exchange.arrivedMs as number))
    if (!link.isBound) {
      this.#end.answerLeaves(exchange, leavesMs, leavesMs)
      return
    }
    exchange.state = at.reading
    this.#end.answerLeaves(exchange, leavesMs, Infinity)
    const through = (lastMs: EpochMs) => {
      const isSame = exchange.seat === seat && exchange.request === request
      if (!isSame || exchange.state !== at.reading) return
      this.#end.answerLeaves(exchange, leavesMs, Math.max(lastMs as number, leavesMs as number))
    }
    link.send({ through }, bytes, now)
  }

  #leaveCopy(copy: SimCopy, exchange: Exchange, now: EpochMs): void {
    const place = copy.readers.indexOf(exchange)
    if (place < 0) return
    copy.readers.splice(place, 1)
    const { core } = this.#edge
    if (!copy.isRead && copy.state === 'arriving') this.#edge.apply(core.unread(copy.id, now), now)
  }
}

function say(exchange: Exchange, reason: EdgeReason, collapsed: boolean): void {
  exchange.said = saidFor(reason, collapsed)
  exchange.reason = edgeReasonPlaces[reason] as number
}
