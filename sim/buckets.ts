import { alignedCells } from './aligned-cells.ts'
import { widened } from './widened.ts'

// Bags of small whole numbers, many of them, in one typed array. A bag is a chain of chunks of a cache line each, so that
// adding touches one line, and what is in a bag is read in a row: with a million slots, following a list from slot to slot
// would be a wait for memory at each.

/** A chunk: the place of the next one, then entries. */
const chunkLength = 16
const noChunk = -1
const firstChunks = 64

export class Buckets {
  /** What was drained last. */
  drained = new Int32Array(4 * chunkLength)
  #chunks = chunksFor(firstChunks)
  /** By bucket: where the last entry of its first chunk is; `noChunk` when it is empty. */
  readonly #last: Int32Array
  /** The first of the chunks that were given back, each of which has the next one's place. */
  #free = noChunk
  #used = 0

  constructor(buckets: number) {
    this.#last = new Int32Array(buckets).fill(noChunk)
  }

  isEmpty(bucket: number): boolean {
    return this.#last[bucket] === noChunk
  }

  add(bucket: number, entry: number): void {
    let last = (this.#last[bucket] as number) + 1
    if (last % chunkLength === 0) last = this.#chunkBefore(bucket) + 1
    this.#chunks[last] = entry
    this.#last[bucket] = last
  }

  /** Empties `bucket`: how many entries it had; they are the first ones of `drained`. */
  drain(bucket: number): number {
    let count = 0
    let last = this.#last[bucket] as number
    this.#last[bucket] = noChunk
    while (last !== noChunk) {
      const chunk = last - (last % chunkLength)
      if (count + chunkLength > this.drained.length) {
        this.drained = widened(this.drained, new Int32Array(2 * this.drained.length))
      }
      for (let place = chunk + 1; place <= last; place++) this.drained[count++] = this.#chunks[place] as number
      const next = this.#chunks[chunk] as number
      this.#chunks[chunk] = this.#free
      this.#free = chunk
      // Every chunk behind the first is full.
      last = next === noChunk ? noChunk : next + chunkLength - 1
    }
    return count
  }

  /** A chunk in front of those of `bucket`. */
  #chunkBefore(bucket: number): number {
    let chunk = this.#free
    if (chunk !== noChunk) this.#free = this.#chunks[chunk] as number
    else {
      chunk = this.#used
      this.#used += chunkLength
      if (this.#used > this.#chunks.length) {
        this.#chunks = widened(this.#chunks, chunksFor(Math.ceil((this.#chunks.length / chunkLength) * 1.5)))
      }
    }
    const last = this.#last[bucket] as number
    this.#chunks[chunk] = last === noChunk ? noChunk : last - (last % chunkLength)
    return chunk
  }
}

const chunksFor = (count: number): Int32Array => alignedCells((count * chunkLength) / 2).words
