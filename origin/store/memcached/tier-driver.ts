import type { EpochMs } from '../../../live/units.ts'
import type { TierCore } from '../../core/tiers/tier-core.ts'
import type { AskId, FlightId, ReaderId, TierEffect } from '../../core/tiers/tier-effect.ts'
import { assemble, type ChunkedBody, chunksWithin } from '../chunks.ts'
import {
  type ByteRange,
  type CandidateKey,
  type KnownBody,
  type SegmentStore,
  StoreError,
  type StoreObserver,
} from '../segment-store.ts'
import type { CachedChunks } from './cached-chunks.ts'
import { asOneView } from './one-view.ts'

// Carries out what the core of the tiers wants done: it has the bytes of what is under way, those who wait for them, and
// the one timer.

/** A body under way, until its flight lands. */
export interface BodyBytes {
  readonly key: CandidateKey
  readonly known: KnownBody
  readonly body: ChunkedBody
  readonly chunks: Map<number, Uint8Array>
}

interface Waiting {
  readonly range: ByteRange | undefined
  readonly serve: (bytes: Uint8Array) => void
  readonly fail: (error: Error) => void
}

interface Deletion {
  readonly key: CandidateKey
  readonly known: KnownBody
  readonly ended: () => void
}

export interface DriverParts {
  readonly core: TierCore
  readonly below: SegmentStore
  readonly cache: CachedChunks
  readonly observer: StoreObserver
}

/** Monotonic: a clock that is set must not make every ask late. */
const clockMs = (): number => performance.timeOrigin + performance.now()

export const closedError = () => new StoreError('closed', 'the store is closed')

export class TierDriver {
  readonly #core: TierCore
  readonly #below: SegmentStore
  readonly #cache: CachedChunks
  readonly #observer: StoreObserver
  readonly #flights = new Map<FlightId, BodyBytes>()
  readonly #waiting = new Map<ReaderId, Waiting>()
  /** Why the store failed at an ask, until its readers are told. */
  readonly #errors = new Map<AskId, Error>()
  /** Deletions that a `remove` waits for. */
  readonly #deletions = new Map<AskId, Deletion>()
  readonly #resting = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  /** How long this process did not run when it wanted to. */
  #stalledMs = 0
  /** It never goes back, also when a stall is found out a little later. */
  #lastMs = 0
  #closed = false

  constructor({ core, below, cache, observer }: DriverParts) {
    this.#core = core
    this.#below = below
    this.#cache = cache
    this.#observer = observer
  }

  /**
   * The core's time: that of the machine without the moments in which this process stood still. A server is not slow
   * because we are, and a starved process that turns to the database makes a storm of its own.
   */
  now(): EpochMs {
    this.#lastMs = Math.max(this.#lastMs, clockMs() - this.#stalledMs)
    return this.#lastMs
  }

  /** The bytes of `flight`, which begins with the first to ask for them. */
  bytesOf(flight: FlightId, start: Omit<BodyBytes, 'chunks'>): BodyBytes {
    const kept = this.#flights.get(flight) ?? { ...start, chunks: new Map<number, Uint8Array>() }
    this.#flights.set(flight, kept)
    return kept
  }

