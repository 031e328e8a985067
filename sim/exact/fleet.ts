import { limits } from '../../live/limits.ts'
import type { EpochMs } from '../../live/units.ts'
import { addedSetups, type FleetPlayer, type FleetSource, playerSetups, setupOf } from '../../loadgen/fleet/fleet.ts'
import { type Route, routeOf, type SiteTargets } from '../../loadgen/fleet/steering.ts'
import type { Player } from '../../loadgen/player/player.ts'
import type { PlayerOutput, RequestOutcome } from '../../loadgen/player/player-io.ts'
import { Cores } from '../network/cores.ts'
import { Draws } from '../network/latency.ts'
import { at, Exchanges, resultNames, results, said } from './exchanges.ts'
import { FleetTally } from './fleet-tally.ts'
import { deciders } from './folding.ts'
import type { Ground } from './ground.ts'
import { RestingPlayers } from './resting-players.ts'

// The players of an exact world: what loadgen/http/storm.ts and crew.ts do over HTTP. Each player is a core; who is
// seated where is its index. A player acts at the instant that it planned, as late as the generator is.

export interface FleetOptions {
  readonly source: FleetSource
  readonly sites: readonly SiteTargets[]
  /** The largest number of players that there may be. */
  readonly seats: number
  /** Names of the edges, by their places. */
  readonly edges: readonly string[]
}

/** Where a request goes, and who is told that its player has left. */
export interface EdgeDoors {
  /** Whether an edge listens there. */
  isAlive(edge: number): boolean
  asked(edge: number, exchange: number, now: EpochMs): void
  left(edge: number, exchange: number, now: EpochMs): void
}

const none = -1

interface Joining {
  readonly setups: Iterator<FleetPlayer>
  next: FleetPlayer | undefined
}

export class SimFleet {
  readonly exchanges = new Exchanges()
  readonly tally: FleetTally
  readonly #ground: Ground
  readonly #doors: EdgeDoors
  readonly #options: FleetOptions
  readonly #source: FleetSource
  readonly #places: ReadonlyMap<string, number>
  readonly #lag: Draws
  readonly #bitsPerSecond: number
  readonly #isPooled: boolean
  /** Of the process that plays all players; undefined: each has a machine of its own. */
  readonly #cores: Cores | undefined
  readonly #players: RestingPlayers
  /** By seat. */
  readonly #edge: Int16Array
  readonly #first: Int32Array
  /** 1: its connection is open; 2: it has rebuffered. */
  readonly #marks: Uint8Array
  readonly #linkBusyUntilMs: Float64Array
  /** Of players that met a refused connection: everybody else asks the preferred edge. */
  readonly #routes = new Map<number, Route>()
  #size: number
  #seated = 0

  constructor(ground: Ground, doors: EdgeDoors, options: FleetOptions) {
    const { source, seats, edges } = options
    this.#ground = ground
    this.#doors = doors
    this.#options = options
    this.#source = source
    this.#size = source.fleet.players
    this.#places = new Map(edges.map((name, place) => [name, place]))
    this.#lag = new Draws(ground.calibration.generator.lagMs, ground.seed, 'lag')
    const { bitsPerSecond } = ground.calibration.links.player
    this.#bitsPerSecond = source.fleet.bandwidthBitsPerSecond ?? bitsPerSecond ?? Infinity
    this.#isPooled = source.fleet.connections === 'pooled'
    const { generator } = ground.calibration.cores
    this.#cores = generator === null ? undefined : new Cores(generator * source.fleet.workers, ground.machine)
    this.#players = new RestingPlayers(seats)
    this.#edge = new Int16Array(seats)
    this.#first = new Int32Array(seats).fill(none)
    this.#marks = new Uint8Array(seats)
    this.#linkBusyUntilMs = new Float64Array(this.#bitsPerSecond === Infinity ? 0 : seats)
    this.tally = new FleetTally(source.event, ground.objects, source.startMs)
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
    for (let seat = players; seat < before; seat++) this.#dismiss(seat, now)
    if (players <= before) return
    this.#join(addedSetups({ ...this.#source, fleet: { ...this.#source.fleet, players: before } }, players, now))
  }

