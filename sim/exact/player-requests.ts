import { limits } from '../../live/limits.ts'
import type { EpochMs } from '../../live/units.ts'
import type { PlayerOutput, RequestNumber } from '../../loadgen/player/player-io.ts'
import { haveRead } from '../read-ahead.ts'
import { Departures } from './departures.ts'
import type { DueSoon } from './due-soon.ts'
import { at, type Exchange, results, said } from './exchange.ts'
import { Exchanges } from './exchanges.ts'
import type { FleetTally } from './fleet-tally.ts'
import { deciders } from './folding.ts'
import { Generator } from './generator.ts'
import type { Ground } from './ground.ts'
import type { Seating } from './seating.ts'

// The requests of an exact world's players from the instant at which they were planned to the last byte: what
// loadgen/http/exchange.ts and transport.ts do over HTTP. A request leaves as late as the generator is.
//
// While a request is under way its player need not be in the agenda as well, as long as something of that request comes
// before the player is to be woken: most time-outs are put off again before anybody has looked at them.

/** Where a request goes, and who is told that its player has left. */
export interface EdgeDoors {
  /** Whether an edge listens there. */
  isAlive(edge: number): boolean
  /** A request arrives at `now`: when the edge's process hears of it. */
  hearsAt(edge: number, now: EpochMs): EpochMs
  /** `count` requests will arrive shortly, each for its object at its edge. */
  bringNear(edges: Int32Array, objects: Int32Array, count: number): void
  asked(exchange: Exchange, now: EpochMs): void
  left(exchange: Exchange, now: EpochMs): void
}

export interface RequestParts {
  readonly ground: Ground
  readonly doors: EdgeDoors
  readonly seating: Seating
  readonly tally: FleetTally
  /** The largest number of players that there may be. */
  readonly seats: number
  /** Of the generator, where the calibration has one. */
  readonly workers: number
  /** Is told whom requests will come to shortly. */
  readonly soon: Pick<DueSoon, 'seat' | 'arrival'>
  /** The request has ended; its player is to be told, and then it is to be given back. */
  readonly ended: (exchange: Exchange, now: EpochMs) => void
}

const none = -1

export class PlayerRequests {
  readonly #parts: RequestParts
  readonly #ground: Ground
  readonly #exchanges = new Exchanges()
  readonly #generator: Generator | undefined
  readonly #departures: Departures
  /** A player hears of its answer just now: what it asks for waits for no timer. */
  #isAnswering = false
  /** By seat: its latest request that is under way, by its number in the agenda. */
  readonly #first: Int32Array

  constructor(parts: RequestParts) {
    const { ground, seats } = parts
    this.#parts = parts
    this.#ground = ground
    this.#first = new Int32Array(seats).fill(none)
    const { generator } = ground.calibration.cores
    this.#generator = generator === null ? undefined : new Generator(ground, generator, parts.workers)
    this.#departures = new Departures(ground, this.#generator)
  }

  /** The player of `seat`, who is the fleet's player `index`, asks. */
  send(
    seat: number,
    index: number,
    { request, address, plannedMs, firstByteByMs }: Extract<PlayerOutput, { do: 'request' }>,
  ): void {
    const { agenda, objects, hash } = this.#ground
    const object = objects.idOf(address)
    hash.word(deciders.player)
    hash.word(index)
    hash.word(object)
    hash.number(plannedMs as number)
    const exchange = this.#exchanges.of(agenda.take())
    const wantedMs = Math.max(agenda.nowMs as number, plannedMs as number)
    exchange.seat = seat
    exchange.request = request
    exchange.object = object
    exchange.plannedMs = plannedMs
    exchange.firstByteByMs = firstByteByMs
    exchange.firstByteMs = Infinity
    exchange.wakeMs = Infinity
    exchange.result = results.status
    exchange.said = said.nothing
    exchange.playlist = undefined
    exchange.next = this.#first[seat] as number
    this.#first[seat] = exchange.transient
    const dueMs = this.#departures.dueMs(wantedMs, this.#isAnswering)
    if (dueMs === wantedMs) this.#leave(exchange, wantedMs)
    else {
      exchange.state = at.planned
      this.#putIn(exchange, dueMs)
    }
  }

