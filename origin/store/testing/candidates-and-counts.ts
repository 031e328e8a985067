import { crc32 } from 'node:zlib'
import type { CandidateKey, CandidateMeta, StoreObserver } from '../segment-store.ts'

// What tests of a store and of its tier have in common.

/** What stores counted, by its name. */
export class Counts implements StoreObserver {
  readonly #counts = new Map<string, number>()

  count(name: string, by = 1): void {
    this.#counts.set(name, this.of(name) + by)
  }

  time(): void {}

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }
}

export interface Candidate {
  readonly key: CandidateKey
  readonly body: Uint8Array
  readonly meta: CandidateMeta
}

/** A candidate of `bytes` bytes, none of which is in another one's place. */
export function candidateOf(number: number, bytes = 700_000): Candidate {
  const body = Buffer.alloc(bytes)
  for (let at = 0; at + 8 <= bytes; at += 8) body.writeUInt32LE(number, body.writeUInt32LE(at, at))
  const key: CandidateKey = { event: 'cup', rendition: 'v1', number, pipeline: 'a' }
  const etag = `"a-${crc32(body).toString(16).padStart(8, '0')}-${bytes}"`
  return { key, body, meta: { etag, bodyBytes: bytes, arrivedMs: 1_700_000_000_000 + number } }
}
