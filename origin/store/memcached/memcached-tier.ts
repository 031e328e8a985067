import { limits } from '../../../live/limits.ts'
import type { EpochMs, Ms } from '../../../live/units.ts'
import { TierCore } from '../../core/tiers/tier-core.ts'
import type { AskId, FlightId, ReaderId, TierBody, TierConfig, TierEffect } from '../../core/tiers/tier-effect.ts'
import { assemble, type ChunkedBody, chunkedBody, chunkHeaderBytes, chunksWithin } from '../chunks.ts'
import {
  type ByteRange,
  type CandidateKey,
  type CandidateMeta,
  formatKey,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreObserver,
  type StoreStats,
  unobserved,
} from '../segment-store.ts'
import { CachedChunks } from './cached-chunks.ts'
import { asOneView } from './one-view.ts'

// The write-through tier of memcached servers over any store. What is asked of whom, and when, the core decides
// (origin/core/tiers); here are the bytes, the connections and the one timer. Metadata, lists and event state are small
// and asked for at starts: they go to the store as they are.

export interface TierOptions {
  readonly servers: readonly string[]
  /** How long what is written may be read from the cache. */
  readonly keepMs: Ms
  readonly observer?: StoreObserver | undefined
  /** Bounds that a test may want otherwise. */
  readonly bounds?: Partial<Omit<TierConfig, 'servers'>>
}

/** What the driver keeps of a flight until it lands. */
interface Bytes {
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

const bounds: Omit<TierConfig, 'servers'> = {
  readMs: limits.memcachedReadMs,
  writeMs: limits.memcachedWriteMs,
  failures: limits.memcachedFailures,
  restMs: limits.memcachedRestMs,
  longestRestMs: limits.memcachedLongestRestMs,
  writingBytes: limits.memcachedWritingBytes,
  bodies: limits.tierBodies,
  readers: limits.tierReaders,
}

/** Monotonic: a clock that is set must not make every ask late. */
const now = (): EpochMs => performance.timeOrigin + performance.now()

const tierBodyOf = ({ count, chunkBytes, bodyBytes }: ChunkedBody, { etag }: KnownBody, name: string): TierBody => ({
  id: `${name} ${etag} ${bodyBytes}`,
  chunks: count,
  chunkBytes: (chunkBytes as number) + (chunkHeaderBytes as number),
})

export class MemcachedTier implements SegmentStore {
  readonly #below: SegmentStore
  readonly #core: TierCore
  readonly #cache: CachedChunks
  readonly #observer: StoreObserver
  readonly #flights = new Map<FlightId, Bytes>()
  readonly #waiting = new Map<ReaderId, Waiting>()
  /** Why the store failed at an ask, until its readers are told. */
  readonly #errors = new Map<AskId, Error>()
  /** Deletions that a `remove` waits for. */
  readonly #deletions = new Map<
    AskId,
    { readonly ended: () => void; readonly key: CandidateKey; readonly known: KnownBody }
  >()
  /** What was put here, the newest last. */
  readonly #known = new Map<string, KnownBody>()
  readonly #resting = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(below: SegmentStore, options: TierOptions) {
    const { servers, keepMs, observer = unobserved } = options
    this.#below = below
    this.#observer = observer
    this.#core = new TierCore({ ...bounds, ...options.bounds, servers })
    this.#cache = new CachedChunks(servers, keepMs)
  }

  /** Acknowledged by the store below; the write to the cache begins then, and nobody waits for it. */
  async put(key: CandidateKey, bytes: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    await this.#below.put(key, bytes, meta, token)
    if (this.#closed) return
    const name = formatKey(key)
    this.#remember(name, meta)
    const body = chunkedBody(key, meta)
    const { flight, effects } = this.#core.published(tierBodyOf(body, meta, name), now())
    const { chunks } = this.#bytesOf(flight, key, meta, body)
    for (let i = 0; i < body.count; i++) chunks.set(i, chunkOf(body, bytes, i))
    this.#apply(effects)
  }

  async get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    this.#mustBeOpen()
    const body = chunkedBody(key, known)
    const { first, last } = chunksWithin(body, range)
    const reading = this.#core.read(tierBodyOf(body, known, body.name), first, last, now())
    if (reading.do === 'refuse') {
      throw new StoreError('unavailable', `${body.name}: ${reading.reason.replaceAll('-', ' ')} are read at once`)
    }
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#waiting.set(reading.reader, { range, serve: resolve, fail: reject })
    this.#bytesOf(reading.flight, key, known, body)
    this.#apply(reading.effects)
    return promise
  }

