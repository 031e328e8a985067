import type { EpochMs } from '../../live/units.ts'
import type { Route } from '../fleet/steering.ts'
import type { RequestOutcome } from '../player/player-io.ts'
import type { Cast, Driven } from './driven.ts'
import type { Exchange } from './exchange.ts'
import type { CountedPlayer } from './tally.ts'
import type { EdgeConnections } from './transport.ts'

/** An answer whose last byte the player's bandwidth lets through only at `atMs`. */
export interface Delayed {
  readonly atMs: EpochMs
  readonly outcome: RequestOutcome
}

const none: readonly never[] = []

/** What the driver keeps of one player: whatever the player waits for has its instant here. */
export class Seat implements CountedPlayer {
  readonly number: number
  readonly index: number
  readonly player: Driven
  readonly joinMs: EpochMs
  readonly cast: Cast
  readonly connections: EdgeConnections
  route: Route
  rebuffered = false
  /** Requests that have not ended; a player has two or three at a time. */
  exchanges: Exchange[] = []
  delayed: Delayed[] = []
  /** Until when the player's link is busy with what has arrived. */
  linkBusyUntilMs: EpochMs = 0

  constructor(number: number, cast: Cast, route: Route, connections: EdgeConnections) {
    this.number = number
    this.cast = cast
    this.index = cast.index
    this.player = cast.player
    this.joinMs = cast.joinMs
    this.route = route
    this.connections = connections
  }

  /** When something is to be done for this player; undefined once it has left. */
  get nextMs(): EpochMs | undefined {
    let next = this.player.nextWakeMs() as number | undefined
    if (next === undefined) return undefined
    for (const exchange of this.exchanges) if (exchange.dueMs < next) next = exchange.dueMs as number
    for (const { atMs } of this.delayed) if (atMs < next) next = atMs as number
    return next
  }

  /** Takes out the requests whose time has come to an end by `at`. */
  takeExpired(at: EpochMs): readonly Exchange[] {
    if (!this.exchanges.some(exchange => exchange.dueMs <= at)) return none
    const expired = this.exchanges.filter(exchange => exchange.dueMs <= at)
    this.exchanges = this.exchanges.filter(exchange => exchange.dueMs > at)
    return expired
  }

  /** Takes out the answers that are through by `at`. */
  takeArrived(at: EpochMs): readonly Delayed[] {
    if (this.delayed.length === 0) return none
    const arrived = this.delayed.filter(({ atMs }) => atMs <= at)
    this.delayed = this.delayed.filter(({ atMs }) => atMs > at)
    return arrived
  }

  /** Takes `exchange` out. */
  drop(exchange: Exchange): void {
    const at = this.exchanges.indexOf(exchange)
    if (at !== -1) this.exchanges.splice(at, 1)
  }
}
