import type { EventState } from '../../live/live-state.ts'
import type { EpochMs } from '../../live/units.ts'
import { Deadlines } from './deadlines.ts'
import type { Fill, Ticket } from './state.ts'
import type { Question, TicketId } from './verdict.ts'

// Who waits at this edge, for which fill, and until when. A ticket is one request or `count` alike ones that came
// together; nothing waits without a deadline.

export class Tickets {
  readonly #tickets = new Map<TicketId, Ticket>()
  readonly #deadlines = new Deadlines<Ticket>((ticket, atMs) => {
    return this.#tickets.has(ticket.id) && ticket.wakeMs === atMs
  })
  #lastId = 0
  #waiting = 0

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting
  }

  get(id: TicketId): Ticket | undefined {
    return this.#tickets.get(id)
  }

  open(question: Question, count: number, known: EventState | undefined, now: EpochMs, deadlineMs: EpochMs): Ticket {
    const times = { arrivedMs: now, deadlineMs, wakeMs: deadlineMs }
    const ticket: Ticket = { id: ++this.#lastId, question, count, known, ...times, fill: undefined, began: false }
    this.#tickets.set(ticket.id, ticket)
    this.#waiting += count
    this.#deadlines.put(deadlineMs, ticket)
    return ticket
  }

  /** The ticket waits for `fill`; `began`: it started it. */
  attach(ticket: Ticket, fill: Fill, began: boolean): void {
    ticket.fill?.waiting.delete(ticket)
    ticket.fill = fill
    ticket.began = began
    fill.waiting.add(ticket)
    this.wakeAt(ticket, ticket.deadlineMs)
  }

  /** The ticket waits for nothing in particular: until it looks again. */
  detach(ticket: Ticket): void {
    ticket.fill?.waiting.delete(ticket)
    ticket.fill = undefined
    ticket.began = false
  }

  /** It is looked at then, and never later than at its deadline. */
  wakeAt(ticket: Ticket, atMs: EpochMs): void {
    const wakeMs = Math.min(atMs as number, ticket.deadlineMs as number)
    if (ticket.wakeMs === wakeMs) return
    ticket.wakeMs = wakeMs
    this.#deadlines.put(wakeMs, ticket)
  }

  /** It has been delivered or answered. */
  close(ticket: Ticket): void {
    this.detach(ticket)
    if (this.#tickets.delete(ticket.id)) this.#waiting -= ticket.count
  }

  /** One of its clients has left. */
  leave(ticket: Ticket): void {
    if (ticket.count <= 1) {
      this.close(ticket)
      return
    }
    ticket.count--
    this.#waiting--
  }

  nextWakeMs(): EpochMs | undefined {
    return this.#deadlines.first()?.atMs
  }

  takeDue(now: EpochMs): Ticket | undefined {
    return this.#deadlines.takeDue(now)
  }
}
