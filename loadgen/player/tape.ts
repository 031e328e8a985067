// A player's whole state as numbers in a row. A simulated fleet of millions keeps its players so: a few hundred bytes
// each, side by side, nothing for the garbage collector to walk; one player object is brought to life for each in turn.
// What `pack` writes, `unpack` reads in the same order, into a player of the same profile. A row has instants and other
// fractions in its front, whole numbers of up to 32 bits right behind as many of them as a player of its kind ever has: half
// as wide, and the engine keeps them as such; what lies together is fetched from memory in fewer lines. Parts with a fixed number of cells write them by their places, because this is done a million times a
// second.

export class Tape {
  /** Fractions; the row of the player at hand begins at `at`. */
  cells: Float64Array = new Float64Array(0)
  at = 0
  /** Whole numbers, over the same bytes; those of the row begin at `wordAt`. */
  words: Int32Array = new Int32Array(0)
  wordAt = 0
  readonly #kept: (object | undefined)[] = [undefined]
  readonly #places = new Map<object, number>()
  /** What was put last, because it is mostly put again: a playlist that everybody has. */
  #latest: object | undefined
  #latestPlace = 0

  /** Goes to row `row` of rows that lie in `cells` and `words`, of a player that has `fractions` fractions at most. */
  goTo(cells: Float64Array, words: Int32Array, row: number, fractions: number): void {
    this.cells = cells
    this.words = words
    this.at = row * rowLength
    this.wordAt = 2 * (row * rowLength + fractions)
  }

  put(value: number): void {
    this.cells[this.at++] = value
  }

  take(): number {
    return this.cells[this.at++] as number
  }

  putWhole(value: number): void {
    this.words[this.wordAt++] = value
  }

  takeWhole(): number {
    return this.words[this.wordAt++] as number
  }

  /** Something that is no number, and that few players have or many share: kept beside the row, for as long as the tape. */
  putObject(object: object | undefined): void {
    this.putWhole(object === undefined ? 0 : this.#placeOf(object))
  }

  takeObject<Kept extends object>(): Kept | undefined {
    return this.#kept[this.takeWhole()] as Kept | undefined
  }

  #placeOf(object: object): number {
    if (object === this.#latest) return this.#latestPlace
    let place = this.#places.get(object)
    if (place === undefined) {
      place = this.#kept.length
      this.#kept.push(object)
      this.#places.set(object, place)
    }
    this.#latest = object
    this.#latestPlace = place
    return place
  }
}

/** The most fractions that any player has: two tracks with playlists, a median of eight, a manifest on its way. */
const mostFractions = 25
/** The most whole numbers. */
const mostWords = 42
const fractionsALine = 8
/** A row's length in fractions: whole lines of a processor's cache, which hold 64 bytes. */
export const rowLength = fractionsALine * Math.ceil((mostFractions + mostWords / 2) / fractionsALine)
