import type { EpochMs } from '../../../live/units.ts'
import { type CacheAsk, CacheAsks, noteFailure, noteSuccess, pickForWrite } from './cache-asks.ts'
import { CacheServers } from './cache-servers.ts'
import { Flight, numbersFrom, runsOf } from './flight.ts'
import type {
  AskId,
  FlightId,
  ReaderId,
  StoreReason,
  TierBody,
  TierConfig,
  TierCount,
  TierEffect,
} from './tier-effect.ts'

// The way of a read and a write through a cache tier to the store below it.
//
// | a chunk is   | while                                        | leaves it by                                  |
// |--------------|----------------------------------------------|-----------------------------------------------|
// | unknown      | nobody wants it                              | a reader: asked; a publish: at hand           |
// | asked (cache)| its server was asked                         | an answer: at hand; a miss, a failure or the  |
// |              |                                              | bound: asked (store)                          |
// | asked (store)| the store was asked                          | an answer: at hand; a failure: unknown        |
// | at hand      | its body has readers, or is written to cache | the flight's end: unknown                     |
// A chunk is asked for once at a time, however many readers want it and whatever ranges of the body they read: that is
// the one flight. A chunk that was missed is written to the cache when it has come from the store (a fill); nobody waits
// for that. A published body is written to the cache when the store has acknowledged it, never before: what is not
// acknowledged is nowhere to be read. Until that write has ended, readers get the chunks from the writer's memory.

export type Reading =
  | {
      readonly do: 'wait'
      readonly reader: ReaderId
      readonly flight: FlightId
      readonly effects: readonly TierEffect[]
    }
  | { readonly do: 'refuse'; readonly reason: 'too-many-bodies' | 'too-many-readers' }

interface StoreAsk {
  readonly flight: Flight
  readonly chunks: readonly number[]
  /** What the cache could have had: written to it when it has come. */
  readonly isFill: boolean
}

export class TierCore {
  readonly #config: TierConfig
  readonly #servers: CacheServers
  readonly #cacheAsks: CacheAsks
  readonly #storeAsks = new Map<AskId, StoreAsk>()
  /** The flight that a further reader of a body joins. */
  readonly #flights = new Map<string, Flight>()
  #lastId = 0
  #flying = 0
  #readers = 0

  constructor(config: TierConfig) {
    this.#config = config
    this.#servers = new CacheServers(config.servers, config)
    this.#cacheAsks = new CacheAsks(config)
  }

