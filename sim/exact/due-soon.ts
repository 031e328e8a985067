import type { ObjectId } from '../objects.ts'
import type { Agenda } from './agenda.ts'
import type { EdgeDoors } from './player-requests.ts'
import type { RestingPlayers } from './resting-players.ts'

// What a group of events that are due shortly will need. It is named first, and then read of all of them, each kind in a
// loop of its own: a processor has as many reads under way as fit into the instructions that it looks ahead at.

/** So much is read in one go; more would push the first of it out of the nearest cache. */
const most = 64

export class DueSoon {
  readonly #agenda: Agenda
  readonly #players: RestingPlayers
  readonly #doors: EdgeDoors
  readonly #seats = new Int32Array(most)
  #seatCount = 0
  readonly #edges = new Int32Array(most)
  readonly #objects = new Int32Array(most)
  #arrivals = 0

  constructor(agenda: Agenda, players: RestingPlayers, doors: EdgeDoors) {
    this.#agenda = agenda
    this.#players = players
    this.#doors = doors
  }

  /** Something will happen to the player of `seat`. */
  seat(seat: number): void {
    if (this.#seatCount === most) this.#bringSeatsNear()
    this.#seats[this.#seatCount++] = seat
  }

  /** A request for `object` will arrive at `edge`. */
  arrival(edge: number, object: ObjectId): void {
    if (this.#arrivals === most) this.#bringEdgesNear()
    this.#edges[this.#arrivals] = edge
    this.#objects[this.#arrivals++] = object
  }

  /** All of the group are named. */
  bringNear(): void {
    this.#bringSeatsNear()
    this.#bringEdgesNear()
  }

  #bringSeatsNear(): void {
    this.#players.bringNear(this.#seats, this.#seatCount)
    this.#agenda.bringNear(this.#seats, this.#seatCount)
    this.#seatCount = 0
  }

  #bringEdgesNear(): void {
    this.#doors.bringNear(this.#edges, this.#objects, this.#arrivals)
    this.#arrivals = 0
  }
}