  /** The player no longer wants the answer. */
  abort(seat: number, request: RequestNumber, now: EpochMs): void {
    for (let exchange = this.#firstOf(seat); exchange !== undefined; exchange = this.#behind(exchange)) {
      if (exchange.request !== request) continue
      if (exchange.state === at.waiting || exchange.state === at.reading) this.#parts.doors.left(exchange, now)
      this.#parts.tally.aborted()
      this.free(exchange)
      return
    }
  }

  /**
   * The player of `seat` is at rest until `wakeMs`: it is woken then, unless something of a request of its own comes
   * before.
   */
  attend(seat: number, wakeMs: EpochMs): void {
    let isCovered = false
    for (let exchange = this.#firstOf(seat); exchange !== undefined; exchange = this.#behind(exchange)) {
      exchange.wakeMs = wakeMs
      isCovered ||= exchange.dueMs < wakeMs
    }
    if (!isCovered) this.#ground.agenda.releaseSeat(seat)
  }

  /** Reads what is kept of `transient`, so that it is at hand when it is due. */
  lookAt(transient: number): void {
    this.#exchanges.bringNear(transient)
  }

  /** The same for what it will then meet: its edge, or its player. */
  dueSoon(transient: number): void {
    const exchange = this.#exchanges.of(transient)
    if (exchange.state === at.toEdge) this.#parts.soon.arrival(exchange.edge, exchange.object)
    else {
      haveRead(this.#first[exchange.seat] as number)
      this.#parts.soon.seat(exchange.seat)
    }
  }

  /** What `transient` waited for has come: its arrival, its end, or the end of its player's patience. */
  due(transient: number, now: EpochMs): void {
    const exchange = this.#exchanges.of(transient)
    switch (exchange.state) {
      case at.planned:
        this.#leave(exchange, now)
        return
      case at.toEdge:
        if (this.#ground.hearsAtOnce) this.#arrives(exchange, now)
        else {
          exchange.state = at.arrived
          this.#putIn(exchange, this.#parts.doors.hearsAt(exchange.edge, now))
        }
        return
      case at.arrived:
      case at.queued:
        this.#arrives(exchange, now)
        return
      case at.waiting:
      case at.reading:
        this.#parts.doors.left(exchange, now)
        this.#timeOut(exchange, now)
        return
      case at.late:
        this.#timeOut(exchange, now)
        return
      case at.toPlayer:
        if (this.#generator === undefined) this.#parts.ended(exchange, now)
        else this.#read(exchange, this.#generator, now)
        return
      case at.read:
        this.#hasRead(exchange, now)
    }
  }

  /** The edge's event loop has something to do before it comes to this one. */
  queues(exchange: Exchange, loopMs: EpochMs): void {
    exchange.state = at.queued
    this.#putIn(exchange, loopMs)
  }

  /** It waits at the edge. */
  waits(exchange: Exchange): void {
    exchange.state = at.waiting
    this.#putIn(exchange, exchange.firstByteByMs)
  }

  /** An edge's answer leaves; NaN for a first byte that has left before. */
  answerLeaves(exchange: Exchange, firstLeavesMs: EpochMs, lastLeavesMs: EpochMs): void {
    const wayMs = this.#ground.ways.playerEdge.oneWayMs() as number
    if (!Number.isNaN(firstLeavesMs)) exchange.firstByteMs = (firstLeavesMs as number) + wayMs
    const { firstByteMs, firstByteByMs } = exchange
    const patientUntilMs = (firstByteMs as number) + limits.bodyPatienceMs
    // Bytes do not overtake each other.
    const lastByteMs = Math.max(firstByteMs as number, (lastLeavesMs as number) + wayMs)
    const isStillToCome = lastByteMs === Infinity
    if (firstByteMs > firstByteByMs || (lastByteMs > patientUntilMs && !isStillToCome)) {
      exchange.state = at.late
      this.#putIn(
        exchange,
        Math.min(firstByteMs > firstByteByMs ? (firstByteByMs as number) : Infinity, patientUntilMs),
      )
    } else if (isStillToCome) {
      exchange.state = at.reading
      this.#putIn(exchange, patientUntilMs)
    } else {
      exchange.state = at.toPlayer
      exchange.lastByteMs = lastByteMs
      this.#putIn(exchange, this.#generator === undefined ? this.#throughLink(exchange) : lastByteMs)
    }
  }

  /** Those that are under way, and the places that are free for others. */
  all(): readonly Exchange[] {
    return this.#exchanges.all()
  }

  /** The edge is gone: who waited or read there finds the connection reset. */
  edgeDied(edge: number, now: EpochMs): void {
    for (const exchange of this.#exchanges.all()) {
      const { state } = exchange
      if (exchange.edge !== edge || (state !== at.waiting && state !== at.reading)) continue
      exchange.result = results.reset
      this.#breaks(exchange, now)
    }
  }

  /** Every request of the player is given up, and not counted. */
  freeAll(seat: number): void {
    for (let first = this.#firstOf(seat); first !== undefined; first = this.#firstOf(seat)) this.free(first)
  }

  free(exchange: Exchange): void {
    const { seat, next, transient } = exchange
    if (this.#first[seat] === transient) this.#first[seat] = next
    else {
      let before = this.#firstOf(seat) as Exchange
      while (before.next !== transient) before = this.#behind(before) as Exchange
      before.next = next
    }
    exchange.state = at.free
    this.#ground.agenda.free(transient)
  }

  /** It is sent at `now`, or when the generator comes to it. */
  #leave(exchange: Exchange, now: EpochMs): void {
    const { objects, ways } = this.#ground
    const { seating, tally } = this.#parts
    const sentMs = this.#departures.sentMs(now, this.#isAnswering) as number
    exchange.edge = seating.edgeFor(exchange.seat, sentMs)
    exchange.sentMs = sentMs
    exchange.state = at.toEdge
    tally.sent(objects.isSegment(exchange.object), sentMs, sentMs - (exchange.plannedMs as number))
    this.#putIn(exchange, sentMs + (seating.connect(exchange.seat) as number) + (ways.playerEdge.oneWayMs() as number))
  }

  #arrives(exchange: Exchange, now: EpochMs): void {
    if (this.#parts.doors.isAlive(exchange.edge)) this.#parts.doors.asked(exchange, now)
    else {
      exchange.result = results.refused
      this.#breaks(exchange, now)
    }
  }

  /** The generator takes the answer, then the player's own link. */
  #read(exchange: Exchange, generator: Generator, now: EpochMs): void {
    generator.reads(exchange, now)
    exchange.state = at.read
    this.#putIn(exchange, this.#throughLink(exchange))
  }

  #hasRead(exchange: Exchange, now: EpochMs): void {
    const generator = this.#generator
    // Once it has ended, the exchange may already be the player's next request.
    const afterMs = generator?.afterMs(exchange) ?? 0
    this.#isAnswering = true
    this.#parts.ended(exchange, now)
    this.#isAnswering = false
    generator?.goesOn(afterMs, now)
  }

  #throughLink({ seat, bytes, firstByteMs, lastByteMs }: Exchange): EpochMs {
    return this.#parts.seating.throughLink(seat, bytes, firstByteMs, lastByteMs)
  }

