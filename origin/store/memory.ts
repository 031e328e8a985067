import { limits } from '../../live/limits.ts'
import type { Bytes } from '../../live/units.ts'
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
} from './segment-store.ts'

// The store that lives as long as its process: for runs on one machine, and the measure for every other store.

interface Kept {
  readonly key: CandidateKey
  readonly body: Uint8Array
  readonly meta: CandidateMeta
  readonly token: string
}

export class MemoryStore implements SegmentStore {
  readonly #kept = new Map<string, Kept>()
  readonly #states = new Map<string, string>()
  readonly #limitBytes: Bytes
  readonly #observer: StoreObserver
  #bytes = 0
  #closed = false

  constructor(limitBytes: Bytes = limits.memoryStoreBytes, observer: StoreObserver = unobserved) {
    this.#limitBytes = limitBytes
    this.#observer = observer
  }

  async put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    const known = this.#kept.get(name)
    if (known?.token === token) return
    if (known) throw new StoreError('conflict', `${name} is kept with another body (${known.meta.etag})`)
    if (this.#bytes + body.length > (this.#limitBytes as number)) {
      throw new StoreError('full', `${name}: ${body.length} bytes more would pass the limit of ${this.#limitBytes}`)
    }
    this.#kept.set(name, { key, body, meta, token })
    this.#bytes += body.length
    this.#observer.count('store.memory.writes')
  }

  async get(key: CandidateKey, { etag }: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    this.#mustBeOpen()
    this.#observer.count('store.memory.reads')
    const name = formatKey(key)
    const kept = this.#kept.get(name)
    if (!kept) throw new StoreError('missing', `nothing is kept under ${name}`)
    if (kept.meta.etag !== etag) throw new StoreError('corrupt', `${name} is kept as ${kept.meta.etag}, not as ${etag}`)
    return range ? kept.body.subarray(range.from, (range.to as number) + 1) : kept.body
  }

  async describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    this.#mustBeOpen()
    return this.#kept.get(formatKey(key))?.meta
  }

  async remove(key: CandidateKey): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    this.#bytes -= this.#kept.get(name)?.body.length ?? 0
    this.#kept.delete(name)
  }

  async list({ event, renditions, from, to }: StoredRange): Promise<readonly StoredCandidate[]> {
    this.#mustBeOpen()
    return [...this.#kept.values()].filter(
      ({ key: { event: ofEvent, rendition, number } }) =>
        ofEvent === event && renditions.includes(rendition) && (number === 'init' || (from <= number && number <= to)),
    )
  }

  async loadState(event: string): Promise<string | undefined> {
    this.#mustBeOpen()
    return this.#states.get(event)
  }

  async saveState(event: string, text: string): Promise<void> {
    this.#mustBeOpen()
    this.#states.set(event, text)
  }

  async stats(): Promise<StoreStats> {
    this.#mustBeOpen()
    return { candidates: this.#kept.size, bytes: this.#bytes, limitBytes: this.#limitBytes }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#kept.clear()
    this.#bytes = 0
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
  }
}