  /** What `reader` asked for, when it has come. Before the effects of its asking are applied. */
  served(reader: ReaderId, range: ByteRange | undefined): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.set(reader, { range, serve: resolve, fail: reject })
    return promise
  }

  /** The end of a deletion, however it ends. Before the effects that ask for it are applied. */
  deleted(ask: AskId, key: CandidateKey, known: KnownBody): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#deletions.set(ask, { key, known, ended: resolve })
    return promise
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#cache.close()
    for (const { fail } of this.#waiting.values()) fail(closedError())
    this.#waiting.clear()
    for (const { ended } of this.#deletions.values()) ended()
    this.#deletions.clear()
    this.#flights.clear()
  }

  apply(effects: readonly TierEffect[]): void {
    if (this.#closed) return
    for (const effect of effects) this.#carryOut(effect)
    this.#schedule()
  }

  #carryOut(effect: TierEffect): void {
    switch (effect.do) {
      case 'count':
        if (effect.by > 0) this.#observer.count(`store.memcached.${effect.name}`, effect.by)
        break
      case 'ask-cache':
        this.#askCache(effect)
        break
      case 'write-cache': {
        const { key, known, body, chunks } = this.#flight(effect.flight)
        const values = effect.chunks.map(i => [i, chunks.get(i) as Uint8Array] as const)
        this.#change(effect.ask, this.#cache.write(effect.server, key, known, body, values))
        break
      }
      case 'delete-from-cache': {
        const deletion = this.#deletions.get(effect.ask)
        if (deletion) this.#change(effect.ask, this.#cache.delete(effect.server, deletion.key, deletion.known))
        break
      }
      case 'ask-store':
        this.#askStore(effect)
        break
      case 'abandon':
        this.#cache.abandon(effect.ask)
        this.#endDeletion(effect.ask)
        break
      case 'rest':
        this.#rest(effect)
        break
      case 'resume':
        this.#resting.delete(effect.server)
        process.stderr.write(`tidegate: memcached ${effect.server} answers again\n`)
        break
      case 'serve':
        this.#serve(effect)
        break
      case 'fail':
        this.#fail(effect)
        break
      case 'land':
        this.#flights.delete(effect.flight)
    }
  }

  #askCache({ ask, server, flight, chunks }: Extract<TierEffect, { do: 'ask-cache' }>): void {
    const { key, known, body, chunks: arrived } = this.#flight(flight)
    const askedMs = performance.now()
    this.#cache.read(ask, server, key, known, body, chunks).then(
      ({ found, corrupt }) => {
        this.#observer.time('store.memcached.read_ms', performance.now() - askedMs)
        for (const [chunk, bytes] of found) arrived.set(chunk, bytes)
        this.apply(this.#core.cacheRead(ask, [...found.keys()], corrupt))
      },
      () => this.apply(this.#core.cacheFailed(ask, this.now())),
    )
  }

  /** Tells the core how a write or a deletion ended. Why one failed is told once, when its server is left alone. */
  #change(ask: AskId, change: Promise<void>): void {
    const askedMs = performance.now()
    change
      .then(
        () => {
          this.#observer.time('store.memcached.write_ms', performance.now() - askedMs)
          this.apply(this.#core.cacheChanged(ask))
        },
        () => this.apply(this.#core.cacheFailed(ask, this.now())),
      )
      .then(() => this.#endDeletion(ask))
  }

  #askStore({ ask, flight, first, last }: Extract<TierEffect, { do: 'ask-store' }>): void {
    const { key, known, body, chunks } = this.#flight(flight)
    const from = first * (body.chunkBytes as number)
    const to = Math.min((last + 1) * (body.chunkBytes as number), body.bodyBytes as number) - 1
    const isWhole = first === 0 && last === body.count - 1
    this.#below.get(key, known, isWhole ? undefined : { from, to }).then(
      bytes => {
        for (let i = first; i <= last; i++) chunks.set(i, chunkOf(body, bytes, i, from))
        this.apply(this.#core.storeRead(ask, this.now()))
      },
      (error: Error) => {
        this.#errors.set(ask, error)
        this.apply(this.#core.storeFailed(ask))
        this.#errors.delete(ask)
      },
    )
  }

  #serve({ flight, readers }: Extract<TierEffect, { do: 'serve' }>): void {
    const { body, chunks } = this.#flight(flight)
    // Those who asked for the same get the same: a body is put together once, not a thousand times.
    const made = new Map<string, Uint8Array>()
    for (const id of readers) {
      const { range, serve } = this.#takeWaiting(id)
      const name = range ? `${range.from}-${range.to}` : ''
      const bytes = made.get(name) ?? assembled(body, chunks, range)
      made.set(name, bytes)
      serve(bytes)
    }
  }

  #fail({ ask, readers }: Extract<TierEffect, { do: 'fail' }>): void {
    const error = this.#errors.get(ask) ?? new StoreError('unavailable', 'the store failed')
    for (const id of readers) this.#takeWaiting(id).fail(error)
  }

  #rest({ server, reason }: Extract<TierEffect, { do: 'rest' }>): void {
    this.#cache.reset(server)
    if (this.#resting.has(server)) return
    this.#resting.add(server)
    const what = reason === 'cache-slow' ? 'does not answer in time' : 'fails'
    const why = this.#cache.lastError(server)
    process.stderr.write(
      `tidegate: memcached ${server} ${what}${why ? ` (${why})` : ''}: left alone for a while, reads go on without it\n`,
    )
  }

  #endDeletion(ask: AskId): void {
    this.#deletions.get(ask)?.ended()
    this.#deletions.delete(ask)
  }

  /** Wakes the core when its next ask is late. */
  #schedule(): void {
    if (this.#timer) return
    const nextMs = this.#core.nextWakeMs()
    if (nextMs === undefined) return
    const delayMs = Math.max(0, Math.ceil((nextMs as number) - (this.now() as number)))
    const plannedMs = clockMs() + delayMs
    this.#timer = setTimeout(() => {
      this.#stalledMs += Math.max(0, clockMs() - plannedMs)
      // What has arrived by now is read before anybody is called late: timers come before sockets.
      setImmediate(() => {
        this.#timer = undefined
        this.apply(this.#core.wake(this.now()))
      })
    }, delayMs)
  }

  #flight(flight: FlightId): BodyBytes {
    return this.#flights.get(flight) as BodyBytes
  }

  #takeWaiting(id: ReaderId): Waiting {
    const waiting = this.#waiting.get(id) as Waiting
    this.#waiting.delete(id)
    return waiting
  }
}

/** Chunk `index` of a body out of `bytes`, which begin at `startBytes` of it. */
export function chunkOf({ chunkBytes }: ChunkedBody, bytes: Uint8Array, index: number, startBytes = 0): Uint8Array {
  const at = index * (chunkBytes as number) - startBytes
  return bytes.subarray(at, at + (chunkBytes as number))
}

function assembled(body: ChunkedBody, chunks: ReadonlyMap<number, Uint8Array>, range?: ByteRange): Uint8Array {
  const { first, last } = chunksWithin(body, range)
  const parts = Array.from({ length: last - first + 1 }, (_, i) => chunks.get(first + i) as Uint8Array)
  const view = asOneView(parts)
  if (!view) return assemble(body, parts, range)
  const start = first * (body.chunkBytes as number)
  return range ? view.subarray((range.from as number) - start, (range.to as number) + 1 - start) : view
}
