import type { Bytes, EpochMs } from '../../live/units.ts'

// A link that its flows share fairly: each of n flows has the rate min(own limit, capacity / n) at every instant
// (processor sharing). With one limit for all flows that is the max-min fair allocation, exactly; where a flow crosses
// several shared links, each shares by itself, and the slowest decides.
//
// All flows have the same rate, so "how many bytes has a flow got that began at the very start" is one number, the
// service; a flow ends when the service has grown by its bytes. So a link keeps a heap of ends and one event, whatever
// comes and goes; and none at all where nothing bounds it.

export interface Flow {
  /** The last byte has gone through at `at`. */
  through(at: EpochMs): void
}

interface Running {
  readonly endService: number
  readonly turn: number
  readonly flow: Flow
}

export interface LinkOptions {
  /** Null: nothing bounds it. */
  readonly bitsPerSecond: number | null
  /** What one flow gets at most. */
  readonly flowBitsPerSecond?: number | undefined
  /** The next end has moved: call `settle` then; Infinity: nothing is under way. */
  readonly endsAt: (at: EpochMs) => void
}

/** Twice the step of a clock of epoch milliseconds, which is 2^-12 ms. */
const clockStepMs = 2 ** -11

export class SharedLink {
  readonly isBound: boolean
  readonly #capacity: number
  readonly #flowLimit: number
  readonly #endsAt: (at: EpochMs) => void
  readonly #heap: Running[] = []
  #service = 0
  #atMs = -Infinity
  #turn = 0

  constructor({ bitsPerSecond, flowBitsPerSecond = Infinity, endsAt }: LinkOptions) {
    this.isBound = bitsPerSecond !== null || flowBitsPerSecond !== Infinity
    this.#capacity = (bitsPerSecond ?? Infinity) / 8_000
    this.#flowLimit = flowBitsPerSecond / 8_000
    this.#endsAt = endsAt
  }

  get flows(): number {
    return this.#heap.length
  }

  /** `flow` begins to carry `bytes` at `now`. */
  send(flow: Flow, bytes: Bytes, now: EpochMs): void {
    if (!this.isBound) {
      flow.through(now)
      return
    }
    this.#serveUntil(now)
    this.#push({ endService: this.#service + (bytes as number), turn: this.#turn++, flow })
    this.#announce()
  }

  /** Ends every flow whose last byte is through at `now`. */
  settle(now: EpochMs): void {
    this.#serveUntil(now)
    // What takes less than the clock can tell ends now: its own instant would be this one again, for ever.
    const done = this.#service + 1e-6 + (this.#heap.length > 0 ? this.#rate() * clockStepMs : 0)
    const ended: Flow[] = []
    while (this.#heap.length > 0 && (this.#heap[0] as Running).endService <= done) ended.push(this.#pop().flow)
    this.#announce()
    for (const flow of ended) flow.through(now)
  }

  #rate(): number {
    return Math.min(this.#flowLimit, this.#capacity / this.#heap.length)
  }

  #serveUntil(now: EpochMs): void {
    if (this.#heap.length > 0) this.#service += this.#rate() * ((now as number) - this.#atMs)
    this.#atMs = now as number
  }

  #announce(): void {
    const [first] = this.#heap
    this.#endsAt(first ? this.#atMs + Math.max(0, first.endService - this.#service) / this.#rate() : Infinity)
  }

  #push(running: Running): void {
    const heap = this.#heap
    let child = heap.length
    heap.push(running)
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (isBefore(heap[parent] as Running, running)) break
      heap[child] = heap[parent] as Running
      child = parent
    }
    heap[child] = running
  }

  #pop(): Running {
    const heap = this.#heap
    const first = heap[0] as Running
    const last = heap.pop() as Running
    if (heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Running, heap[child] as Running)) child++
      if (isBefore(last, heap[child] as Running)) break
      heap[place] = heap[child] as Running
      place = child
    }
    heap[place] = last
    return first
  }
}

const isBefore = (a: Running, b: Running): boolean =>
  a.endService < b.endService || (a.endService === b.endService && a.turn < b.turn)