  /** Everybody leaves; requests in flight are given up and not counted. */
  stop(now: EpochMs): void {
    for (let seat = 0; seat < this.#edge.length; seat++) this.#dismiss(seat, now)
  }

  wake(seat: number, now: EpochMs): void {
    const player = this.#players.wake(seat)
    if (player === undefined) return
    const outputs = player.wake(now)
    this.#rest(seat, player)
    this.#carryOut(seat, player.setup.joinMs, outputs, now)
  }

  /** What `exchange` waited for has come: its arrival, its end, or the end of its player's patience. */
  due(exchange: number, now: EpochMs): void {
    const { exchanges } = this
    const edge = exchanges.edge[exchange] as number
    switch (exchanges.state[exchange]) {
      case at.toEdge:
        if (this.#doors.isAlive(edge)) this.#doors.asked(edge, exchange, now)
        else this.#refuse(exchange, now)
        return
      case at.waiting:
      case at.reading:
        this.#doors.left(edge, exchange, now)
        this.#timeOut(exchange, now)
        return
      case at.late:
        this.#timeOut(exchange, now)
        return
      case at.toPlayer:
        if (this.#cores === undefined) this.#end(exchange, now)
        else this.#read(exchange, this.#cores, now)
        return
      case at.read:
        this.#endRead(exchange, now)
    }
  }

  /** An edge's answer leaves; NaN for a first byte that has left before. */
  answerLeaves(exchange: number, firstLeavesMs: EpochMs, lastLeavesMs: EpochMs): void {
    const { exchanges } = this
    const { agenda, ways } = this.#ground
    const wayMs = ways.playerEdge.oneWayMs() as number
    if (!Number.isNaN(firstLeavesMs)) exchanges.firstByteMs[exchange] = (firstLeavesMs as number) + wayMs
    const firstByteMs = exchanges.firstByteMs[exchange] as number
    const byMs = exchanges.firstByteByMs[exchange] as number
    const patientUntilMs = firstByteMs + limits.bodyPatienceMs
    // Bytes do not overtake each other.
    const lastByteMs = Math.max(firstByteMs, (lastLeavesMs as number) + wayMs)
    const isStillToCome = lastByteMs === Infinity
    if (firstByteMs > byMs || (lastByteMs > patientUntilMs && !isStillToCome)) {
      exchanges.state[exchange] = at.late
      agenda.putTransient(exchange, Math.min(firstByteMs > byMs ? byMs : Infinity, patientUntilMs))
      return
    }
    exchanges.state[exchange] = isStillToCome ? at.reading : at.toPlayer
    if (isStillToCome) {
      agenda.putTransient(exchange, patientUntilMs)
      return
    }
    exchanges.lastByteMs[exchange] = lastByteMs
    const isReadLater = this.#cores !== undefined
    agenda.putTransient(exchange, isReadLater ? lastByteMs : this.#throughLink(exchange, firstByteMs, lastByteMs))
  }

  /** What a player asks for upon an answer leaves at once; then the generator goes on with that answer. */
  #endRead(exchange: number, now: EpochMs): void {
    const bytes = this.#bodyBytes(exchange)
    this.#end(exchange, now)
    this.#cores?.work(0, now, this.#ground.labour.player.afterMs(bytes))
  }

  #bodyBytes(exchange: number): number {
    const { exchanges } = this
    return exchanges.result[exchange] === results.status ? (exchanges.bytes[exchange] as number) : 0
  }

  /** The generator takes one answer after the other, its head as late as its body. */
  #read(exchange: number, cores: Cores, now: EpochMs): void {
    const { exchanges } = this
    const { player } = this.#ground.labour
    const bytes = this.#bodyBytes(exchange)
    const bodyMs = (player.cpuMs(bytes) as number) - (player.cpuMs() as number)
    const doneMs = player.begunBy(cores, bytes, now) as number
    const firstByteMs = (exchanges.firstByteMs[exchange] as number) + Math.max(0, doneMs - bodyMs - (now as number))
    exchanges.firstByteMs[exchange] = firstByteMs
    exchanges.lastByteMs[exchange] = Math.max(firstByteMs, doneMs)
    exchanges.state[exchange] = at.read
    this.#ground.agenda.putTransient(exchange, this.#throughLink(exchange, firstByteMs, Math.max(firstByteMs, doneMs)))
  }

  /** The edge is gone: who waited or read there finds the connection reset. */
  edgeDied(edge: number, now: EpochMs): void {
    const { exchanges } = this
    for (let exchange = 0; exchange < this.#ground.agenda.transients; exchange++) {
      const state = exchanges.state[exchange]
      if (exchanges.edge[exchange] !== edge || (state !== at.waiting && state !== at.reading)) continue
      exchanges.result[exchange] = results.reset
      this.#breaks(exchange, now)
    }
    for (let seat = 0; seat < this.#edge.length; seat++) {
      if (this.#edge[seat] === edge) this.#marks[seat] = (this.#marks[seat] as number) & ~1
    }
  }

  #timeOut(exchange: number, now: EpochMs): void {
    const { exchanges } = this
    exchanges.result[exchange] = results.timeout
    exchanges.lastByteMs[exchange] = now as number
    exchanges.firstByteMs[exchange] = Math.min(now as number, exchanges.firstByteMs[exchange] as number)
    this.#end(exchange, now)
  }

  #refuse(exchange: number, now: EpochMs): void {
    this.exchanges.result[exchange] = results.refused
    this.#breaks(exchange, now)
  }

