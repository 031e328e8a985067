import type { EpochMs } from '../live/units.ts'
import { Buckets } from './buckets.ts'
import { DueHeap } from './due-heap.ts'
import { haveRead } from './read-ahead.ts'
import { widened } from './widened.ts'

// The agenda of a virtual world: which slot (a small whole number that its owner has a meaning for) comes next. Order is
// by time, then by when it was put in, so that the same world takes the same course. A hierarchical timing wheel
// (Varghese and Lauck 1987): putting in, moving and taking out cost O(1); only the few entries of the bucket whose time
// has come are sorted, in a heap. Everything lies in typed arrays: nothing is allocated while time passes. A slot that is
// moved or removed leaves its old entry where it was, which is passed over when its bucket's time comes.
//
// | where a slot is | its instant                                                                          |
// |-----------------|--------------------------------------------------------------------------------------|
// | nowhere         | none: it is not put in                                                               |
// | held            | known, but something else of its owner comes before it and will release or move it   |
// | current         | in the bucket under way, or before it                                                |
// | fine            | in a later bucket of the stretch of `bucketsALevel` under way                        |
// | coarse          | in one of the next `bucketsALevel` stretches                                         |
// | far             | later than those; looked through now and then                                        |

const bucketsALevel = 4_096
const nowhere = -1
const inCurrent = -2
const isHeld = -3
const farBucket = 2 * bucketsALevel
const noSlot = -1
const firstCapacity = 256
/** So many slots are read one behind the other before the first of them is placed: the processor fetches them together. */
const readAhead = 32

/** Is told of `count` slots that are due next, in no order, before the first of them is taken. */
export type OnBucket = (slots: Int32Array, count: number) => void