  #firstOf(seat: number): Exchange | undefined {
    return this.#of(this.#first[seat] as number)
  }

  /** The next one of the same player. */
  #behind({ next }: Exchange): Exchange | undefined {
    return this.#of(next)
  }

  #of(transient: number): Exchange | undefined {
    return transient === none ? undefined : this.#exchanges.of(transient)
  }

  #timeOut(exchange: Exchange, now: EpochMs): void {
    exchange.result = results.timeout
    exchange.lastByteMs = now
    exchange.firstByteMs = Math.min(now as number, exchange.firstByteMs as number)
    this.#parts.ended(exchange, now)
  }

  /** The connection is no more; the player hears of it one way later. */
  #breaks(exchange: Exchange, now: EpochMs): void {
    const heardMs = (now as number) + (this.#ground.ways.playerEdge.oneWayMs() as number)
    exchange.firstByteMs = heardMs
    exchange.lastByteMs = heardMs
    exchange.state = at.toPlayer
    this.#putIn(exchange, heardMs)
  }

  #putIn(exchange: Exchange, dueMs: EpochMs): void {
    const { agenda } = this.#ground
    exchange.dueMs = dueMs
    agenda.putTransient(exchange.transient, dueMs)
    if (dueMs >= exchange.wakeMs) agenda.releaseSeat(exchange.seat)
  }
}
