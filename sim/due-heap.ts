import { widened } from './widened.ts'

// The entries of an event queue whose time has nearly come, sorted as far as the next one: by instant, then by turn.

const firstCapacity = 256

export class DueHeap {
  #size = 0
  #at = new Float64Array(firstCapacity)
  #turn = new Float64Array(firstCapacity)
  #slot = new Int32Array(firstCapacity)

  get size(): number {
    return this.#size
  }

  /** The slots of its entries: as many as `size`, in no order. */
  get slots(): Int32Array {
    return this.#slot
  }

  get firstSlot(): number {
    return this.#slot[0] as number
  }

  get firstAt(): number {
    return this.#at[0] as number
  }

  get firstTurn(): number {
    return this.#turn[0] as number
  }

  push(slot: number, at: number, turn: number): void {
    if (this.#size === this.#at.length) this.#grow()
    let child = this.#size++
    while (child > 0) {
      const parent = (child - 1) >> 1
      const parentAt = this.#at[parent] as number
      if (parentAt < at || (parentAt === at && (this.#turn[parent] as number) < turn)) break
      this.#copy(parent, child)
      child = parent
    }
    this.#at[child] = at
    this.#turn[child] = turn
    this.#slot[child] = slot
  }

  /** The first one goes. */
  pop(): void {
    const size = --this.#size
    const at = this.#at[size] as number
    const turn = this.#turn[size] as number
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      if (child + 1 < size && this.#isBefore(child + 1, child)) child++
      const childAt = this.#at[child] as number
      if (at < childAt || (at === childAt && turn < (this.#turn[child] as number))) break
      this.#copy(child, place)
      place = child
    }
    this.#copy(size, place)
  }

  #isBefore(a: number, b: number): boolean {
    const [atA, atB] = [this.#at[a] as number, this.#at[b] as number]
    return atA < atB || (atA === atB && (this.#turn[a] as number) < (this.#turn[b] as number))
  }

  #copy(from: number, to: number): void {
    this.#at[to] = this.#at[from] as number
    this.#turn[to] = this.#turn[from] as number
    this.#slot[to] = this.#slot[from] as number
  }

  #grow(): void {
    const capacity = this.#at.length * 2
    this.#at = widened(this.#at, new Float64Array(capacity))
    this.#turn = widened(this.#turn, new Float64Array(capacity))
    this.#slot = widened(this.#slot, new Int32Array(capacity))
  }
}
