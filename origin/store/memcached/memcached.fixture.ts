import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { findMemcached, type MemcachedService, startMemcached } from '../../../services/memcached.ts'
import { MemoryStore } from '../memory.ts'
import type { CandidateKey, CandidateMeta, StoreObserver } from '../segment-store.ts'
import { MemcachedTier, type TierOptions } from './memcached-tier.ts'

// Real memcached servers with a tier over a memory store, and bodies that tell whose they are.

const found = await findMemcached()
/** Why nothing here can be tested; said in one loud line. */
export const memcachedAbsent = 'absent' in found
if ('absent' in found) process.stderr.write(`NOT TESTED: the memcached tier: ${found.absent}\n`)

export interface Ground {
  readonly servers: readonly MemcachedService[]
  stop(): Promise<void>
}

export async function startServers(count: number, memoryMib = 128): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
  const servers = await Promise.all(Array.from({ length: count }, () => startMemcached({ folder, memoryMib })))
  return {
    servers,
    stop: async () => {
      await Promise.all(servers.map(server => server.stop()))
      await rm(folder, { recursive: true })
    },
  }
}

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

export function tierOver(
  servers: readonly MemcachedService[],
  counts: Counts,
  options: Partial<TierOptions> = {},
): { readonly tier: MemcachedTier; readonly below: MemoryStore } {
  const below = new MemoryStore(undefined, counts)
  const addresses = servers.map(({ address }) => address)
  return { tier: new MemcachedTier(below, { servers: addresses, keepMs: 60_000, observer: counts, ...options }), below }
}