  /** The connection is no more; the player hears of it one way later. */
  #breaks(exchange: number, now: EpochMs): void {
    const { exchanges } = this
    const heardMs = (now as number) + (this.#ground.ways.playerEdge.oneWayMs() as number)
    exchanges.firstByteMs[exchange] = heardMs
    exchanges.lastByteMs[exchange] = heardMs
    exchanges.state[exchange] = at.toPlayer
    this.#ground.agenda.putTransient(exchange, heardMs)
  }

  #join(setups: Iterator<FleetPlayer>): void {
    const queue: Joining = { setups, next: undefined }
    const advance = (): void => {
      const { done, value } = queue.setups.next()
      queue.next = done ? undefined : value
    }
    const seatThoseDue = (now: EpochMs): void => {
      while (queue.next !== undefined && queue.next.joinMs <= now) {
        const { index } = queue.next
        if (index < this.#size && !this.#players.has(index)) this.#seat(queue.next, now)
        advance()
      }
      if (queue.next !== undefined) this.#ground.agenda.at(queue.next.joinMs, seatThoseDue)
    }
    advance()
    if (queue.next !== undefined) this.#ground.agenda.at(queue.next.joinMs, seatThoseDue)
  }

  #seat(setup: FleetPlayer, now: EpochMs): void {
    const { siteFraction: _site, edgeFraction: _edge, ...own } = setup
    const seat = own.index
    this.#players.seat(seat, own)
    this.#edge[seat] = this.#places.get(this.#routeOf(setup).edgeAt(now)) as number
    this.#seated++
    this.wake(seat, now)
  }

  #routeOf(place: Pick<FleetPlayer, 'siteFraction' | 'edgeFraction'>): Route {
    return routeOf(this.#options.sites, place)
  }

  #dismiss(seat: number, now: EpochMs): void {
    const player = this.#players.wake(seat)
    if (player === undefined) return
    this.#carryOut(seat, player.setup.joinMs, player.leaveNow(now), now)
    // One that had not joined says nothing when it goes.
    if (this.#players.has(seat)) this.#vacate(seat)
  }

  #vacate(seat: number): void {
    while ((this.#first[seat] as number) !== none) this.#free(this.#first[seat] as number)
    this.#players.leave(seat)
    this.#routes.delete(seat)
    this.#ground.agenda.leaveSeat(seat)
    this.#seated--
  }

  /** The player goes to rest until its next instant; one that has left, for good. */
  #rest(seat: number, player: Player): void {
    const { agenda } = this.#ground
    const nextMs = player.nextWakeMs()
    this.#players.rest(seat, player)
    if (nextMs === undefined || (nextMs as number) === Infinity) agenda.leaveSeat(seat)
    else if (agenda.wakeMs(seat) !== nextMs) agenda.wakeSeat(seat, nextMs)
  }

  #carryOut(seat: number, joinMs: EpochMs, outputs: readonly PlayerOutput[], now: EpochMs): void {
    for (const output of outputs) {
      switch (output.do) {
        case 'request':
          this.#send(seat, output)
          break
        case 'abort':
          this.#abort(seat, output.request, now)
          break
        case 'note': {
          const isFirst = output.note === 'rebuffer' && ((this.#marks[seat] as number) & 2) === 0
          if (isFirst) this.#marks[seat] = (this.#marks[seat] as number) | 2
          this.tally.note(output, joinMs, isFirst, now)
          if (output.note === 'left') this.#vacate(seat)
        }
      }
    }
  }

  #send(seat: number, { request, address, plannedMs, firstByteByMs }: Extract<PlayerOutput, { do: 'request' }>): void {
    const { agenda, objects, hash, ways } = this.#ground
    const { exchanges } = this
    const object = objects.idOf(address)
    hash.word(deciders.player)
    hash.word(seat)
    hash.word(object)
    hash.number(plannedMs as number)
    const exchange = agenda.take()
    exchanges.reach(exchange)
    const lagMs = this.#lag.next() as number
    const wantedMs = Math.max(agenda.nowMs as number, plannedMs as number)
    const sentMs = (this.#cores === undefined ? wantedMs : this.#turn(this.#cores, wantedMs)) + lagMs
    const edge = this.#edgeFor(seat, sentMs)
    exchanges.seat[exchange] = seat
    exchanges.request[exchange] = request
    exchanges.object[exchange] = object
    exchanges.edge[exchange] = edge
    exchanges.plannedMs[exchange] = plannedMs as number
    exchanges.sentMs[exchange] = sentMs
    exchanges.firstByteByMs[exchange] = firstByteByMs as number
    exchanges.firstByteMs[exchange] = Infinity
    exchanges.result[exchange] = results.status
    exchanges.said[exchange] = said.nothing
    exchanges.playlist[exchange] = undefined
    exchanges.next[exchange] = this.#first[seat] as number
    this.#first[seat] = exchange
    exchanges.state[exchange] = at.toEdge
    this.tally.sent(objects.isSegment(object), sentMs, sentMs - (plannedMs as number))
    agenda.putTransient(exchange, sentMs + this.#setUpMs(seat) + (ways.playerEdge.oneWayMs() as number))
  }

  /** When the generator comes to a request that is wanted at `wantedMs`. */
  #turn(cores: Cores, wantedMs: EpochMs): number {
    return this.#ground.labour.playerAsk.doneBy(cores, 0, wantedMs) as number
  }

  #edgeFor(seat: number, now: EpochMs): number {
    const route = this.#routes.get(seat)
    return route === undefined ? (this.#edge[seat] as number) : (this.#places.get(route.edgeAt(now)) as number)
  }

  /** A player's own connection is made with its first request; a pool's are there. */
  #setUpMs(seat: number): number {
    if (this.#isPooled || ((this.#marks[seat] as number) & 1) !== 0) return 0
    this.#marks[seat] = (this.#marks[seat] as number) | 1
    return this.#ground.setUpMs(this.#ground.ways.playerEdge) as number
  }

  #abort(seat: number, request: number, now: EpochMs): void {
    const { exchanges } = this
    for (let exchange = this.#first[seat] as number; exchange !== none; exchange = exchanges.next[exchange] as number) {
      if (exchanges.request[exchange] !== request) continue
      const state = exchanges.state[exchange]
      if (state === at.waiting || state === at.reading)
        this.#doors.left(exchanges.edge[exchange] as number, exchange, now)
      this.tally.aborted()
      this.#free(exchange)
      return
    }
  }

  /** An exchange has ended: counted, and told to its player. */
  #end(exchange: number, now: EpochMs): void {
    const { exchanges } = this
    const seat = exchanges.seat[exchange] as number
    const player = this.#players.wake(seat) as Player
    this.tally.ended(exchanges, exchange)
    const result = exchanges.result[exchange] as number
    if (result === results.refused) this.#avoid(seat, exchanges.edge[exchange] as number, now)
    const outcome: RequestOutcome = {
      request: exchanges.request[exchange] as number,
      result:
        result === results.status
          ? (exchanges.status[exchange] as number)
          : (resultNames[result] as 'refused' | 'reset' | 'timeout'),
      sentMs: exchanges.sentMs[exchange] as number,
      firstByteMs: exchanges.firstByteMs[exchange] as number,
      lastByteMs: Math.max(exchanges.lastByteMs[exchange] as number, now as number),
      bodyBytes: exchanges.bytes[exchange] as number,
      playlist: exchanges.playlist[exchange],
    }
    this.#free(exchange)
    const outputs = player.responded(outcome, now)
    this.#rest(seat, player)
    this.#carryOut(seat, player.setup.joinMs, outputs, now)
  }

  /** The next edge of the site takes over for a while. */
  #avoid(seat: number, edge: number, now: EpochMs): void {
    let route = this.#routes.get(seat)
    if (route === undefined) {
      route = this.#routeOf(setupOf(this.#source, seat))
      this.#routes.set(seat, route)
    }
    route.refused(this.#options.edges[edge] as string, now)
  }

  #free(exchange: number): void {
    const { exchanges } = this
    const seat = exchanges.seat[exchange] as number
    const next = exchanges.next[exchange] as number
    if (this.#first[seat] === exchange) this.#first[seat] = next
    else {
      let before = this.#first[seat] as number
      while (exchanges.next[before] !== exchange) before = exchanges.next[before] as number
      exchanges.next[before] = next
    }
    exchanges.state[exchange] = at.free
    this.#ground.agenda.free(exchange)
  }

  /** When the last byte is through the player's own link, which carries one answer after the other. */
  #throughLink(exchange: number, firstByteMs: number, lastByteMs: number): number {
    if (this.#bitsPerSecond === Infinity) return lastByteMs
    const seat = this.exchanges.seat[exchange] as number
    const fromMs = Math.max(firstByteMs, this.#linkBusyUntilMs[seat] as number)
    const bytes = this.exchanges.bytes[exchange] as number
    this.#linkBusyUntilMs[seat] = Math.max(lastByteMs, fromMs + (bytes * 8_000) / this.#bitsPerSecond)
    return this.#linkBusyUntilMs[seat] as number
  }
}
