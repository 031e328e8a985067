import { kindOf, Player } from '../../loadgen/player/player.ts'
import type { PlayerSetup } from '../../loadgen/player/player-io.ts'
import { rowLength, Tape } from '../../loadgen/player/tape.ts'

// The players of a large fleet, at rest as rows of numbers (loadgen/player/tape.ts) but for the one that something
// happens to, which one living player of its kind takes the place of.

const nobody = 0
/** A line of a processor's cache holds 64 bytes. */
const wordsALine = 16

export class RestingPlayers {
  readonly #tape = new Tape()
  // One array: memory that nobody has sat in yet takes no room.
  readonly #cells: Float64Array
  readonly #words: Int32Array
  /** By seat: the place of its kind among `#living`, and one. */
  readonly #kinds: Uint8Array
  readonly #places = new Map<string, number>()
  readonly #living: Player[] = []
  /** What was read in passing is written here, so that the engine does not leave the reading out. */
  readonly #read = new Int32Array(1)

  constructor(seats: number) {
    this.#cells = new Float64Array(seats * rowLength)
    this.#words = new Int32Array(this.#cells.buffer)
    this.#kinds = new Uint8Array(seats)
  }

  has(seat: number): boolean {
    return this.#kinds[seat] !== nobody
  }

  /** A new player takes `seat`. */
  seat(seat: number, setup: PlayerSetup): void {
    const player = new Player(setup)
    const kind = kindOf(setup)
    let place = this.#places.get(kind)
    if (place === undefined) {
      place = this.#living.push(player) - 1
      this.#places.set(kind, place)
    }
    this.#kinds[seat] = place + 1
    this.rest(seat, player)
  }

  /** The player of `seat`, living until the next one is woken; undefined where nobody sits. */
  wake(seat: number): Player | undefined {
    const kind = this.#kinds[seat] as number
    if (kind === nobody) return undefined
    const player = this.#living[kind - 1] as Player
    this.#goTo(seat)
    player.unpack(this.#tape)
    return player
  }

  /** What has become of the player of `seat` is kept. */
  rest(seat: number, player: Player): void {
    this.#goTo(seat)
    player.pack(this.#tape)
  }

  /** Reads the row of `seat` a cache line at a time, so that it is at hand when its player is woken. */
  bringNear(seat: number): void {
    const words = this.#words
    const from = seat * 2 * rowLength
    let read = 0
    for (let at = 0; at < 2 * rowLength; at += wordsALine) read |= words[from + at] as number
    this.#read[0] = read
  }

  leave(seat: number): void {
    this.#kinds[seat] = nobody
  }

  #goTo(seat: number): void {
    this.#tape.goTo(this.#cells, this.#words, seat)
  }
}
