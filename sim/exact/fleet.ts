import type { EpochMs } from '../../live/units.ts'
import { addedSetups, type FleetPlayer, type FleetSource, playerSetups } from '../../loadgen/fleet/fleet.ts'
import type { Player } from '../../loadgen/player/player.ts'
import type { PlayerOutput, PlayerSetup, RequestOutcome } from '../../loadgen/player/player-io.ts'
import { DueSoon } from './due-soon.ts'
import { type Exchange, resultNames, results } from './exchange.ts'
import { FleetTally } from './fleet-tally.ts'
import type { Ground } from './ground.ts'
import { Joining } from './joining.ts'
import { type EdgeDoors, PlayerRequests } from './player-requests.ts'
import { RestingPlayers } from './resting-players.ts'
import { Seating, type SeatingOptions } from './seating.ts'

// The players of an exact world: what loadgen/http/storm.ts and crew.ts do over HTTP. Each player is a core with an index,
// which says who it is, and a seat, which says where it is kept. Seats are given out in the order in which players come:
// those who came one after the other ask one after the other ever after, and what is kept of them lies side by side.

const noSeat = -1

export class SimFleet {
  readonly requests: PlayerRequests
  readonly tally: FleetTally
  readonly #ground: Ground
  readonly #source: FleetSource
  readonly #seating: Seating
  readonly #players: RestingPlayers
  /** By index. */
  readonly #seatOf: Int32Array
  readonly #hasRebuffered: Uint8Array
  #size: number
  /** Seats that were ever given out. */
  #seats = 0
  #seated = 0
  readonly #soon: DueSoon

  constructor(ground: Ground, doors: EdgeDoors, options: SeatingOptions) {
    const { source, seats } = options
    this.#ground = ground
    this.#source = source
    this.#size = source.fleet.players
    this.#seating = new Seating(ground, options)
    this.#players = new RestingPlayers(seats)
    this.#soon = new DueSoon(ground.agenda, this.#players, doors)
    this.#seatOf = new Int32Array(seats).fill(noSeat)
    this.#hasRebuffered = new Uint8Array(seats)
    this.tally = new FleetTally(source.event, ground.objects, source.startMs)
    const ended = (exchange: Exchange, now: EpochMs) => this.#end(exchange, now)
    const { workers } = source.fleet
    this.requests = new PlayerRequests({
      ground,
      doors,
      seating: this.#seating,
      tally: this.tally,
      seats,
      workers,
      soon: this.#soon,
      ended,
    })
  }

  /** Players that are seated. */
  get seated(): number {
    return this.#seated
  }

  /** Lets the players come, each at its time, and counts them once a second. */
  start(): void {
    this.#join(playerSetups(this.#source))
    const { startMs } = this.#source
    const second = (now: EpochMs) => {
      this.tally.second(now)
      this.#ground.agenda.at((now as number) + 1_000, second)
    }
    this.#ground.agenda.at(Math.ceil((startMs as number) / 1_000) * 1_000, second)
  }

  /** The fleet shall have `players` players: those with the highest indices leave, further ones come. */
  resize(players: number, now: EpochMs): void {
    const before = this.#size
    this.#size = players
    for (let index = players; index < before; index++) this.#dismiss(index, now)
    if (players <= before) return
    this.#join(addedSetups({ ...this.#source, fleet: { ...this.#source.fleet, players: before } }, players, now))
  }

  /** Everybody leaves; requests in flight are given up and not counted. */
  stop(now: EpochMs): void {
    for (let index = 0; index < this.#seatOf.length; index++) this.#dismiss(index, now)
  }

  wakesSoon(seat: number): void {
    this.#soon.seat(seat)
  }

  lookAt(transient: number): void {
    this.requests.lookAt(transient)
  }

  dueSoon(transient: number): void {
    this.requests.dueSoon(transient)
  }

  bringNear(): void {
    this.#soon.bringNear()
  }

  wake(seat: number, now: EpochMs): void {
    const player = this.#players.wake(seat)
    if (player !== undefined) this.#goOn(seat, player, player.wake(now), now)
  }

  due(transient: number, now: EpochMs): void {
    this.requests.due(transient, now)
  }

  /** The edge is gone. */
  edgeDied(edge: number, now: EpochMs): void {
    this.requests.edgeDied(edge, now)
    this.#seating.edgeDied(edge)
  }

  #join(setups: Iterator<FleetPlayer>): void {
    new Joining(this.#ground.agenda, setups, (setup, now) => {
      if (setup.index < this.#size && !this.#isSeated(setup.index)) this.#seat(setup, now)
    })
  }

