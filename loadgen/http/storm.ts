import { formatAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { after, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import { routeOf, type SiteTargets } from '../fleet/steering.ts'
import type { RequestOutcome } from '../player/player-io.ts'
import type { Cast, DrivenOutput, RecordedRequest } from './driven.ts'
import { Exchange, type ExchangeObserver, type Result } from './exchange.ts'
import { noteResponse } from './response-note.ts'
import { Seat } from './seat.ts'
import type { Tally } from './tally.ts'
import type { Transport } from './transport.ts'
import { WakeQueue } from './wake-queue.ts'

// Drives players over HTTP, open-loop: each acts at the instant that it planned, however slow the edges are. One queue of
// instants serves everything that a player waits for: its own plans, its requests' time-outs, and answers that its
// bandwidth still delays.

type Request = Extract<DrivenOutput, { do: 'request' }> | RecordedRequest

export interface StormOptions {
  readonly event: LiveEvent
  readonly sites: readonly SiteTargets[]
  /** When everybody who is still there leaves. */
  readonly endMs: EpochMs
  /** Download speed of each player; Infinity: whatever the network gives. */
  readonly bitsPerSecond: number
  /** How many requests may be sent; absent: without a bound. */
  readonly requestBudget?: number | undefined
}

/** Seats attended to before the sockets get a turn: a herd must not keep the answers of its first waiting. */
const seatsATurn = 64
/** The grain of the timeline. */
const secondMs = 1_000

export class Storm {
  readonly #options: StormOptions
  readonly #tally: Tally
  readonly #transport: Transport
  readonly #log: DecisionLog | undefined
  readonly #queue = new WakeQueue()
  readonly #seats: (Seat | undefined)[] = []
  readonly #freeSeats: number[] = []
  readonly #byIndex = new Map<number, Seat>()
  readonly #over = Promise.withResolvers<void>()
  readonly #observer: ExchangeObserver = {
    sent: exchange => this.#tally.sent(exchange),
    ended: (exchange, result) => {
      const seat = this.#seats[exchange.ask.seat] as Seat
      seat.drop(exchange)
      this.#settle(seat, exchange, result)
      this.#plan(seat)
      this.#endWhenSpent()
    },
  }
  #budgetLeft: number
  #sites: readonly SiteTargets[]
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #armedMs: EpochMs = Infinity
  #inTurn = false
  #stopped = false
  #nextSecondMs: EpochMs = Math.ceil((now() as number) / secondMs) * secondMs

  constructor(options: StormOptions, tally: Tally, transport: Transport, log?: DecisionLog) {
    this.#options = options
    this.#tally = tally
    this.#transport = transport
    this.#log = log
    this.#sites = options.sites
    this.#budgetLeft = options.requestBudget ?? Infinity
    this.#arm()
  }

  /** Resolves when everybody has left: at `endMs`, or after `stop`. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  /** Players that are seated: they are there, or will be in a moment. */
  get players(): number {
    return this.#byIndex.size
  }

  /** Requests that have not ended. */
  get inFlight(): number {
    let sum = 0
    for (const { exchanges } of this.#byIndex.values()) sum += exchanges.length
    return sum
  }

  /** Requests that may still be sent. */
  get budgetLeft(): number {
    return this.#budgetLeft
  }

  /** Whether player `index` is seated. */
  has(index: number): boolean {
    return this.#byIndex.has(index)
  }

  /** Seats a player, which comes when it means to. */
  add(cast: Cast): void {
    if (this.#stopped) return
    const number = this.#freeSeats.pop() ?? this.#seats.length
    const seat = new Seat(number, cast, routeOf(this.#sites, cast), this.#transport.join())
    this.#seats[number] = seat
    this.#byIndex.set(cast.index, seat)
    this.#plan(seat)
  }

  /** Player `index` leaves now. */
  dismiss(index: number): void {
    const seat = this.#byIndex.get(index)
    if (seat === undefined) return
    const at = now()
    this.#carryOut(seat, seat.player.leaveNow(at), at)
    this.#vacate(seat)
  }

  /** From now on players ask the edges of `sites`; requests in flight end where they are. */
  retarget(sites: readonly SiteTargets[]): void {
    for (const seat of this.#byIndex.values()) seat.route = routeOf(sites, seat.cast)
    this.#sites = sites
  }

  /** Everybody leaves; requests in flight are given up and not counted. */
  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    for (const index of [...this.#byIndex.keys()]) this.dismiss(index)
    this.#over.resolve()
  }

  #vacate(seat: Seat): void {
    if (this.#byIndex.get(seat.index) !== seat) return
    for (const exchange of seat.exchanges) exchange.abort()
    seat.exchanges = []
    this.#queue.set(seat.number, Infinity)
    this.#byIndex.delete(seat.index)
    this.#seats[seat.number] = undefined
    this.#freeSeats.push(seat.number)
    this.#transport.leave(seat.connections)
  }

  /** Does for `seat` whatever has come due. */
  #attend(seat: Seat, at: EpochMs): void {
    const expired = seat.takeExpired(at)
    // The last first: one that still waits for a connection must not get that of one given up in the same moment.
    for (const exchange of expired.toReversed()) exchange.expire(at)
    for (const exchange of expired) this.#settle(seat, exchange, 'timeout')
    for (const { outcome } of seat.takeArrived(at)) this.#carryOut(seat, seat.player.responded(outcome, at), at)
    if ((seat.player.nextWakeMs() ?? Infinity) <= at) this.#carryOut(seat, seat.player.wake(at), at)
    this.#plan(seat)
  }

  #carryOut(seat: Seat, outputs: readonly DrivenOutput[], at: EpochMs): void {
    for (const output of outputs) {
      switch (output.do) {
        case 'request':
        case 'recorded-request':
          this.#send(seat, output, at)
          break
        case 'abort':
          this.#abort(seat, output.request)
          break
        case 'note':
          this.#tally.note(seat, output, at)
      }
    }
  }

  #send(seat: Seat, output: Request, at: EpochMs): void {
    if (this.#budgetLeft <= 0) return
    this.#budgetLeft--
    const { request, address, plannedMs, firstByteByMs } = output
    const target = seat.route.edgeAt(at)
    const [method, path] =
      output.do === 'request' ? (['GET', formatAddress(output.address)] as const) : [output.method, output.path]
    const id = `p${seat.index}-${request}`
    const ask = { seat: seat.number, request, id, method, path, address, plannedMs, target }
    const exchange = new Exchange(ask, firstByteByMs, this.#options.event, seat.connections.to(target), this.#observer)
    seat.exchanges.push(exchange)
    exchange.begin()
  }

  #abort(seat: Seat, request: number): void {
    seat.delayed = seat.delayed.filter(({ outcome }) => outcome.request !== request)
    const exchange = seat.exchanges.find(({ ask }) => ask.request === request)
    if (exchange === undefined) return
    seat.drop(exchange)
    exchange.abort()
    this.#tally.aborted()
  }

  /** An exchange has ended: counted, written down, and told to the player when its link is through with it. */
  #settle(seat: Seat, exchange: Exchange, result: Result): void {
    const { ask, firstByteMs, lastByteMs, bodyBytes, playlist } = exchange
    if (Number.isNaN(exchange.sentMs)) {
      this.#tally.neverSent(exchange, lastByteMs)
      exchange.sentMs = lastByteMs
    } else {
      this.#tally.ended(exchange, result)
    }
    if (result === 'refused') seat.route.refused(ask.target, lastByteMs)
    if (this.#log !== undefined) noteResponse(this.#log, exchange, result)
    const throughMs = this.#throughLink(seat, exchange)
    const { request } = ask
    const outcome: RequestOutcome = {
      request,
      result,
      sentMs: exchange.sentMs,
      firstByteMs,
      lastByteMs: throughMs,
      bodyBytes,
      playlist,
    }
    if (throughMs > lastByteMs) seat.delayed.push({ atMs: throughMs, outcome })
    else this.#carryOut(seat, seat.player.responded(outcome, lastByteMs), lastByteMs)
  }

  /** When the last byte is through the player's own link, which carries one answer after the other. */
  #throughLink(seat: Seat, { firstByteMs, lastByteMs, bodyBytes }: Exchange): EpochMs {
    const { bitsPerSecond } = this.#options
    if (bitsPerSecond === Infinity) return lastByteMs
    const fromMs = Math.max(firstByteMs as number, seat.linkBusyUntilMs as number)
    seat.linkBusyUntilMs = Math.max(lastByteMs as number, fromMs + (bodyBytes * 8_000) / bitsPerSecond)
    return seat.linkBusyUntilMs
  }

  /** Puts `seat` into the queue anew. */
  #plan(seat: Seat): void {
    if (this.#byIndex.get(seat.index) !== seat) return
    const { nextMs } = seat
    if (nextMs === undefined) this.#vacate(seat)
    else this.#queue.set(seat.number, nextMs)
    if (!this.#inTurn) this.#arm()
  }

  #turn = (): void => {
    this.#armedMs = Infinity
    const at = now()
    if (at >= this.#options.endMs) {
      this.stop()
      return
    }
    for (; this.#nextSecondMs <= at; this.#nextSecondMs = after(this.#nextSecondMs, secondMs)) {
      this.#tally.second(this.#nextSecondMs)
    }
    this.#inTurn = true
    for (let attended = 0; attended < seatsATurn; attended++) {
      const number = this.#queue.due(at)
      if (number === undefined) break
      this.#attend(this.#seats[number] as Seat, now())
    }
    this.#inTurn = false
    this.#endWhenSpent()
    this.#arm()
  }

  /** Nothing may be sent any more, and all that was has its answer. */
  #endWhenSpent(): void {
    if (this.#budgetLeft <= 0 && this.inFlight === 0) this.stop()
  }

  /** Sees to it that the next turn comes when the next instant does. */
  #arm(): void {
    if (this.#stopped) return
    const wantedMs = Math.min(this.#queue.nextMs, this.#nextSecondMs as number, this.#options.endMs as number)
    if (wantedMs >= this.#armedMs) return
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#armedMs = wantedMs
    const inMs = wantedMs - (now() as number)
    if (inMs <= 0) this.#immediate = setImmediate(this.#turn)
    else this.#timer = setTimeout(this.#turn, inMs)
  }
}
