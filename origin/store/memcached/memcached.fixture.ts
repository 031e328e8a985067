import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findMemcached, type MemcachedService, startMemcached } from '../../../services/memcached.ts'
import { MemoryStore } from '../memory.ts'
import type { Counts } from '../testing/candidates-and-counts.ts'
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

export function tierOver(
  servers: readonly MemcachedService[],
  counts: Counts,
  options: Partial<TierOptions> = {},
): { readonly tier: MemcachedTier; readonly below: MemoryStore } {
  const below = new MemoryStore(undefined, counts)
  const addresses = servers.map(({ address }) => address)
  return { tier: new MemcachedTier(below, { servers: addresses, keepMs: 60_000, observer: counts, ...options }), below }
}