export class EventQueue {
  onBucket: OnBucket = () => {}
  /** Two numbers for each slot, side by side because they are read together: its instant and its turn. */
  #when = new Float64Array(2 * firstCapacity)
  /** Where each slot is: its bucket, or one of the words above. */
  #where = new Int32Array(firstCapacity).fill(nowhere)
  /** Fine ones, then coarse ones, then the far one. */
  readonly #buckets = new Buckets(2 * bucketsALevel + 1)
  readonly #startMs: EpochMs
  readonly #bucketsAMs: number
  #turn = 0
  /** The bucket under way, and the stretch that it is of, both counted from `startMs`. */
  #bucket = 0
  #stretch = 0
  // Entries in each level, those that stand no more among them.
  #fineSize = 0
  #coarseSize = 0
  #farSize = 0
  #lookAtFarIn = bucketsALevel / 2
  readonly #current = new DueHeap()
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
    return slot < this.#where.length && this.#where[slot] !== nowhere ? (this.#when[2 * slot] as number) : Infinity
  }

  /** Reads what is kept of `slot`, so that the processor has it at hand when it is moved. */
  bringNear(slot: number): void {
    haveRead((this.#where[slot] as number) | (this.#when[2 * slot] as number))
  }

  /** `slot` is due at `atMs`, whatever it was due at before; what is past is due now. */
  put(slot: number, atMs: EpochMs): void {
    this.hold(slot, atMs)
    this.#place(slot)
  }

  /** As `put`, with the same turn, but it is not taken before it is released. */
  hold(slot: number, atMs: EpochMs): void {
    if (slot >= this.#where.length) this.#grow(slot)
    this.#when[2 * slot] = (atMs as number) < (this.#nowMs as number) ? (this.#nowMs as number) : (atMs as number)
    this.#when[2 * slot + 1] = ++this.#turn
    this.#where[slot] = isHeld
  }

  /** A slot that is held is due at its instant again; at once where that is past. */
  release(slot: number): void {
    if (slot >= this.#where.length || this.#where[slot] !== isHeld) return
    if ((this.#when[2 * slot] as number) < (this.#nowMs as number)) this.#when[2 * slot] = this.#nowMs as number
    this.#place(slot)
  }

  /** `slot` is due no more. */
  remove(slot: number): void {
    if (slot < this.#where.length) this.#where[slot] = nowhere
  }

  /** Takes the first slot that is due at `untilMs` or earlier, and sets the clock; -1 when there is none. */
  take(untilMs: EpochMs): number {
    const current = this.#current
    for (;;) {
      while (current.size > 0) {
        const slot = current.firstSlot
        const stands = this.#where[slot] === inCurrent && this.#when[2 * slot + 1] === current.firstTurn
        if (stands && current.firstAt > (untilMs as number)) return noSlot
        if (stands) {
          this.#nowMs = current.firstAt
          this.#where[slot] = nowhere
        }
        current.pop()
        if (stands) return slot
      }
      if (!this.#advance(untilMs)) return noSlot
    }
  }

  /** Goes to the next bucket that is not empty; false when all are, or it begins behind `untilMs`. */
  #advance(untilMs: EpochMs): boolean {
    const lastBucket = ((untilMs as number) - (this.#startMs as number)) * this.#bucketsAMs
    while (this.#fineSize + this.#coarseSize + this.#farSize > 0) {
      if (this.#fineSize > 0) {
        const next = this.#nextFine()
        if (next > lastBucket) return false
        this.#bucket = next
        this.#fineSize -= this.#empty(next % bucketsALevel)
      } else {
        const nextStretch = this.#coarseSize > 0 ? this.#stretch + 1 : this.#farStretch()
        if (nextStretch * bucketsALevel > lastBucket || nextStretch === Infinity) return false
        this.#enterStretch(nextStretch)
      }
      if (this.#current.size === 0) continue
      this.onBucket(this.#current.slots, this.#current.size)
      return true
    }
    return false
  }

  #nextFine(): number {
    let bucket = this.#bucket + 1
    while (this.#buckets.isEmpty(bucket % bucketsALevel)) bucket++
    return bucket
  }

  #enterStretch(stretch: number): void {
    this.#lookAtFarIn -= stretch - this.#stretch
    this.#stretch = stretch
    this.#bucket = stretch * bucketsALevel
    this.#coarseSize -= this.#empty(bucketsALevel + (stretch % bucketsALevel))
    if (this.#farSize === 0 || this.#lookAtFarIn > 0) return
    this.#lookAtFarIn = bucketsALevel / 2
    // What is still far is put back, and counted again, meanwhile.
    const passed = this.#empty(farBucket)
    this.#farSize -= passed
  }

  /** The first stretch in which something far is due; everything else is empty then. */
  #farStretch(): number {
    this.#lookAtFarIn = 0
    const count = this.#buckets.drain(farBucket)
    let first = Infinity
    this.#farSize = 0
    for (let i = 0; i < count; i++) {
      const slot = this.#buckets.drained[i] as number
      if (this.#where[slot] !== farBucket) continue
      first = Math.min(first, Math.floor(this.#bucketAt(slot) / bucketsALevel))
      this.#farSize++
      this.#enter(slot, farBucket)
    }
    return first
  }

  /** Places anew what stands in `bucket`; how many entries it had. */
  #empty(bucket: number): number {
    const count = this.#buckets.drain(bucket)
    const { drained } = this.#buckets
    for (let from = 0; from < count; from += readAhead) {
      const to = Math.min(count, from + readAhead)
      for (let i = from; i < to; i++) this.bringNear(drained[i] as number)
      for (let i = from; i < to; i++) {
        const slot = drained[i] as number
        if (this.#where[slot] === bucket) this.#place(slot)
      }
    }
    return count
  }

  #bucketAt(slot: number): number {
    return Math.floor(((this.#when[2 * slot] as number) - (this.#startMs as number)) * this.#bucketsAMs)
  }

  #place(slot: number): void {
    const bucket = this.#bucketAt(slot)
    if (bucket <= this.#bucket) {
      this.#where[slot] = inCurrent
      this.#current.push(slot, this.#when[2 * slot] as number, this.#when[2 * slot + 1] as number)
      return
    }
    const stretch = Math.floor(bucket / bucketsALevel)
    if (stretch === this.#stretch) {
      this.#fineSize++
      this.#enter(slot, bucket % bucketsALevel)
    } else if (stretch - this.#stretch < bucketsALevel) {
      this.#coarseSize++
      this.#enter(slot, bucketsALevel + (stretch % bucketsALevel))
    } else {
      this.#farSize++
      this.#enter(slot, farBucket)
    }
  }

  #enter(slot: number, bucket: number): void {
    this.#where[slot] = bucket
    this.#buckets.add(bucket, slot)
  }

  #grow(slot: number): void {
    const from = this.#where.length
    const capacity = Math.max(slot + 1, Math.ceil(from * 1.25))
    this.#when = widened(this.#when, new Float64Array(2 * capacity))
    this.#where = widened(this.#where, new Int32Array(capacity).fill(nowhere))
  }
}
