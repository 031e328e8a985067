import { kindOf, Player } from '../../loadgen/player/player.ts'
import type { PlayerSetup } from '../../loadgen/player/player-io.ts'
import { rowLength, Tape } from '../../loadgen/player/tape.ts'
import { alignedCells } from '../aligned-cells.ts'
import { haveRead } from '../read-ahead.ts'

// The players of a large fleet, at rest as rows of numbers (loadgen/player/tape.ts) but for the one that something
// happens to, which one living player of its kind takes the place of.

const nobody = 0
const rowWords = 2 * rowLength
/** A line of a processor's cache holds 64 bytes. */
const wordsALine = 16

/** What players have in common that can take each other's places. */
interface Kind {
  readonly living: Player
  readonly fractions: number
  /** How many words of a row any of them has used so far. */
  words: number
}

export class RestingPlayers {
  readonly #tape = new Tape()
  // One array: memory that nobody has sat in yet takes no room.
  readonly #cells: Float64Array
  readonly #words: Int32Array
  /** By seat: the place of its kind among `#kinds`, and one. */
  readonly #kindAt: Uint8Array
  readonly #places = new Map<string, number>()
  readonly #kinds: Kind[] = []

  constructor(seats: number) {
    const { cells, words } = alignedCells(seats * rowLength)
    this.#cells = cells
    this.#words = words
    this.#kindAt = new Uint8Array(seats)
  }

  has(seat: number): boolean {
    return this.#kindAt[seat] !== nobody
  }

  /** A new player takes `seat`. */
  seat(seat: number, setup: PlayerSetup): void {
    const living = new Player(setup)
    const kind = kindOf(setup)
    let place = this.#places.get(kind)
    if (place === undefined) {
      place = this.#kinds.push({ living, fractions: living.fractions, words: 0 }) - 1
      this.#places.set(kind, place)
    }
    this.#kindAt[seat] = place + 1
    this.rest(seat, living)
  }

  /** The player of `seat`, living until the next one is woken; undefined where nobody sits. */
  wake(seat: number): Player | undefined {
    const kind = this.#kindOf(seat)
    if (kind === undefined) return undefined
    this.#tape.goTo(this.#cells, this.#words, seat, kind.fractions)
    kind.living.unpack(this.#tape)
    return kind.living
  }

  /** What has become of the player of `seat` is kept. */
  rest(seat: number, player: Player): void {
    const kind = this.#kindOf(seat) as Kind
    this.#tape.goTo(this.#cells, this.#words, seat, kind.fractions)
    player.pack(this.#tape)
    const words = this.#tape.wordAt - seat * rowWords
    if (words > kind.words) kind.words = words
  }

  /**
   * Reads the rows of the first `count` of `seats` a cache line at a time, so that they are at hand when their players are
   * woken.
   */
  bringNear(seats: Int32Array, count: number): void {
    const words = this.#words
    let read = 0
    for (let i = 0; i < count; i++) {
      const seat = seats[i] as number
      const end = this.#kindOf(seat)?.words ?? 0
      const from = seat * rowWords
      for (let at = 0; at < end; at += wordsALine) read |= words[from + at] as number
    }
    haveRead(read)
  }

  leave(seat: number): void {
    this.#kindAt[seat] = nobody
  }

  #kindOf(seat: number): Kind | undefined {
    const place = this.#kindAt[seat] as number
    return place === nobody ? undefined : this.#kinds[place - 1]
  }
}
