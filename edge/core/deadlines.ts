import type { EpochMs } from '../../live/units.ts'

// A binary heap of things by instant; among equal instants the one that was put in first comes first, so that a replay
// takes them in the same order. What became pointless is skipped when it reaches the top (`stands` says whether it
// still stands), so that nothing has to be searched for; when they might be the most, all of them are cleared away.

interface Item<Thing> {
  readonly atMs: EpochMs
  readonly turn: number
  readonly thing: Thing
}

export class Deadlines<Thing> {
  #heap: Item<Thing>[] = []
  #turn = 0
  #clearAt = 64
  readonly #stands: (thing: Thing, atMs: EpochMs) => boolean

  /** `stands` says whether a thing put in for `atMs` still means anything. */
  constructor(stands: (thing: Thing, atMs: EpochMs) => boolean) {
    this.#stands = stands
  }

  get size(): number {
    return this.#heap.length
  }

  put(atMs: EpochMs, thing: Thing): void {
    if (this.#heap.length >= this.#clearAt) this.#clear()
    const heap = this.#heap
    heap.push({ atMs, turn: this.#turn++, thing })
    let child = heap.length - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!isBefore(heap[child]!, heap[parent]!)) break
      swap(heap, child, parent)
      child = parent
    }
  }

  /** The first thing that stands, left where it is. */
  first(): { readonly atMs: EpochMs; readonly thing: Thing } | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (!top || this.#stands(top.thing, top.atMs)) return top
      this.#removeTop()
    }
  }

  /** Takes out the first thing that stands and is due at `now`. */
  takeDue(now: EpochMs): Thing | undefined {
    const top = this.first()
    if (!top || top.atMs > now) return undefined
    this.#removeTop()
    return top.thing
  }

  /** A sorted array is a heap. */
  #clear(): void {
    this.#heap = this.#heap.filter(({ thing, atMs }) => this.#stands(thing, atMs))
    this.#heap.sort((a, b) => (isBefore(a, b) ? -1 : 1))
    this.#clearAt = Math.max(64, 2 * this.#heap.length)
  }

  #removeTop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    heap[0] = last
    for (let parent = 0; ; ) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child
      }
      if (least === parent) return
      swap(heap, parent, least)
      parent = least
    }
  }
}

const isBefore = <Thing>(a: Item<Thing>, b: Item<Thing>): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.turn < b.turn)

function swap<Thing>(heap: Item<Thing>[], a: number, b: number): void {
  const kept = heap[a]!
  heap[a] = heap[b]!
  heap[b] = kept
}