  /** A reader wants chunks `first` to `last` of `body`. It is told by `serve` or `fail`. */
  read(body: TierBody, first: number, last: number, now: EpochMs): Reading {
    const known = this.#flights.get(body.id)
    if (this.#readers >= this.#config.readers) return { do: 'refuse', reason: 'too-many-readers' }
    if (!known && this.#flying >= this.#config.bodies) return { do: 'refuse', reason: 'too-many-bodies' }
    const flight = known ?? this.#start(body)
    const reader = ++this.#lastId
    flight.addReader({ id: reader, first, last })
    this.#readers++
    const chunks = flight.unasked(first, last)
    const effects = [
      count('reads', 1),
      ...(chunks.length === 0 ? [count('joined', 1)] : this.#askCache(flight, chunks, now)),
      ...this.#serve(flight),
    ]
    return { do: 'wait', reader, flight: flight.id, effects }
  }

  /** A cache server has answered: the driver has the chunks `found`; `corrupt` ones failed their checksum. */
  cacheRead(id: AskId, found: readonly number[], corrupt: readonly number[]): readonly TierEffect[] {
    const ask = this.#cacheAsks.take(id)
    if (!ask?.flight) return []
    const { flight, chunks } = ask
    const missed = chunks.filter(chunk => !found.includes(chunk) && !corrupt.includes(chunk))
    flight.arrived(found)
    return [
      ...noteSuccess(ask),
      count('hits', found.length),
      count('misses', missed.length),
      count('corrupt', corrupt.length),
      ...this.#serve(flight),
      ...this.#askStore(flight, flight.stillFrom(id, corrupt), 'cache-corrupt'),
      ...this.#askStore(flight, flight.stillFrom(id, missed), 'cache-miss'),
      ...this.#land(flight),
    ]
  }

  /** A cache server has acknowledged a write or a deletion. */
  cacheChanged(id: AskId): readonly TierEffect[] {
    const ask = this.#cacheAsks.take(id)
    if (!ask) return []
    const { is, flight, chunks } = ask
    return [
      ...noteSuccess(ask),
      ...(is === 'publish' ? [count('writes', chunks.length)] : is === 'fill' ? [count('fills', chunks.length)] : []),
      ...(flight ? this.#land(flight) : []),
    ]
  }

  /** A cache server broke off or refused. */
  cacheFailed(id: AskId, now: EpochMs): readonly TierEffect[] {
    const ask = this.#cacheAsks.take(id)
    return ask ? this.#withoutCache(ask, 'cache-failed', now) : []
  }

  /** The driver has the chunks of `id` from the store. */
  storeRead(id: AskId, now: EpochMs): readonly TierEffect[] {
    const ask = this.#storeAsks.get(id)
    if (!ask) return []
    const { flight, chunks, isFill } = ask
    this.#endStoreAsk(id, ask)
    flight.arrived(chunks)
    return [
      ...this.#serve(flight),
      ...(isFill && !flight.isRemoved ? this.#write(flight, chunks, 'fill', now) : []),
      ...this.#land(flight),
    ]
  }

  /** The store did not give the chunks of `id`: whoever waits for one of them fails as it did. */
  storeFailed(id: AskId): readonly TierEffect[] {
    const ask = this.#storeAsks.get(id)
    if (!ask) return []
    const { flight } = ask
    this.#endStoreAsk(id, ask)
    const chunks = flight.stillFrom(id, ask.chunks)
    flight.lost(chunks)
    const readers = flight.takeWaitingFor(chunks)
    this.#readers -= readers.length
    return [...(readers.length > 0 ? [{ do: 'fail' as const, ask: id, readers }] : []), ...this.#land(flight)]
  }

  /** The store has acknowledged `body`, and the driver has all of it. */
  published(body: TierBody, now: EpochMs): { readonly flight: FlightId; readonly effects: readonly TierEffect[] } {
    const flight = this.#flights.get(body.id) ?? this.#start(body)
    const chunks = numbersFrom(0, body.chunks - 1)
    flight.arrived(chunks)
    const effects = [...this.#serve(flight), ...this.#write(flight, chunks, 'published', now), ...this.#land(flight)]
    return { flight: flight.id, effects }
  }

  /**
   * The store has removed `body`: no further reader joins what is under way, and every server that may have it is told to
   * delete it. `asks` are those deletions; each ends by an answer or by its bound.
   */
  removed(body: TierBody, now: EpochMs): { readonly asks: readonly AskId[]; readonly effects: readonly TierEffect[] } {
    const flight = this.#flights.get(body.id)
    if (flight) flight.isRemoved = true
    this.#flights.delete(body.id)
    const effects = this.#servers.all.flatMap((server): TierEffect[] => {
      const passage = server.breaker.admit(now)
      if (!passage) return []
      const id = ++this.#lastId
      this.#cacheAsks.add({ id, is: 'delete', server, passage, flight: undefined, chunks: [], bytes: 0 }, now)
      return [{ do: 'delete-from-cache', ask: id, server: server.name, body, reason: 'removed' }]
    })
    return { asks: effects.flatMap(effect => ('ask' in effect ? [effect.ask] : [])), effects }
  }

  /** Gives up on what the cache has not answered within its bound. */
  wake(now: EpochMs): readonly TierEffect[] {
    return this.#cacheAsks
      .takeLate(now)
      .flatMap((ask): TierEffect[] => [
        { do: 'abandon', ask: ask.id, reason: 'cache-slow' },
        ...this.#withoutCache(ask, 'cache-slow', now),
      ])
  }

  /** When `wake` has something to do next; undefined: no cache server is asked anything. */
  nextWakeMs(): EpochMs | undefined {
    return this.#cacheAsks.nextLateMs()
  }

  /** For people: what is under way. */
  summary(): { readonly bodies: number; readonly readers: number; readonly storeReads: number } {
    return { bodies: this.#flying, readers: this.#readers, storeReads: this.#storeAsks.size }
  }

  #start(body: TierBody): Flight {
    const flight = new Flight(++this.#lastId, body)
    this.#flights.set(body.id, flight)
    this.#flying++
    return flight
  }

  #askCache(flight: Flight, chunks: readonly number[], now: EpochMs): TierEffect[] {
    const picked = this.#servers.pick(flight.body.id, now)
    if (!picked) return [count('resting', chunks.length), ...this.#askStore(flight, chunks, 'cache-resting')]
    const id = ++this.#lastId
    this.#cacheAsks.add({ id, is: 'read', ...picked, flight, chunks, bytes: 0 }, now)
    flight.asked(chunks, id)
    const server = picked.server.name
    return [{ do: 'ask-cache', ask: id, server, flight: flight.id, chunks, reason: 'cache-first' }]
  }

  #askStore(flight: Flight, chunks: readonly number[], reason: StoreReason): TierEffect[] {
    const asks = runsOf(chunks).map(({ first, last }): TierEffect => {
      const id = ++this.#lastId
      const asked = numbersFrom(first, last)
      // A server that was slow has the chunks, most likely, and enough to do.
      this.#storeAsks.set(id, { flight, chunks: asked, isFill: reason !== 'cache-slow' })
      flight.asks.add(id)
      flight.asked(asked, id)
      return { do: 'ask-store', ask: id, flight: flight.id, first, last, reason }
    })
    return asks.length > 0 ? [count('store_reads', asks.length), ...asks] : []
  }

  #write(flight: Flight, chunks: readonly number[], reason: 'published' | 'fill', now: EpochMs): TierEffect[] {
    const { id, chunkBytes } = flight.body
    const bytes = chunks.length * (chunkBytes as number)
    const picked = pickForWrite(this.#servers, id, bytes, this.#config.writingBytes as number, now)
    if (!picked) return [count('writes_dropped', chunks.length)]
    const ask = ++this.#lastId
    this.#cacheAsks.add({ id: ask, is: reason === 'fill' ? 'fill' : 'publish', ...picked, flight, chunks, bytes }, now)
    return [{ do: 'write-cache', ask, server: picked.server.name, flight: flight.id, chunks, reason }]
  }

  /** Goes on without an answer from the cache. */
  #withoutCache(ask: CacheAsk, reason: 'cache-slow' | 'cache-failed', now: EpochMs): TierEffect[] {
    const { id, is, flight, chunks } = ask
    return [
      ...noteFailure(ask, reason, now),
      ...(is === 'publish' || is === 'fill' ? [count('writes_dropped', chunks.length)] : []),
      ...(flight && is === 'read' ? this.#askStore(flight, flight.stillFrom(id, chunks), reason) : []),
      ...(flight ? this.#land(flight) : []),
    ]
  }

  #endStoreAsk(id: AskId, { flight }: StoreAsk): void {
    this.#storeAsks.delete(id)
    flight.asks.delete(id)
  }

  #serve(flight: Flight): TierEffect[] {
    const readers = flight.takeServed()
    this.#readers -= readers.length
    return readers.length > 0 ? [{ do: 'serve', flight: flight.id, readers }] : []
  }

  #land(flight: Flight): TierEffect[] {
    if (!flight.land()) return []
    if (this.#flights.get(flight.body.id) === flight) this.#flights.delete(flight.body.id)
    this.#flying--
    return [{ do: 'land', flight: flight.id }]
  }
}

const count = (name: TierCount, by: number): TierEffect => ({ do: 'count', name, by })
