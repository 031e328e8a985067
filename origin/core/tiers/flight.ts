import type { AskId, FlightId, ReaderId, TierBody } from './tier-effect.ts'

// One body under way: which chunks the driver has, which are asked for, and who waits for them.

export interface Reader {
  readonly id: ReaderId
  /** Chunks that it wants, both included. */
  readonly first: number
  readonly last: number
}

export class Flight {
  readonly id: FlightId
  readonly body: TierBody
  /** Removed while under way: nothing of it is written to the cache any more. */
  isRemoved = false
  /** Asks of any kind that are not answered yet. */
  readonly asks = new Set<AskId>()
  #hasLanded = false
  readonly #readers = new Map<ReaderId, Reader>()
  /** By chunk: the driver has it, or which ask will bring it. Absent: nobody wanted it yet. */
  readonly #chunks = new Map<number, AskId | 'at-hand'>()

  constructor(id: FlightId, body: TierBody) {
    this.id = id
    this.body = body
  }

  /** Ends it when nothing is under way and nobody waits. True the one time that this ends it. */
  land(): boolean {
    if (this.#hasLanded || this.asks.size > 0 || this.#readers.size > 0) return false
    this.#hasLanded = true
    return true
  }

  addReader(reader: Reader): void {
    this.#readers.set(reader.id, reader)
  }

  /** Chunks from `first` to `last` that are neither there nor on their way. */
  unasked(first: number, last: number): number[] {
    return numbersFrom(first, last).filter(chunk => !this.#chunks.has(chunk))
  }

  asked(chunks: readonly number[], ask: AskId): void {
    for (const chunk of chunks) this.#chunks.set(chunk, ask)
  }

  /** Of `chunks`, those that only `ask` was to bring. */
  stillFrom(ask: AskId, chunks: readonly number[]): number[] {
    return chunks.filter(chunk => this.#chunks.get(chunk) === ask)
  }

  /** The driver has `chunks`. */
  arrived(chunks: readonly number[]): void {
    for (const chunk of chunks) this.#chunks.set(chunk, 'at-hand')
  }

  /** Nobody will bring `chunks`: the next reader asks anew. */
  lost(chunks: readonly number[]): void {
    for (const chunk of chunks) this.#chunks.delete(chunk)
  }

  /** Takes out the readers that have all they wanted. */
  takeServed(): ReaderId[] {
    return this.#take(({ first, last }) => {
      for (let chunk = first; chunk <= last; chunk++) if (this.#chunks.get(chunk) !== 'at-hand') return false
      return true
    })
  }

  /** Takes out the readers that wait for one of `chunks`. */
  takeWaitingFor(chunks: readonly number[]): ReaderId[] {
    return this.#take(({ first, last }) => chunks.some(chunk => first <= chunk && chunk <= last))
  }

  #take(isTaken: (reader: Reader) => boolean): ReaderId[] {
    const taken: ReaderId[] = []
    for (const reader of this.#readers.values()) if (isTaken(reader)) taken.push(reader.id)
    for (const id of taken) this.#readers.delete(id)
    return taken
  }
}

/** `first` to `last`, both included. */
export const numbersFrom = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** Ascending `numbers` as runs without a gap. */
export function runsOf(numbers: readonly number[]): { readonly first: number; readonly last: number }[] {
  const runs: { first: number; last: number }[] = []
  for (const number of numbers) {
    const run = runs.at(-1)
    if (run && run.last === number - 1) run.last = number
    else runs.push({ first: number, last: number })
  }
  return runs
}
