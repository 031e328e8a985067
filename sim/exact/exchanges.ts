import { alignedCells } from '../aligned-cells.ts'
import { haveRead } from '../read-ahead.ts'
import { Exchange, type ExchangeRows, exchangeRowLength } from './exchange.ts'

// Every exchange there is, by its number in the agenda. They are as many as there are at once, which is few beside the
// players, and are used again and again: nothing is made for a request.

const firstCapacity = 256
/** A line of a processor's cache holds 64 bytes. */
const wordsALine = 16

export class Exchanges {
  readonly #all: Exchange[] = []
  #rows: ExchangeRows = alignedCells(firstCapacity * exchangeRowLength)

  of(transient: number): Exchange {
    // One for each number below it as well: the engine looks things up fast in a list without holes.
    if (transient >= this.#all.length) this.#makeUpTo(transient)
    return this.#all[transient] as Exchange
  }

  /** Reads an exchange and both lines of its row, so that they are at hand when it is due. */
  bringNear(transient: number): void {
    const { words } = this.#rows
    const from = transient * 2 * exchangeRowLength
    const { transient: itself } = this.#all[transient] as Exchange
    haveRead(itself | (words[from] as number) | (words[from + wordsALine] as number))
  }

  all(): readonly Exchange[] {
    return this.#all
  }

  #makeUpTo(transient: number): void {
    const capacity = this.#rows.cells.length / exchangeRowLength
    if (transient >= capacity) {
      const rows = alignedCells(Math.max(transient + 1, 2 * capacity) * exchangeRowLength)
      rows.words.set(this.#rows.words)
      this.#rows = rows
      for (const exchange of this.#all) exchange.moveTo(rows)
    }
    for (let next = this.#all.length; next <= transient; next++) this.#all.push(new Exchange(next, this.#rows))
  }
}
