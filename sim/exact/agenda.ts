import type { EpochMs } from '../../live/units.ts'
import { EventQueue } from '../event-queue.ts'

// What is to happen in a world, and who does it. A slot of the queue is a seat (a player that wants to be woken) or a
// transient: a request of a player on its way, or a call. There are as many seats as the largest fleet has players.

/** Names a call that is to come. */
export type CallId = number
export const noCall: CallId = -1

/** Does what is due for a player or a request. */
export interface Attendant {
  /**
   * It will be due shortly, in a group with others. What is read of all of them first, one behind the other, the
   * processor fetches from memory side by side; when they are due it is at hand. In a large fleet nothing else is. First
   * all requests of the group are looked at, then what each of them says will be needed.
   */
  lookAt(transient: number): void
  dueSoon(transient: number): void
  wakesSoon(seat: number): void
  /** All of the group have been named. */
  bringNear(): void
  wake(seat: number, now: EpochMs): void
  due(transient: number, now: EpochMs): void
}

type Call = (now: EpochMs) => void

export class Agenda {
  readonly seats: number
  readonly #queue: EventQueue
  readonly #calls: (Call | undefined)[] = []
  readonly #free: number[] = []
  #transients = 0
  #events = 0

  constructor(startMs: EpochMs, bucketMs: number, seats: number) {
    this.seats = seats
    this.#queue = new EventQueue(startMs, bucketMs, seats)
  }

  get nowMs(): EpochMs {
    return this.#queue.nowMs
  }

  /** How many events there have been. */
  get events(): number {
    return this.#events
  }

  /** The largest number of transients that there were at once. */
  get transients(): number {
    return this.#transients
  }

  /** When `seat` is woken; Infinity when it is not. */
  wakeMs(seat: number): EpochMs {
    return this.#queue.dueMs(seat)
  }

  /** `seat` is to be woken at `atMs`, but not before it is released: something of its own comes before. */
  holdSeat(seat: number, atMs: EpochMs): void {
    this.#queue.hold(seat, atMs)
  }

  /** A seat that is held will be woken. */
  releaseSeat(seat: number): void {
    this.#queue.release(seat)
  }

  /** Reads what the agenda has of the first `count` of `seats`, so that it is at hand. */
  bringNear(seats: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#queue.bringNear(seats[i] as number)
  }

  leaveSeat(seat: number): void {
    this.#queue.remove(seat)
  }

  /** A transient of one's own, which is put in by `putTransient` and given back by `free`. */
  take(): number {
    const free = this.#free.pop()
    if (free !== undefined) return free
    // Without holes: the engine looks things up fast in such a list.
    this.#calls.push(undefined)
    return this.#transients++
  }

  free(transient: number): void {
    this.#queue.remove(this.seats + transient)
    this.#free.push(transient)
  }

  putTransient(transient: number, atMs: EpochMs): void {
    this.#queue.put(this.seats + transient, atMs)
  }

  /** `call` is made at `atMs`, unless it is taken back. */
  at(atMs: EpochMs, call: Call): CallId {
    const transient = this.take()
    this.#calls[transient] = call
    this.putTransient(transient, atMs)
    return transient
  }

  /** The call is not made; one that has been made is none of ours any more. */
  takeBack(id: CallId): void {
    if (id === noCall || this.#calls[id] === undefined) return
    this.#calls[id] = undefined
    this.free(id)
  }

  /** Lets time pass until `untilMs`, or until so many events have been; whether `untilMs` was reached. */
  run(untilMs: EpochMs, mostEvents: number, attendant: Attendant): boolean {
    const queue = this.#queue
    queue.onBucket = (slots, count) => this.#tell(slots, count, attendant)
    for (let left = mostEvents; left > 0; left--) {
      const slot = queue.take(untilMs)
      if (slot < 0) return true
      this.#events++
      if (slot < this.seats) attendant.wake(slot, queue.nowMs)
      else {
        const transient = slot - this.seats
        const call = this.#calls[transient]
        if (call === undefined) attendant.due(transient, queue.nowMs)
        else {
          this.#calls[transient] = undefined
          this.#free.push(transient)
          call(queue.nowMs)
        }
      }
    }
    return false
  }

  #tell(slots: Int32Array, count: number, attendant: Attendant): void {
    const { seats } = this
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number
      if (slot >= seats && this.#calls[slot - seats] === undefined) attendant.lookAt(slot - seats)
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i] as number
      if (slot < seats) attendant.wakesSoon(slot)
      else if (this.#calls[slot - seats] === undefined) attendant.dueSoon(slot - seats)
    }
    attendant.bringNear()
  }
}
