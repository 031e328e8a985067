import { limits } from '../../../live/limits.ts'
import type { Ms } from '../../../live/units.ts'
import { tierBounds } from '../../core/tiers/tier-bounds.ts'
import { TierCore } from '../../core/tiers/tier-core.ts'
import type { TierBody, TierConfig } from '../../core/tiers/tier-effect.ts'
import { type ChunkedBody, chunkedBody, chunkHeaderBytes, chunksWithin } from '../chunks.ts'
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
import { chunkOf, closedError, TierDriver } from './tier-driver.ts'

// The write-through tier of memcached servers over any store. What is asked of whom, and when, the core decides
// (origin/core/tiers), and tier-driver.ts carries it out; this is its face. Metadata, lists and event state are small
// and asked for at starts: they go to the store as they are.

export interface TierOptions {
  readonly servers: readonly string[]
  /** How long what is written may be read from the cache. */
  readonly keepMs: Ms
  readonly observer?: StoreObserver | undefined
  /** Bounds that a test may want otherwise. */
  readonly bounds?: Partial<Omit<TierConfig, 'servers'>>
}

const tierBodyOf = ({ count, chunkBytes, bodyBytes }: ChunkedBody, { etag }: KnownBody, name: string): TierBody => ({
  id: `${name} ${etag} ${bodyBytes}`,
  chunks: count,
  chunkBytes: (chunkBytes as number) + (chunkHeaderBytes as number),
})

export class MemcachedTier implements SegmentStore {
  readonly #below: SegmentStore
  readonly #core: TierCore
  readonly #driver: TierDriver
  /** What was put here, the newest last. */
  readonly #known = new Map<string, KnownBody>()
  #closed = false

  constructor(below: SegmentStore, options: TierOptions) {
    const { servers, keepMs, observer = unobserved } = options
    this.#below = below
    this.#core = new TierCore({ ...tierBounds, ...options.bounds, servers })
    const cache = new CachedChunks(servers, keepMs)
    this.#driver = new TierDriver({ core: this.#core, below, cache, observer })
  }

  /** Acknowledged by the store below; the write to the cache begins then, and nobody waits for it. */
  async put(key: CandidateKey, bytes: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    await this.#below.put(key, bytes, meta, token)
    if (this.#closed) return
    const name = formatKey(key)
    this.#remember(name, meta)
    const body = chunkedBody(key, meta)
    const { flight, effects } = this.#core.published(tierBodyOf(body, meta, name), this.#driver.now())
    const { chunks } = this.#driver.bytesOf(flight, { key, known: meta, body })
    for (let i = 0; i < body.count; i++) chunks.set(i, chunkOf(body, bytes, i))
    this.#driver.apply(effects)
  }

  async get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    this.#mustBeOpen()
    const body = chunkedBody(key, known)
    const { first, last } = chunksWithin(body, range)
    const reading = this.#core.read(tierBodyOf(body, known, body.name), first, last, this.#driver.now())
    if (reading.do === 'refuse') {
      throw new StoreError('unavailable', `${body.name}: ${reading.reason.replaceAll('-', ' ')} are read at once`)
    }
    const served = this.#driver.served(reading.reader, range)
    this.#driver.bytesOf(reading.flight, { key, known, body })
    this.#driver.apply(reading.effects)
    return served
  }

  /** Removed from the store, then from the cache; a server that is left alone forgets the body by its lifetime. */
  async remove(key: CandidateKey): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    const known = this.#known.get(name) ?? (await this.#below.describe(key))
    await this.#below.remove(key)
    this.#known.delete(name)
    if (!known || this.#closed) return
    const { asks, effects } = this.#core.removed(tierBodyOf(chunkedBody(key, known), known, name), this.#driver.now())
    const deleted = asks.map(ask => this.#driver.deleted(ask, key, known))
    this.#driver.apply(effects)
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
    this.#driver.close()
    await this.#below.close()
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