  /** Removed from the store, then from the cache; a server that is left alone forgets the body by its lifetime. */
  async remove(key: CandidateKey): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    const known = this.#known.get(name) ?? (await this.#below.describe(key))
    await this.#below.remove(key)
    this.#known.delete(name)
    if (!known || this.#closed) return
    const { asks, effects } = this.#core.removed(tierBodyOf(chunkedBody(key, known), known, name), now())
    const deleted = asks.map(ask => {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#deletions.set(ask, { ended: resolve, key, known })
      return promise
    })
    this.#apply(effects)
    await Promise.all(deleted)
  }

  describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    return this.#below.describe(key)
  }

  list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    return this.#below.list(range)
  }

  loadState(event: string): Promise<string | undefined> {
    return this.#below.loadState(event)
  }

  saveState(event: string, text: string): Promise<void> {
    return this.#below.saveState(event, text)
  }

  stats(): Promise<StoreStats> {
    return this.#below.stats()
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#cache.close()
    for (const { fail } of this.#waiting.values()) fail(closedError())
    this.#waiting.clear()
    for (const { ended } of this.#deletions.values()) ended()
    this.#deletions.clear()
    this.#flights.clear()
    await this.#below.close()
  }

  #apply(effects: readonly TierEffect[]): void {
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
        this.#apply(this.#core.cacheRead(ask, [...found.keys()], corrupt))
      },
      () => this.#apply(this.#core.cacheFailed(ask, now())),
    )
  }

  /** Tells the core how a write or a deletion ended. Why one failed is told once, when its server is left alone. */
  #change(ask: AskId, change: Promise<void>): void {
    const askedMs = performance.now()
    change
      .then(
        () => {
          this.#observer.time('store.memcached.write_ms', performance.now() - askedMs)
          this.#apply(this.#core.cacheChanged(ask))
        },
        () => this.#apply(this.#core.cacheFailed(ask, now())),
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
        this.#apply(this.#core.storeRead(ask, now()))
      },
      (error: Error) => {
        this.#errors.set(ask, error)
        this.#apply(this.#core.storeFailed(ask))
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
    const delayMs = Math.max(0, Math.ceil((nextMs as number) - (now() as number)))
    this.#timer = setTimeout(() => {
      // What has arrived by now is read before anybody is called late: on a busy machine timers come before sockets.
      setImmediate(() => {
        this.#timer = undefined
        this.#apply(this.#core.wake(now()))
      })
    }, delayMs)
  }

  #bytesOf(flight: FlightId, key: CandidateKey, known: KnownBody, body: ChunkedBody): Bytes {
    const kept = this.#flights.get(flight) ?? { key, known, body, chunks: new Map<number, Uint8Array>() }
    this.#flights.set(flight, kept)
    return kept
  }

  #flight(flight: FlightId): Bytes {
    return this.#flights.get(flight) as Bytes
  }

  #takeWaiting(id: ReaderId): Waiting {
    const waiting = this.#waiting.get(id) as Waiting
    this.#waiting.delete(id)
    return waiting
  }

  #remember(name: string, { etag, bodyBytes }: KnownBody): void {
    this.#known.delete(name)
    this.#known.set(name, { etag, bodyBytes })
    if (this.#known.size <= limits.tierKnownBodies) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }

  #mustBeOpen(): void {
    if (this.#closed) throw closedError()
  }
}

const closedError = () => new StoreError('closed', 'the store is closed')

/** Chunk `index` of a body out of `bytes`, which begin at `startBytes` of it. */
function chunkOf({ chunkBytes }: ChunkedBody, bytes: Uint8Array, index: number, startBytes = 0): Uint8Array {
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
