import type { IncomingMessage, ServerResponse } from 'node:http'
import type { OriginReason } from '../../live/reasons.ts'
import { between } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { answeredHealth, type Health } from '../../process/health.ts'
import { checkRequest, isBehindRefusal } from '../../process/http-guards.ts'
import type { OriginVerdict, RefuseVerdict, ServeVerdict, TicketId } from '../core/verdict.ts'
import { Exchange } from './exchange.ts'
import type { FreshBody, OriginRuntime } from './origin-runtime.ts'
import { isKnown } from './range.ts'
import { Replies } from './replies.ts'

// The delivery side: what players and edges ask, from arrival to the end of the answer. Decisions are the core's.

export class Delivery {
  readonly #origin: OriginRuntime
  readonly #replies: Replies
  readonly #held = new Map<TicketId, Exchange>()
  readonly #health: Health

  constructor(origin: OriginRuntime, health: Health) {
    this.#health = health
    this.#origin = origin
    this.#replies = new Replies(origin)
    origin.release = (tickets, verdict, fresh) => this.#release(tickets, verdict, fresh)
  }

  /** Takes one request. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    if (isBehindRefusal(request)) return
    const refusal = checkRequest(request)
    if (!refusal && answeredHealth(request, response, this.#health)) return
    const exchange = new Exchange(request, response)
    const { books, core } = this.#origin
    books.requestArrived(exchange.address, exchange.edge?.site, exchange.arrivedMs)
    response.once('close', () => this.#ended(exchange))
    if (refusal) {
      const reason = refusal.reason === 'method' ? 'method-not-allowed' : 'malformed'
      books.reason(reason)
      if (refusal.count) books.guarded(refusal.count)
      const allow = reason === 'malformed' ? [] : ['allow', 'GET, HEAD']
      // What follows on this connection may be read as anything: it ends here.
      this.#replies.problem(exchange, refusal.status, reason, undefined, refusal.detail, [
        ...allow,
        'connection',
        'close',
      ])
      return
    }
    const { address, asked, edge } = exchange
    const { verdict, ticket } = core.ask({ address, asked, asker: edge?.edge }, exchange.arrivedMs)
    exchange.reason = verdict.reason
    if (verdict.reason === 'shed' && !core.faults().shed) books.count('limiter.shed')
    this.#note(exchange, verdict, ticket)
    if (ticket === undefined) this.#answer(exchange, verdict)
    else this.#hold(exchange, ticket, verdict.reason)
    this.#origin.schedule()
  }

  #hold(exchange: Exchange, ticket: TicketId, reason: OriginReason): void {
    const { books, core } = this.#origin
    books.reason(reason)
    this.#held.set(ticket, exchange)
    books.held(this.#held.size, exchange.arrivedMs)
    books.heldOf(exchange.edge?.site, 1)
    exchange.response.once('close', () => {
      if (!this.#held.delete(ticket)) return
      books.heldOf(exchange.edge?.site, -1)
      this.#origin.apply(core.leave(ticket, now()))
    })
  }

  /** Answers what was held: head and body are the same for all, so they are made once. */
  #release(tickets: readonly TicketId[], verdict: ServeVerdict | RefuseVerdict, fresh: FreshBody | undefined): void {
    const releasedMs = now()
    const { books, core } = this.#origin
    const exchanges: Exchange[] = []
    for (const ticket of tickets) {
      const exchange = this.#held.get(ticket)
      if (!exchange) continue
      this.#held.delete(ticket)
      books.heldOf(exchange.edge?.site, -1)
      exchange.releasedMs = releasedMs
      exchange.reason = verdict.reason
      if (verdict.do === 'serve') exchange.publishedMs = verdict.candidate.storedMs
      books.holdEnded(between(exchange.arrivedMs, releasedMs), core.eventConfig().longestHoldMs, verdict.reason)
      exchanges.push(exchange)
    }
    books.held(this.#held.size, releasedMs)
    this.#whenSlow(() => {
      if (verdict.do === 'serve') this.#replies.serve(exchanges, verdict, fresh)
      else for (const exchange of exchanges) this.#replies.refuse(exchange, verdict)
    })
  }

  #answer(exchange: Exchange, verdict: OriginVerdict): void {
    const isCurrent = verdict.do === 'serve' && isKnown(exchange.field('if-none-match'), verdict.candidate.etag)
    if (isCurrent) exchange.reason = 'not-modified'
    this.#origin.books.reason(isCurrent ? 'not-modified' : verdict.reason)
    this.#whenSlow(() => {
      if (verdict.do === 'serve') this.#replies.serve([exchange], verdict, undefined)
      else if (verdict.do === 'refuse') this.#replies.refuse(exchange, verdict)
      else if (verdict.do === 'describe') this.#replies.describe(exchange, verdict)
    })
  }

  /** Answers at once, or as much later as the fault switch says. */
  #whenSlow(answer: () => void): void {
    const { slowMs } = this.#origin.core.faults()
    if (slowMs === 0) answer()
    else setTimeout(answer, slowMs)
  }

  #note({ id, path, arrivedMs, edge }: Exchange, verdict: OriginVerdict, ticket: TicketId | undefined): void {
    const { log } = this.#origin
    log.write({
      note: 'request',
      id,
      ticket,
      path,
      atMs: arrivedMs,
      ...edge,
      verdict: { do: verdict.do, reason: verdict.reason },
    })
  }

  #ended(exchange: Exchange): void {
    const { books, core, log } = this.#origin
    const endedMs = now()
    const { response, request, address, id, arrivedMs, releasedMs, headMs, edge } = exchange
    const bytes = exchange.writtenBytes()
    books.ended(exchange, endedMs)
    books.heldPublication(exchange)
    books.sent(bytes, between(releasedMs ?? arrivedMs, endedMs), endedMs)
    if (address?.kind === 'segment' && address.event === core.eventConfig().event) {
      const isWhole = response.statusCode === 200 && request.method === 'GET' && response.writableFinished
      const site = books.siteOf(edge?.site)
      books.segmentEnded(core.eventConfig(), address, { site, isFill: isWhole, arrivedMs }, endedMs)
    }
    const status = headMs === undefined ? undefined : response.statusCode
    log.write({ note: 'sent', id, status, firstByteMs: headMs, lastByteMs: endedMs, bytes, ...edge })
  }
}
