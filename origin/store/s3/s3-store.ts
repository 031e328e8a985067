import { crc32 } from 'node:zlib'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type _Object as ListedObject,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
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
import type { S3Connection, S3Requests } from './s3-requests.ts'

// The store of the first design: candidates as objects in a bucket. An object appears whole or not at all, which is all
// the staging that it needs; that the first writer wins is the condition `If-None-Match: *` on its write.

/** A condition that could not be decided because another write was under way (409) is tried again; a real one answers 412. */
const decidedAttempts = 3

export class S3Store implements SegmentStore {
  readonly #connection: S3Connection
  readonly #requests: S3Requests
  #stats: { readonly stats: StoreStats; readonly untilMs: number } | undefined
  #closed = false

  constructor(connection: S3Connection, requests: S3Requests) {
    this.#connection = connection
    this.#requests = requests
  }

  async put(key: CandidateKey, bytes: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    this.#mustBeOpen()
    const name = formatKey(key)
    const object = encodeObject(chunkedBody(key, meta), bytes)
    const startMs = performance.now()
    this.#connection.observer.count('store.s3.writes')
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#putObject(objectKey(key), object, { IfNoneMatch: '*', Metadata: encodeMeta(meta, token) })
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
      const frames = await this.#getObject(body.name, objectKey(key), isWhole ? undefined : `bytes=${from}-${to}`)
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
    const { Bucket, client } = this.#where()
    const command = new DeleteObjectCommand({ Bucket, Key: objectKey(key) })
    await this.#requests
      .within(formatKey(key), abortSignal => client.send(command, { abortSignal }))
      .catch((error: StoreError) => {
        if (error.fault !== 'missing') throw error
      })
    this.#stats = undefined
  }

  /** S3 lists names only, so that what is beside each object is a request of its own. */
  async list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    this.#mustBeOpen()
    const keys: CandidateKey[] = []
    for (const { prefix, startAfter, before } of listingsOf(range)) {
      for await (const { Key = '' } of this.#listed(prefix, startAfter)) {
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
      return new TextDecoder().decode(await this.#getObject(`the state of ${event}`, stateKey(event)))
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
    await this.#putObject(stateKey(event), bytes, {})
  }

  async stats(): Promise<StoreStats> {
    this.#mustBeOpen()
    if (this.#stats && performance.now() < this.#stats.untilMs) return this.#stats.stats
    let candidates = 0
    let bytes = 0
    for await (const { Size = 0 } of this.#listed(segmentsPrefix)) {
      candidates++
      bytes += bodyBytesOf(Size, limits.chunkBytes) as number
    }
    const stats = { candidates, bytes }
    this.#stats = { stats, untilMs: performance.now() + limits.s3StatsMs }
    return stats
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#requests.close()
  }

  async #putObject(
    Key: string,
    object: Buffer,
    more: { readonly IfNoneMatch?: '*'; readonly Metadata?: Record<string, string> },
  ): Promise<void> {
    const { Bucket, client } = this.#where()
    const ChecksumCRC32 = crc32Field(object)
    const command = new PutObjectCommand({ Bucket, Key, Body: object, ChecksumCRC32, ...more })
    await this.#requests.within(Key, abortSignal => client.send(command, { abortSignal }))
  }

  async #getObject(what: string, Key: string, Range?: string): Promise<Uint8Array> {
    const { Bucket, client } = this.#where()
    const { bytes } = await this.#requests.within(what, async abortSignal => {
      const output = await client.send(new GetObjectCommand({ Bucket, Key, Range }), { abortSignal })
      return { ...output, bytes: await output.Body?.transformToByteArray() }
    })
    return bytes ?? new Uint8Array()
  }

  /** What is kept beside an object; undefined when there is none. */
  async #head(key: CandidateKey): Promise<ReturnType<typeof decodeMeta> | undefined> {
    const { Bucket, client } = this.#where()
    const command = new HeadObjectCommand({ Bucket, Key: objectKey(key) })
    try {
      const { Metadata } = await this.#requests.within(formatKey(key), abortSignal =>
        client.send(command, { abortSignal }),
      )
      return decodeMeta(formatKey(key), Metadata)
    } catch (error) {
      if (error instanceof StoreError && error.fault === 'missing') return undefined
      throw error
    }
  }

  /** Every object under `prefix` behind `StartAfter`, in the order of names. */
  async *#listed(Prefix: string, StartAfter?: string): AsyncGenerator<ListedObject> {
    const { Bucket, client } = this.#where()
    let ContinuationToken: string | undefined
    do {
      const command = new ListObjectsV2Command({ Bucket, Prefix, StartAfter, ContinuationToken })
      const page = await this.#requests.within(`the list of ${Prefix}`, abortSignal =>
        client.send(command, { abortSignal }),
      )
      yield* page.Contents ?? []
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  #where() {
    return { Bucket: this.#connection.bucket, client: this.#requests.client }
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
  }
}

/** As S3 wants it: what arrives is checked there before it is acknowledged. */
function crc32Field(bytes: Uint8Array): string {
  const field = Buffer.alloc(4)
  field.writeUInt32BE(crc32(bytes))
  return field.toString('base64')
}
