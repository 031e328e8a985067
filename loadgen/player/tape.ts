// A player's whole state as numbers in a row. A simulated fleet of millions keeps its players so: a few hundred bytes
// each, side by side, nothing for the garbage collector to walk; one player object is brought to life for each in turn.
// What `pack` writes, `unpack` reads in the same order, into a player of the same profile. Parts with a fixed number of
// cells write them by their places, because this is done a million times a second; whole numbers are read with `| 0`, so
// that the engine keeps them as such.

export class Tape {
  /** The row of the player at hand begins at `at`, which is set before each use. */
  cells: Float64Array = new Float64Array(0)
  at = 0
  readonly #kept: (object | undefined)[] = [undefined]
  readonly #places = new Map<object, number>()

  put(value: number): void {
    this.cells[this.at++] = value
  }

  take(): number {
    return this.cells[this.at++] as number
  }

  /** A whole number of up to 32 bits, which the engine keeps as one. */
  takeInt(): number {
    return (this.cells[this.at++] as number) | 0
  }

  /** One of a closed list of words. */
  putWord<Word>(word: Word, words: readonly Word[]): void {
    this.cells[this.at++] = words.indexOf(word)
  }

  takeWord<Word>(words: readonly Word[]): Word {
    return words[(this.cells[this.at++] as number) | 0] as Word
  }

  /** Something that is no number, and that few players have or many share: kept beside the row, for as long as the tape. */
  putObject(object: object | undefined): void {
    if (object === undefined) {
      this.cells[this.at++] = 0
      return
    }
    let place = this.#places.get(object)
    if (place === undefined) {
      place = this.#kept.length
      this.#kept.push(object)
      this.#places.set(object, place)
    }
    this.cells[this.at++] = place
  }

  takeObject<Kept extends object>(): Kept | undefined {
    return this.#kept[(this.cells[this.at++] as number) | 0] as Kept | undefined
  }
}

/** The most numbers that a player's row has: two tracks with playlists, a median of eight, a manifest on its way. */
export const rowLength = 68
