import { limits } from '../../live/limits.ts'
import type { EpochMs } from '../../live/units.ts'
import { tierBounds } from '../../origin/core/tiers/tier-bounds.ts'
import { TierCore } from '../../origin/core/tiers/tier-core.ts'
import type { AskId, FlightId, ReaderId, TierBody, TierEffect } from '../../origin/core/tiers/tier-effect.ts'
import type { Candidate } from '../../origin/core/verdict.ts'
import type { OriginBooks } from '../../origin/http/origin-books.ts'
import type { Cores } from '../network/cores.ts'
import { CoreWake } from './core-wake.ts'
import type { Ground, Labour } from './ground.ts'
import type { StoreEnded, StoreFault } from './kept-bodies.ts'
import type { SimCacheServer } from './storage.ts'

// The memcached tier in virtual time: what origin/store/memcached/tier-driver.ts carries out over sockets. The decisions
// are those of the same core.

export interface TierParts {
  readonly ground: Ground
  readonly cores: Cores
  readonly servers: readonly SimCacheServer[]
  readonly books: OriginBooks
  /** Reads so many bytes of a body from the store below. */
  readonly readBelow: (candidate: Candidate, bytes: number, now: EpochMs, ended: StoreEnded) => void
}

const bodyOf = ({ pipeline, rendition, number, etag, bodyBytes }: Candidate): TierBody => ({
  id: `${rendition}/${number ?? 'init'}/${pipeline} ${etag}`,
  chunks: Math.max(1, Math.ceil((bodyBytes as number) / limits.chunkBytes)),
  chunkBytes: limits.chunkBytes,
})

export class SimTier {
  readonly #parts: TierParts
  readonly #core: TierCore
  readonly #servers: ReadonlyMap<string, SimCacheServer>
  readonly #flights = new Map<FlightId, Candidate>()
  readonly #waiting = new Map<ReaderId, StoreEnded>()
  /** Why the store below failed at an ask, until its readers are told. */
  readonly #faults = new Map<AskId, StoreFault>()
  readonly #wake: CoreWake
  #isClosed = false

  constructor(parts: TierParts) {
    this.#parts = parts
    this.#servers = new Map(parts.servers.map(server => [server.name, server]))
    this.#core = new TierCore({ ...tierBounds, servers: [...this.#servers.keys()] })
    this.#wake = new CoreWake(parts.ground.agenda, this.#core, now => this.#apply(this.#core.wake(now), now))
  }

  read(candidate: Candidate, now: EpochMs, ended: StoreEnded): void {
    const body = bodyOf(candidate)
    const reading = this.#core.read(body, 0, body.chunks - 1, now)
    if (reading.do === 'refuse') {
      ended('unavailable', now)
      return
    }
    this.#waiting.set(reading.reader, ended)
    this.#flights.set(reading.flight, candidate)
    this.#apply(reading.effects, now)
  }

  /** The store below has acknowledged `candidate`. */
  published(candidate: Candidate, now: EpochMs): void {
    const { flight, effects } = this.#core.published(bodyOf(candidate), now)
    this.#flights.set(flight, candidate)
    this.#apply(effects, now)
  }

  removed(candidate: Candidate, now: EpochMs): void {
    this.#apply(this.#core.removed(bodyOf(candidate), now).effects, now)
  }

  close(): void {
    this.#isClosed = true
    this.#wake.stop()
  }

  #apply(effects: readonly TierEffect[], now: EpochMs): void {
    if (this.#isClosed) return
    for (const effect of effects) this.#carryOut(effect, now)
    this.#wake.schedule()
  }

  #carryOut(effect: TierEffect, now: EpochMs): void {
    switch (effect.do) {
      case 'count':
        if (effect.by > 0) this.#parts.books.count(`store.memcached.${effect.name}`, effect.by)
        break
      case 'ask-cache':
        this.#askCache(effect, now)
        break
      case 'write-cache': {
        const { id } = bodyOf(this.#flight(effect.flight))
        this.#change(effect, bytesOf(effect.chunks.length), now, server => server.keep(id, effect.chunks))
        break
      }
      case 'delete-from-cache':
        this.#change(effect, 0, now, server => server.drop(effect.body.id, effect.body.chunks))
        break
      case 'ask-store': {
        const { first, last, ask } = effect
        const candidate = this.#flight(effect.flight)
        const bytes = Math.min(candidate.bodyBytes as number, bytesOf(last - first + 1))
        this.#parts.readBelow(candidate, bytes, now, (fault, at) => {
          if (fault !== undefined) this.#faults.set(ask, fault)
          this.#apply(fault === undefined ? this.#core.storeRead(ask, at) : this.#core.storeFailed(ask), at)
          this.#faults.delete(ask)
        })
        break
      }
      case 'serve':
        this.#tell(effect.readers, undefined, now)
        break
      case 'fail':
        this.#tell(effect.readers, this.#faults.get(effect.ask), now)
        break
      case 'land':
        this.#flights.delete(effect.flight)
        break
      case 'abandon': // the core takes no answer to it any more
      case 'rest':
      case 'resume':
    }
  }

  #tell(readers: readonly ReaderId[], fault: StoreFault | undefined, now: EpochMs): void {
    for (const reader of readers) {
      const ended = this.#waiting.get(reader)
      this.#waiting.delete(reader)
      ended?.(fault, now)
    }
  }

  #askCache({ ask, server, flight, chunks }: Extract<TierEffect, { do: 'ask-cache' }>, now: EpochMs): void {
    const { ground, books } = this.#parts
    const { id } = bodyOf(this.#flight(flight))
    this.#atServer(server, ground.labour.cacheRead, bytesOf(chunks.length), now, (reached, at) => {
      if (!reached) {
        this.#apply(this.#core.cacheFailed(ask, at), at)
        return
      }
      books.time('store.memcached.read_ms', (at as number) - (now as number))
      const found = chunks.filter(chunk => reached.has(id, chunk))
      this.#apply(this.#core.cacheRead(ask, found, []), at)
    })
  }

  #change(
    { ask, server }: { readonly ask: AskId; readonly server: string },
    bytes: number,
    now: EpochMs,
    change: (server: SimCacheServer) => void,
  ): void {
    const { ground, books } = this.#parts
    this.#atServer(server, ground.labour.cacheWrite, bytes, now, (reached, at) => {
      if (!reached) {
        this.#apply(this.#core.cacheFailed(ask, at), at)
        return
      }
      change(reached)
      books.time('store.memcached.write_ms', (at as number) - (now as number))
      this.#apply(this.#core.cacheChanged(ask), at)
    })
  }

  /** Asks a server; nobody is reached where it is dead, or dies meanwhile. */
  #atServer(
    name: string,
    labour: Labour,
    bytes: number,
    now: EpochMs,
    then: (reached: SimCacheServer | undefined, at: EpochMs) => void,
  ): void {
    const { ground, cores } = this.#parts
    const server = this.#servers.get(name) as SimCacheServer
    const { life, alive } = server
    ground.agenda.at(labour.doneBy(cores, bytes, now), at => {
      if (!this.#isClosed) then(alive && server.life === life ? server : undefined, at)
    })
  }

  #flight(flight: FlightId): Candidate {
    const candidate = this.#flights.get(flight)
    if (!candidate) throw new Error(`the tier speaks of flight ${flight}, which nobody began`)
    return candidate
  }
}

const bytesOf = (chunks: number): number => chunks * limits.chunkBytes
