import type { EpochMs } from '../live/units.ts'

// The agenda of a virtual world: which slot (a small whole number that its owner has a meaning for) comes next. Order is
// by time, then by when it was put in, so that the same world takes the same course. A hierarchical timing wheel
// (Varghese and Lauck 1987): putting in, moving and taking out cost O(1); only the few entries of the bucket whose time
// has come are sorted, in a heap. Everything lies in typed arrays: nothing is allocated while time passes.
//
// | where a slot is | its instant                                                     |
// |-----------------|-----------------------------------------------------------------|
// | current         | in the bucket under way, or before it                           |
// | fine            | in a later bucket of the stretch of `bucketsALevel` under way   |
// | coarse          | in one of the next `bucketsALevel` stretches                    |
// | far             | later than those; looked through now and then                   |

const bucketsALevel = 1_024
const nowhere = -1
const inCurrent = -2
const farBucket = 2 * bucketsALevel
const noSlot = -1
const firstCapacity = 256

export class EventQueue {
  /** Two numbers for each slot, side by side because they are read together: its instant and its turn. */
  #when = new Float64Array(2 * firstCapacity)
  /** Four for each slot: the next one in its bucket, the one before, and the bucket. */
  #where = new Int32Array(4 * firstCapacity).fill(nowhere)
  /** First slot of each bucket: fine ones, then coarse ones, then the far one. */
  readonly #first = new Int32Array(2 * bucketsALevel + 1).fill(noSlot)
  readonly #startMs: EpochMs
  readonly #bucketsAMs: number
  #turn = 0
  /** The bucket under way, and the stretch that it is of, both counted from `startMs`. */
  #bucket = 0
  #stretch = 0
  #fineSize = 0
  #coarseSize = 0
  #farSize = 0
  #lookAtFarIn = bucketsALevel / 2
  // The heap of the bucket under way; entries whose slot has moved since are passed over.
  #heapAt = new Float64Array(firstCapacity)
  #heapTurn = new Float64Array(firstCapacity)
  #heapSlot = new Int32Array(firstCapacity)
  #heapSize = 0
  #nowMs: EpochMs

  /**
   * @param bucketMs about the time in which a few dozen events fall: smaller buckets are skipped, larger ones sorted
   * @param slots for how many there is room from the beginning
   */
  constructor(startMs: EpochMs, bucketMs: number, slots = 0) {
    if (slots > 0) this.#grow(slots - 1)
    this.#startMs = startMs
    this.#nowMs = startMs
    this.#bucketsAMs = 1 / bucketMs
  }

  /** The instant of the last event that was taken. */
  get nowMs(): EpochMs {
    return this.#nowMs
  }

