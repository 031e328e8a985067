import { limits } from '../../../live/limits.ts'
import { assemble, chunkedBody, chunksWithin } from '../chunks.ts'
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
  type StoreStats,
} from '../segment-store.ts'
import { inParallel } from './in-parallel.ts'
import type { S3Bucket } from './s3-bucket.ts'
import {
  bodyBytesOf,
  decodeFrames,
  decodeMeta,
  encodeMeta,
  encodeObject,
  framesRange,
  keyOfObject,
  listingsOf,
  objectKey,
  segmentsPrefix,
  stateKey,
  tokenDigest,
} from './s3-objects.ts'
import type { S3Connection } from './s3-requests.ts'

// The store of the first design: candidates as objects in a bucket. An object appears whole or not at all, which is all
// the staging that it needs; that the first writer wins is the condition `If-None-Match: *` on its write.

/** A condition that could not be decided because another write was under way (409) is tried again; a real one answers 412. */
const decidedAttempts = 3

export class S3Store implements SegmentStore {
  readonly #connection: S3Connection
  readonly #bucket: S3Bucket
  #stats: { readonly stats: StoreStats; readonly untilMs: number } | undefined
  #closed = false

  constructor(connection: S3Connection, bucket: S3Bucket) {
    this.#connection = connection
    this.#bucket = bucket
  }

  async put(key: CandidateKey, bytes: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    const object = encodeObject(chunkedBody(key, meta), bytes)
    const startMs = performance.now()
    this.#connection.observer.count('store.s3.writes')
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#bucket.put(objectKey(key), object, { IfNoneMatch: '*', Metadata: encodeMeta(meta, token) })
        break
      } catch (error) {
        if (!(error instanceof StoreError) || error.fault !== 'conflict') throw error
        const kept = await this.#head(key)
        if (kept?.token === tokenDigest(token)) {
          this.#connection.observer.count('store.s3.repeats')
          break
        }
        if (kept) this.#connection.observer.count('store.s3.conflicts')
        if (kept) throw new StoreError('conflict', `${name} is kept with another body (${kept.meta.etag})`)
        if (attempt === decidedAttempts)
          throw new StoreError('unavailable', `${name}: writes and removals go on at once`)
      }
    }
    this.#stats = undefined
    this.#connection.observer.time('store.s3.write_ms', performance.now() - startMs)
  }

  async get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    this.#mustBeOpen()
    const { observer } = this.#connection
    const body = chunkedBody(key, known)
    const { first, last } = chunksWithin(body, range)
    const { from, to } = framesRange(body, first, last)
    const isWhole = first === 0 && last === body.count - 1
    const startMs = performance.now()
    observer.count('store.s3.reads')
    // The whole object without a range: one that is longer than it should be shows.
    try {
      const frames = await this.#bucket.get(body.name, objectKey(key), isWhole ? undefined : `bytes=${from}-${to}`)
      observer.time('store.s3.read_ms', performance.now() - startMs)
      return assemble(body, decodeFrames(body, frames, first, last), range)
    } catch (error) {
      if (error instanceof StoreError && error.fault === 'corrupt') observer.count('store.s3.corrupt')
      throw error
    }
  }

  async describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    this.#mustBeOpen()
    return (await this.#head(key))?.meta
  }

  async remove(key: CandidateKey): Promise<void> {
    this.#mustBeOpen()
    this.#connection.observer.count('store.s3.removes')
    await this.#bucket.delete(formatKey(key), objectKey(key))
    this.#stats = undefined
  }

  /** S3 lists names only, so that what is beside each object is a request of its own. */
  async list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    this.#mustBeOpen()
    const keys: CandidateKey[] = []
    for (const { prefix, startAfter, before } of listingsOf(range)) {
      for await (const { Key = '' } of this.#bucket.list(prefix, startAfter)) {
        if (before !== undefined && Key >= before) break
        const key = keyOfObject(Key)
        if (key) keys.push(key)
      }
    }
    const described = await inParallel(keys, limits.s3Described, async key => {
      const kept = await this.#head(key)
      return kept && { key, meta: kept.meta }
    })
    return described.filter(candidate => candidate !== undefined)
  }

  async loadState(event: string): Promise<string | undefined> {
    this.#mustBeOpen()
    this.#connection.observer.count('store.s3.states')
    try {
      return new TextDecoder().decode(await this.#bucket.get(`the state of ${event}`, stateKey(event)))
    } catch (error) {
      if (error instanceof StoreError && error.fault === 'missing') return undefined
      throw error
    }
  }

  async saveState(event: string, text: string): Promise<void> {
    this.#mustBeOpen()
    const bytes = Buffer.from(text)
    if (bytes.length > limits.storedStateBytes) {
      throw new StoreError(
        'full',
        `the state of ${event} has ${bytes.length} bytes, more than ${limits.storedStateBytes}`,
      )
    }
    await this.#bucket.put(stateKey(event), bytes, {})
  }

  async stats(): Promise<StoreStats> {
    this.#mustBeOpen()
    if (this.#stats && performance.now() < this.#stats.untilMs) return this.#stats.stats
    let candidates = 0
    let bytes = 0
    for await (const { Size = 0 } of this.#bucket.list(segmentsPrefix)) {
      candidates++
      bytes += bodyBytesOf(Size, limits.chunkBytes) as number
    }
    const stats = { candidates, bytes }
    this.#stats = { stats, untilMs: performance.now() + limits.s3StatsMs }
    return stats
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#bucket.close()
  }

  /** What is kept beside an object; undefined when there is none. */
  async #head(key: CandidateKey): Promise<ReturnType<typeof decodeMeta> | undefined> {
    const fields = await this.#bucket.head(formatKey(key), objectKey(key))
    return fields && decodeMeta(formatKey(key), fields)
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
  }
}
