import type { TicketId } from '../../edge/core/verdict.ts'
import type { Bytes, EpochMs } from '../../live/units.ts'
import type { RequestNumber } from '../../loadgen/player/player-io.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { ObjectId } from '../objects.ts'

// The requests of players that are under way. They are as many as there are at once, which is few beside the players, and
// are used again and again: what one request needs lies together, and nothing is made for each.

export const at = {
  free: 0,
  /** On its way to the edge. */
  toEdge: 1,
  /** Waits at the edge for a fill; due when its player gives up waiting for the first byte. */
  waiting: 2,
  /** Its head is on its way, its body still arrives at the edge; due when its player gives up. */
  reading: 3,
  /** The last byte is on its way; due when it is there. */
  toPlayer: 4,
  /** Its answer comes later than its player waits; due when the player gives up. */
  late: 5,
  /** Its answer is there, and the generator is at it; due when it is through. */
  read: 6,
} as const

/** How a request ended, beside its status. */
export const results = { status: 0, refused: 1, reset: 2, timeout: 3 } as const
export const resultNames = ['status', 'refused', 'reset', 'timeout'] as const

/** What the cache nearest to the player said. */
export const said = { nothing: 0, hit: 1, collapsed: 2, forwarded: 3 } as const

export class Exchange {
  /** Its number in the agenda. */
  readonly transient: number
  state: number = at.free
  seat = 0
  /** The player's own number of the request. */
  request: RequestNumber = 0
  object: ObjectId = 0
  edge = 0
  /** The next one of the same player that is under way. */
  next: Exchange | undefined
  /** The core's ticket while it waits. */
  ticket: TicketId = 0
  // NaN, because the engine keeps a field that began as a fraction as one.
  /** When it is next due in the agenda. */
  dueMs: EpochMs = Number.NaN
  /** When its player is to be woken. */
  wakeMs: EpochMs = Number.NaN
  plannedMs: EpochMs = Number.NaN
  sentMs: EpochMs = Number.NaN
  firstByteByMs: EpochMs = Number.NaN
  /** At the edge. */
  arrivedMs: EpochMs = Number.NaN
  firstByteMs: EpochMs = Number.NaN
  lastByteMs: EpochMs = Number.NaN
  availableMs: EpochMs = Number.NaN
  bytes: Bytes = 0
  status = 0
  result: number = results.status
  /** 1: the body is another object's, or not whole. */
  wrong = 0
  said: number = said.nothing
  /** The place of the edge's reason in the list of reasons. */
  reason = 0
  playlist: PlaylistSegments | undefined

  constructor(transient: number) {
    this.transient = transient
  }
}

/** Every exchange there is, by its number in the agenda. */
export class Exchanges {
  readonly #all: Exchange[] = []

  of(transient: number): Exchange {
    // One for each number below it as well: the engine looks things up fast in a list without holes.
    for (let next = this.#all.length; next <= transient; next++) this.#all.push(new Exchange(next))
    return this.#all[transient] as Exchange
  }

  all(): readonly Exchange[] {
    return this.#all
  }
}
