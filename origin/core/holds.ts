import type { EpochMs } from '../../live/units.ts'
import type { SegmentEntry } from './segment-index.ts'
import type { TicketId } from './verdict.ts'

// Requests that wait for a segment. All of one segment have the same bound from their arrivals, so the first to arrive
// is the first to end.

export interface Hold {
  readonly ticket: TicketId
  /** How many alike requests wait under this ticket. */
  readonly count: number
  readonly untilMs: EpochMs
}

/** When the first hold of `entry` ends; Infinity when none waits. */
export const firstHoldEndMs = (entry: SegmentEntry): EpochMs => {
  for (const hold of entry.holds.values()) return hold.untilMs
  return Infinity
}

export class Holds {
  readonly #entries = new Map<TicketId, SegmentEntry>()
  #lastTicket = 0
  #waiting = 0

  /** Requests that wait, over all segments. */
  get waiting(): number {
    return this.#waiting
  }

  /** Lets `count` requests wait for `entry`, `untilMs` at most. */
  add(entry: SegmentEntry, count: number, untilMs: EpochMs): TicketId {
    const ticket = ++this.#lastTicket
    entry.holds.set(ticket, { ticket, count, untilMs })
    this.#entries.set(ticket, entry)
    this.#waiting += count
    return ticket
  }

  /** The segment that this ticket waits for; undefined when it was answered or has left. */
  entryOf(ticket: TicketId): SegmentEntry | undefined {
    return this.#entries.get(ticket)
  }

  /** Takes out the holds of `entry` that end at `now` or earlier; all of them when `now` is Infinity. */
  take(entry: SegmentEntry, now: EpochMs): TicketId[] {
    const tickets: TicketId[] = []
    for (const { ticket, untilMs } of entry.holds.values()) {
      if (untilMs > now) break
      tickets.push(ticket)
    }
    for (const ticket of tickets) this.leave(ticket)
    return tickets
  }

  /** Nothing more will be sent under this ticket. Unknown ones are those that were answered a moment ago. */
  leave(ticket: TicketId): void {
    const entry = this.#entries.get(ticket)
    if (!entry) return
    this.#waiting -= entry.holds.get(ticket)?.count ?? 0
    entry.holds.delete(ticket)
    this.#entries.delete(ticket)
  }
}
