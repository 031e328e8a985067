import type { Ms } from '../../../live/units.ts'
import type { AskId } from '../../core/tiers/tier-effect.ts'
import { type ChunkedBody, chunkedBody, decodeChunk, frameChunk } from '../chunks.ts'
import { type CandidateKey, type KnownBody, StoreError } from '../segment-store.ts'
import { itemKey, itemPrefix } from './item-keys.ts'
import { type Ask, MemcachedClient } from './memcached-client.ts'

// Chunks in memcached: their names, their frames, and the servers that have them.

export interface ChunksRead {
  readonly found: ReadonlyMap<number, Uint8Array>
  /** What is there but fails its checksum, its length or its identity. */
  readonly corrupt: readonly number[]
}

export class CachedChunks {
  readonly #clients: ReadonlyMap<string, MemcachedClient>
  readonly #lastErrors = new Map<string, string>()
  readonly #reads = new Map<AskId, Ask<unknown>>()
  readonly #ttlS: number

  constructor(servers: readonly string[], keepMs: Ms) {
    this.#clients = new Map(servers.map(server => [server, new MemcachedClient(server)]))
    this.#ttlS = (keepMs as number) / 1_000
  }

  async read(
    id: AskId,
    server: string,
    key: CandidateKey,
    known: KnownBody,
    body: ChunkedBody,
    chunks: readonly number[],
  ): Promise<ChunksRead> {
    const prefix = itemPrefix(key, known.etag)
    const ask = this.#client(server).get(chunks.map(chunk => itemKey(prefix, chunk)))
    this.#reads.set(id, ask)
    try {
      const frames = await this.#noting(server, ask.answered)
      return decoded(body, chunks, frames)
    } finally {
      this.#reads.delete(id)
    }
  }

  /** Nobody waits for this read any more. */
  abandon(id: AskId): void {
    this.#reads.get(id)?.abandon()
    this.#reads.delete(id)
  }

  write(
    server: string,
    key: CandidateKey,
    known: KnownBody,
    body: ChunkedBody,
    chunks: readonly (readonly [index: number, bytes: Uint8Array])[],
  ): Promise<void> {
    const prefix = itemPrefix(key, known.etag)
    const items = chunks.map(([index, bytes]) => ({
      key: itemKey(prefix, index),
      value: frameChunk(body, bytes, index),
    }))
    return this.#noting(server, this.#client(server).set(items, this.#ttlS))
  }

  /** Every chunk of a body. */
  delete(server: string, key: CandidateKey, known: KnownBody): Promise<void> {
    const prefix = itemPrefix(key, known.etag)
    const { count } = chunkedBody(key, known)
    const keys = Array.from({ length: count }, (_, i) => itemKey(prefix, i))
    return this.#noting(server, this.#client(server).delete(keys))
  }

  /** Gives up a server's connection, with what is on its way. */
  reset(server: string): void {
    this.#client(server).reset('left alone')
  }

  /** How a server failed last, in its own words. */
  lastError(server: string): string | undefined {
    return this.#lastErrors.get(server)
  }

  close(): void {
    for (const client of this.#clients.values()) client.reset('the store is closed')
  }

  #client(server: string): MemcachedClient {
    return this.#clients.get(server) as MemcachedClient
  }

  async #noting<Value>(server: string, answered: Promise<Value>): Promise<Value> {
    try {
      return await answered
    } catch (error) {
      this.#lastErrors.set(server, (error as Error).message)
      throw error
    }
  }
}

function decoded(
  body: ChunkedBody,
  chunks: readonly number[],
  frames: readonly (Uint8Array | undefined)[],
): ChunksRead {
  const found = new Map<number, Uint8Array>()
  const corrupt: number[] = []
  for (const [i, chunk] of chunks.entries()) {
    const frame = frames[i]
    if (!frame) continue
    try {
      found.set(chunk, decodeChunk(body, frame, chunk))
    } catch (error) {
      // Of another version or broken: either way it is no chunk of this body, and the store has it.
      if (!(error instanceof StoreError)) throw error
      corrupt.push(chunk)
    }
  }
  return { found, corrupt }
}