  /** When `slot` is due; Infinity when it is not put in. */
  dueMs(slot: number): EpochMs {
    return 2 * slot < this.#when.length && this.#where[4 * slot + 2] !== nowhere
      ? (this.#when[2 * slot] as number)
      : Infinity
  }

  /** `slot` is due at `atMs`, whatever it was due at before; what is past is due now. */
  put(slot: number, atMs: EpochMs): void {
    if (2 * slot >= this.#when.length) this.#grow(slot)
    if ((this.#where[4 * slot + 2] as number) >= 0) this.#unlink(slot)
    this.#when[2 * slot] = (atMs as number) < (this.#nowMs as number) ? (this.#nowMs as number) : (atMs as number)
    this.#when[2 * slot + 1] = ++this.#turn
    this.#place(slot)
  }

  /** `slot` is due no more. */
  remove(slot: number): void {
    if (2 * slot >= this.#when.length) return
    if ((this.#where[4 * slot + 2] as number) >= 0) this.#unlink(slot)
    this.#where[4 * slot + 2] = nowhere
    this.#when[2 * slot + 1] = 0
  }

  /** Takes the first slot that is due at `untilMs` or earlier, and sets the clock; -1 when there is none. */
  take(untilMs: EpochMs): number {
    for (;;) {
      while (this.#heapSize > 0) {
        const slot = this.#heapSlot[0] as number
        const stands = this.#when[2 * slot + 1] === this.#heapTurn[0] && this.#where[4 * slot + 2] === inCurrent
        if (stands && (this.#heapAt[0] as number) > (untilMs as number)) return noSlot
        if (stands) this.#nowMs = this.#heapAt[0] as number
        this.#popHeap()
        if (!stands) continue
        this.#where[4 * slot + 2] = nowhere
        return slot
      }
      if (!this.#advance(untilMs)) return noSlot
    }
  }

  /** Goes to the next bucket that is not empty; false when all are, or it begins behind `untilMs`. */
  #advance(untilMs: EpochMs): boolean {
    while (this.#fineSize + this.#coarseSize + this.#farSize > 0) {
      if (this.#fineSize > 0) {
        const next = this.#nextFine()
        if (next > ((untilMs as number) - (this.#startMs as number)) * this.#bucketsAMs) return false
        this.#bucket = next
        this.#fineSize -= this.#empty(next % bucketsALevel)
        return true
      }
      const nextStretch = this.#coarseSize > 0 ? this.#stretch + 1 : this.#farStretch()
      if (nextStretch * bucketsALevel > ((untilMs as number) - (this.#startMs as number)) * this.#bucketsAMs)
        return false
      this.#enterStretch(nextStretch)
      if (this.#heapSize > 0) return true
    }
    return false
  }

  #nextFine(): number {
    let bucket = this.#bucket + 1
    while (this.#first[bucket % bucketsALevel] === noSlot) bucket++
    return bucket
  }

  #enterStretch(stretch: number): void {
    this.#lookAtFarIn -= stretch - this.#stretch
    this.#stretch = stretch
    this.#bucket = stretch * bucketsALevel
    this.#coarseSize -= this.#empty(bucketsALevel + (stretch % bucketsALevel))
    if (this.#farSize === 0 || this.#lookAtFarIn > 0) return
    this.#lookAtFarIn = bucketsALevel / 2
    const size = this.#farSize
    this.#farSize = 0
    if (this.#empty(farBucket) !== size) throw new Error('the far bucket has lost a slot')
  }

  /** The first stretch in which something far is due; everything else is empty then. */
  #farStretch(): number {
    let first = Infinity
    for (let slot = this.#first[farBucket] as number; slot !== noSlot; slot = this.#where[4 * slot] as number) {
      first = Math.min(first, Math.floor(this.#bucketAt(slot) / bucketsALevel))
    }
    this.#lookAtFarIn = 0
    return first
  }

  /** Places every slot of `bucket` anew; how many there were. */
  #empty(bucket: number): number {
    let slot = this.#first[bucket] as number
    this.#first[bucket] = noSlot
    let count = 0
    while (slot !== noSlot) {
      const next = this.#where[4 * slot] as number
      this.#place(slot)
      slot = next
      count++
    }
    return count
  }

  #bucketAt(slot: number): number {
    return Math.floor(((this.#when[2 * slot] as number) - (this.#startMs as number)) * this.#bucketsAMs)
  }

  #place(slot: number): void {
    const bucket = this.#bucketAt(slot)
    if (bucket <= this.#bucket) {
      this.#where[4 * slot + 2] = inCurrent
      this.#pushHeap(slot)
      return
    }
    const stretch = Math.floor(bucket / bucketsALevel)
    if (stretch === this.#stretch) {
      this.#fineSize++
      this.#link(slot, bucket % bucketsALevel)
    } else if (stretch - this.#stretch < bucketsALevel) {
      this.#coarseSize++
      this.#link(slot, bucketsALevel + (stretch % bucketsALevel))
    } else {
      this.#farSize++
      this.#link(slot, farBucket)
    }
  }

  #link(slot: number, bucket: number): void {
    const first = this.#first[bucket] as number
    this.#where[4 * slot] = first
    this.#where[4 * slot + 1] = noSlot
    if (first !== noSlot) this.#where[4 * first + 1] = slot
    this.#first[bucket] = slot
    this.#where[4 * slot + 2] = bucket
  }

  #unlink(slot: number): void {
    const bucket = this.#where[4 * slot + 2] as number
    const next = this.#where[4 * slot] as number
    const before = this.#where[4 * slot + 1] as number
    if (before === noSlot) this.#first[bucket] = next
    else this.#where[4 * before] = next
    if (next !== noSlot) this.#where[4 * next + 1] = before
    if (bucket < bucketsALevel) this.#fineSize--
    else if (bucket < farBucket) this.#coarseSize--
    else this.#farSize--
  }

  #pushHeap(slot: number): void {
    if (this.#heapSize === this.#heapAt.length) this.#growHeap()
    const at = this.#when[2 * slot] as number
    const turn = this.#when[2 * slot + 1] as number
    let child = this.#heapSize++
    while (child > 0) {
      const parent = (child - 1) >> 1
      const parentAt = this.#heapAt[parent] as number
      if (parentAt < at || (parentAt === at && (this.#heapTurn[parent] as number) < turn)) break
      this.#copyHeap(parent, child)
      child = parent
    }
    this.#heapAt[child] = at
    this.#heapTurn[child] = turn
    this.#heapSlot[child] = slot
  }

  #popHeap(): void {
    const size = --this.#heapSize
    const at = this.#heapAt[size] as number
    const turn = this.#heapTurn[size] as number
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      if (child + 1 < size && this.#isBefore(child + 1, child)) child++
      const childAt = this.#heapAt[child] as number
      if (at < childAt || (at === childAt && turn < (this.#heapTurn[child] as number))) break
      this.#copyHeap(child, place)
      place = child
    }
    this.#copyHeap(size, place)
  }

  #isBefore(a: number, b: number): boolean {
    const [atA, atB] = [this.#heapAt[a] as number, this.#heapAt[b] as number]
    return atA < atB || (atA === atB && (this.#heapTurn[a] as number) < (this.#heapTurn[b] as number))
  }

  #copyHeap(from: number, to: number): void {
    this.#heapAt[to] = this.#heapAt[from] as number
    this.#heapTurn[to] = this.#heapTurn[from] as number
    this.#heapSlot[to] = this.#heapSlot[from] as number
  }

  #grow(slot: number): void {
    const from = this.#when.length / 2
    const capacity = Math.max(slot + 1, Math.ceil(from * 1.25))
    this.#when = widened(this.#when, new Float64Array(2 * capacity))
    this.#where = widened(this.#where, new Int32Array(4 * capacity).fill(nowhere))
  }

  #growHeap(): void {
    const capacity = this.#heapAt.length * 2
    this.#heapAt = widened(this.#heapAt, new Float64Array(capacity))
    this.#heapTurn = widened(this.#heapTurn, new Float64Array(capacity))
    this.#heapSlot = widened(this.#heapSlot, new Int32Array(capacity))
  }
}

/** `cells` at the beginning of the larger array `into`. */
export function widened<Cells extends Float64Array | Int32Array | Uint8Array | Int16Array>(
  cells: Cells,
  into: Cells,
): Cells {
  into.set(cells)
  return into
}
