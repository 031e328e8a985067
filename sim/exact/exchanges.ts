import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import { widened } from '../event-queue.ts'

// The requests of players that are under way, by the number of their transient in the agenda. Columns of numbers, because
// a fleet of a million players has hundreds of thousands of them at once.

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

const firstCapacity = 256

export class Exchanges {
  state = new Uint8Array(firstCapacity)
  seat = new Int32Array(firstCapacity)
  /** The player's own number of the request. */
  request = new Int32Array(firstCapacity)
  object = new Int32Array(firstCapacity)
  edge = new Int16Array(firstCapacity)
  /** The next request of the same player that is under way, or -1. */
  next = new Int32Array(firstCapacity)
  /** The core's ticket while it waits. */
  ticket = new Float64Array(firstCapacity)
  plannedMs = new Float64Array(firstCapacity)
  sentMs = new Float64Array(firstCapacity)
  firstByteByMs = new Float64Array(firstCapacity)
  /** At the edge. */
  arrivedMs = new Float64Array(firstCapacity)
  firstByteMs = new Float64Array(firstCapacity)
  lastByteMs = new Float64Array(firstCapacity)
  availableMs = new Float64Array(firstCapacity)
  bytes = new Int32Array(firstCapacity)
  status = new Int16Array(firstCapacity)
  result = new Uint8Array(firstCapacity)
  /** 1: the body is another object's, or not whole. */
  wrong = new Uint8Array(firstCapacity)
  said = new Uint8Array(firstCapacity)
  /** The place of the edge's reason in the list of reasons. */
  reason = new Uint8Array(firstCapacity)
  readonly playlist: (PlaylistSegments | undefined)[] = []

  /** Makes room for `transient`. */
  reach(transient: number): void {
    if (transient < this.state.length) return
    const capacity = Math.max(transient + 1, Math.ceil(this.state.length * 1.5))
    this.state = widened(this.state, new Uint8Array(capacity))
    this.seat = widened(this.seat, new Int32Array(capacity))
    this.request = widened(this.request, new Int32Array(capacity))
    this.object = widened(this.object, new Int32Array(capacity))
    this.edge = widened(this.edge, new Int16Array(capacity))
    this.next = widened(this.next, new Int32Array(capacity))
    this.ticket = widened(this.ticket, new Float64Array(capacity))
    this.plannedMs = widened(this.plannedMs, new Float64Array(capacity))
    this.sentMs = widened(this.sentMs, new Float64Array(capacity))
    this.firstByteByMs = widened(this.firstByteByMs, new Float64Array(capacity))
    this.arrivedMs = widened(this.arrivedMs, new Float64Array(capacity))
    this.firstByteMs = widened(this.firstByteMs, new Float64Array(capacity))
    this.lastByteMs = widened(this.lastByteMs, new Float64Array(capacity))
    this.availableMs = widened(this.availableMs, new Float64Array(capacity))
    this.bytes = widened(this.bytes, new Int32Array(capacity))
    this.status = widened(this.status, new Int16Array(capacity))
    this.result = widened(this.result, new Uint8Array(capacity))
    this.wrong = widened(this.wrong, new Uint8Array(capacity))
    this.said = widened(this.said, new Uint8Array(capacity))
    this.reason = widened(this.reason, new Uint8Array(capacity))
  }
}
