import type { EpochMs } from '../../live/units.ts'

// When each player wants to be woken next: a binary heap with the place of every seat, so that moving one entry costs
// O(log n) and nothing is allocated. Tens of thousands of players are moved thousands of times a second.

const nowhere = -1
const firstCapacity = 1_024

export class WakeQueue {
  /** By seat: its instant. */
  #at = new Float64Array(firstCapacity)
  /** By seat: where it stands in the heap, or `nowhere`. */
  #place = new Int32Array(firstCapacity).fill(nowhere)
  /** Seats, the earliest first. */
  #heap = new Int32Array(firstCapacity)
  #size = 0

  /** How many seats wait for an instant. */
  get size(): number {
    return this.#size
  }

  /** The earliest instant; Infinity when nobody waits. */
  get nextMs(): EpochMs {
    return this.#size === 0 ? Infinity : (this.#at[this.#heap[0]!] as number)
  }

  /** The seat whose instant is the earliest and has come by `now`, or undefined. It stays until `set` moves it. */
  due(now: EpochMs): number | undefined {
    return this.nextMs <= now ? this.#heap[0] : undefined
  }

  /** `seat` (a small whole number) wants `atMs`, whatever it wanted before; Infinity takes it out. */
  set(seat: number, atMs: EpochMs): void {
    if (seat >= this.#at.length) this.#grow(seat)
    const place = this.#place[seat]!
    if (atMs === Infinity) {
      if (place !== nowhere) this.#remove(seat, place)
      return
    }
    this.#at[seat] = atMs
    if (place === nowhere) {
      this.#put(seat, this.#size++)
      this.#rise(seat)
    } else if (!this.#rise(seat)) {
      this.#sink(seat)
    }
  }

  #remove(seat: number, place: number): void {
    this.#place[seat] = nowhere
    const last = this.#heap[--this.#size]!
    if (last === seat) return
    this.#put(last, place)
    if (!this.#rise(last)) this.#sink(last)
  }

  #put(seat: number, place: number): void {
    this.#heap[place] = seat
    this.#place[seat] = place
  }

  /** Moves `seat` towards the top; whether it moved. */
  #rise(seat: number): boolean {
    const at = this.#at[seat]!
    const from = this.#place[seat]!
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#heap[parent]!
      if (this.#at[above]! <= at) break
      this.#put(above, place)
      place = parent
    }
    this.#put(seat, place)
    return place !== from
  }

  #sink(seat: number): void {
    const at = this.#at[seat]!
    let place = this.#place[seat]!
    for (;;) {
      let child = 2 * place + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && this.#at[this.#heap[child + 1]!]! < this.#at[this.#heap[child]!]!) child++
      const below = this.#heap[child]!
      if (this.#at[below]! >= at) break
      this.#put(below, place)
      place = child
    }
    this.#put(seat, place)
  }

  #grow(seat: number): void {
    const capacity = Math.max(seat + 1, this.#at.length * 2)
    const widened = <Cells extends Float64Array | Int32Array>(cells: Cells, into: Cells): Cells => {
      into.set(cells)
      return into
    }
    this.#at = widened(this.#at, new Float64Array(capacity))
    this.#heap = widened(this.#heap, new Int32Array(capacity))
    this.#place = widened(this.#place, new Int32Array(capacity).fill(nowhere))
  }
}