  #seat(setup: FleetPlayer, now: EpochMs): void {
    const { siteFraction, edgeFraction, ...own } = setup
    // One who comes again has its seat of before.
    if (this.#seatOf[own.index] === noSeat) this.#seatOf[own.index] = this.#seats++
    const seat = this.#seatOf[own.index] as number
    this.#players.seat(seat, own)
    this.#seating.take(seat, { siteFraction, edgeFraction }, now)
    this.#seated++
    this.wake(seat, now)
  }

  #isSeated(index: number): boolean {
    const seat = this.#seatOf[index] as number
    return seat !== noSeat && this.#players.has(seat)
  }

  #dismiss(index: number, now: EpochMs): void {
    if (!this.#isSeated(index)) return
    const seat = this.#seatOf[index] as number
    const player = this.#players.wake(seat) as Player
    this.#carryOut(seat, player.setup, player.leaveNow(now), now)
    // One that had not joined says nothing when it goes.
    if (this.#players.has(seat)) this.#vacate(seat)
  }

  #vacate(seat: number): void {
    this.requests.freeAll(seat)
    this.#players.leave(seat)
    this.#seating.leave(seat)
    this.#ground.agenda.leaveSeat(seat)
    this.#seated--
  }

  /** The player has decided something: it goes to rest until its next instant, and what it wants is done. */
  #goOn(seat: number, player: Player, outputs: readonly PlayerOutput[], now: EpochMs): void {
    const { agenda } = this.#ground
    const wakeMs = player.nextWakeMs() ?? Infinity
    this.#players.rest(seat, player)
    if ((wakeMs as number) === Infinity) agenda.leaveSeat(seat)
    else if (agenda.wakeMs(seat) !== wakeMs) agenda.holdSeat(seat, wakeMs)
    this.#carryOut(seat, player.setup, outputs, now)
    this.requests.attend(seat, wakeMs)
  }

  #carryOut(
    seat: number,
    { index, joinMs }: Pick<PlayerSetup, 'index' | 'joinMs'>,
    outputs: readonly PlayerOutput[],
    now: EpochMs,
  ): void {
    for (const output of outputs) {
      switch (output.do) {
        case 'request':
          this.requests.send(seat, index, output)
          break
        case 'abort':
          this.requests.abort(seat, output.request, now)
          break
        case 'note': {
          const isFirst = output.note === 'rebuffer' && this.#hasRebuffered[seat] === 0
          if (isFirst) this.#hasRebuffered[seat] = 1
          this.tally.note(output, joinMs, isFirst, now)
          if (output.note === 'left') this.#vacate(seat)
        }
      }
    }
  }

  /** A request has ended: counted, and told to its player. */
  #end(exchange: Exchange, now: EpochMs): void {
    const { seat, result } = exchange
    const player = this.#players.wake(seat) as Player
    this.tally.ended(exchange)
    if (result === results.refused) this.#seating.avoid(seat, player.setup.index, exchange.edge, now)
    const outcome: RequestOutcome = {
      request: exchange.request,
      result: result === results.status ? exchange.status : (resultNames[result] as 'refused' | 'reset' | 'timeout'),
      sentMs: exchange.sentMs,
      firstByteMs: exchange.firstByteMs,
      lastByteMs: Math.max(exchange.lastByteMs as number, now as number),
      bodyBytes: exchange.bytes,
      playlist: exchange.playlist,
    }
    this.requests.free(exchange)
    this.#goOn(seat, player, player.responded(outcome, now), now)
  }
}
