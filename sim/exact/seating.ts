import type { Bytes, EpochMs, Ms } from '../../live/units.ts'
import { type FleetPlayer, type FleetSource, setupOf } from '../../loadgen/fleet/fleet.ts'
import { type Route, routeOf, type SiteTargets } from '../../loadgen/fleet/steering.ts'
import type { Ground } from './ground.ts'

// How each seat of the fleet is connected: which edge it asks, whether its connection is open, and its own link.

type Place = Pick<FleetPlayer, 'siteFraction' | 'edgeFraction'>

export interface SeatingOptions {
  readonly source: FleetSource
  readonly sites: readonly SiteTargets[]
  /** The largest number of players that there may be. */
  readonly seats: number
  /** Names of the edges, by their places. */
  readonly edges: readonly string[]
}

export class Seating {
  readonly #ground: Ground
  readonly #options: SeatingOptions
  readonly #places: ReadonlyMap<string, number>
  readonly #bitsPerSecond: number
  readonly #isPooled: boolean
  // By seat.
  readonly #edge: Int16Array
  readonly #isConnected: Uint8Array
  readonly #linkBusyUntilMs: Float64Array
  /** Of players that met a refused connection: everybody else asks the preferred edge. */
  readonly #routes = new Map<number, Route>()

  constructor(ground: Ground, options: SeatingOptions) {
    const { source, seats, edges } = options
    this.#ground = ground
    this.#options = options
    this.#places = new Map(edges.map((name, place) => [name, place]))
    const { bitsPerSecond } = ground.calibration.links.player
    this.#bitsPerSecond = source.fleet.bandwidthBitsPerSecond ?? bitsPerSecond ?? Infinity
    this.#isPooled = source.fleet.connections === 'pooled'
    this.#edge = new Int16Array(seats)
    this.#isConnected = new Uint8Array(seats)
    this.#linkBusyUntilMs = new Float64Array(this.#bitsPerSecond === Infinity ? 0 : seats)
  }

  take(seat: number, place: Place, now: EpochMs): void {
    this.#edge[seat] = this.#places.get(this.#routeOf(place).edgeAt(now)) as number
  }

  leave(seat: number): void {
    this.#routes.delete(seat)
  }

  /** The edge that a request at `now` goes to. */
  edgeFor(seat: number, now: EpochMs): number {
    const route = this.#routes.size === 0 ? undefined : this.#routes.get(seat)
    return route === undefined ? (this.#edge[seat] as number) : (this.#places.get(route.edgeAt(now)) as number)
  }

  /** `edge` has refused the player `index` of `seat`: the next one of the site takes over for a while. */
  avoid(seat: number, index: number, edge: number, now: EpochMs): void {
    let route = this.#routes.get(seat)
    if (route === undefined) {
      route = this.#routeOf(setupOf(this.#options.source, index))
      this.#routes.set(seat, route)
    }
    route.refused(this.#options.edges[edge] as string, now)
  }

  /** How long until a request can leave: a player's own connection is made with its first one; a pool's are there. */
  connect(seat: number): Ms {
    if (this.#isPooled || this.#isConnected[seat] === 1) return 0
    this.#isConnected[seat] = 1
    return this.#ground.setUpMs(this.#ground.ways.playerEdge)
  }

  /** The edge is gone, and with it the connections to it. */
  edgeDied(edge: number): void {
    for (let seat = 0; seat < this.#edge.length; seat++) {
      if (this.#edge[seat] === edge) this.#isConnected[seat] = 0
    }
  }

  /** When the last byte is through the player's own link, which carries one answer after the other. */
  throughLink(seat: number, bytes: Bytes, firstByteMs: EpochMs, lastByteMs: EpochMs): EpochMs {
    if (this.#bitsPerSecond === Infinity) return lastByteMs
    const fromMs = Math.max(firstByteMs as number, this.#linkBusyUntilMs[seat] as number)
    const throughMs = fromMs + ((bytes as number) * 8_000) / this.#bitsPerSecond
    this.#linkBusyUntilMs[seat] = Math.max(lastByteMs as number, throughMs)
    return this.#linkBusyUntilMs[seat] as number
  }

  #routeOf(place: Place): Route {
    return routeOf(this.#options.sites, place)
  }
}
