import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../live/limits.ts'
import { LsmStore } from '../lsm/lsm-store.ts'
import { MemoryStore } from '../memory.ts'
import { openStore } from '../open-store.ts'
import { StoreError } from '../segment-store.ts'
import { describeStore } from '../store-contract.ts'
import { Counts, candidateOf } from '../testing/candidates-and-counts.ts'
import { itemKey, itemPrefix } from './item-keys.ts'
import { type Ground, memcachedAbsent, startServers, tierOver } from './memcached.fixture.ts'
import { MemcachedClient } from './memcached-client.ts'
import { MemcachedTier } from './memcached-tier.ts'

describe.skipIf(memcachedAbsent)('the memcached tier', () => {
  let ground: Ground
  let counts: Counts
  let made: ReturnType<typeof tierOver>
  beforeAll(async () => {
    ground = await startServers(1)
  })
  afterAll(() => ground?.stop())

  describeStore('memcached over memory', async limitBytes => {
    // The contract uses the same keys again and again: what an earlier test left must not be there.
    await ground.servers[0]?.restart()
    const servers = ground.servers.map(({ address }) => address)
    return new MemcachedTier(new MemoryStore(limitBytes), { servers, keepMs: 60_000 })
  })

  describe('over the embedded store', () => {
    const root = mkdtempSync(join(tmpdir(), 'tidegate-test-'))
    afterAll(() => rmSync(root, { recursive: true }))
    let folders = 0
    const options = { budgetMs: 10_000, keepMs: 1e12 }

    describeStore('memcached over lsm', async limitBytes => {
      await ground.servers[0]?.restart()
      const folder = join(root, String(++folders))
      const memcached = { servers: ground.servers.map(({ address }) => address) }
      if (limitBytes === undefined) return openStore({ is: 'lsm', folder, memcached }, options)
      return new MemcachedTier(await LsmStore.open({ ...options, folder, limitBytes }), { ...memcached, ...options })
    })
  })

  describe('in front of a store', () => {
    beforeEach(async () => {
      await ground.servers[0]?.restart()
      counts = new Counts()
      // Counts are compared: a starved machine must not make the cache look slow.
      made = tierOver(ground.servers, counts, { bounds: { readMs: 10_000 } })
    })
    afterEach(() => made.tier.close())

    const reads = () => counts.of('store.memory.reads')
    const written = (chunks: number) =>
      expect.poll(() => counts.of('store.memcached.writes') + counts.of('store.memcached.fills')).toBe(chunks)
    const chunksOf = (bytes: number) => Math.ceil(bytes / limits.chunkBytes)

    it('serves what was published without a read of the store, whole and in parts', async () => {
      const { key, body, meta } = candidateOf(1)
      await made.tier.put(key, body, meta, 'token')
      await written(chunksOf(body.length))
      expect(Buffer.compare(await made.tier.get(key, meta), body)).toBe(0)
      const part = await made.tier.get(key, meta, { from: 262_140, to: 262_150 })
      expect(Buffer.compare(part, body.subarray(262_140, 262_151))).toBe(0)
      expect(reads()).toBe(0)
      expect(counts.of('store.memcached.hits')).toBe(chunksOf(body.length) + 2)
    })

    it('serves it at once, before the cache has it', async () => {
      const { key, body, meta } = candidateOf(1)
      ground.servers[0]?.hang()
      await made.tier.put(key, body, meta, 'token')
      expect(Buffer.compare(await made.tier.get(key, meta), body)).toBe(0)
      expect(reads()).toBe(0)
      ground.servers[0]?.resume()
    })

    it('writes nothing to the cache that the store has refused', async () => {
      const { key, body, meta } = candidateOf(1)
      const other = candidateOf(2)
      await made.tier.put(key, body, meta, 'token')
      await expect(made.tier.put(key, other.body, other.meta, 'another')).rejects.toMatchObject({ fault: 'conflict' })
      await written(chunksOf(body.length))
      await expect(made.tier.get(key, other.meta)).rejects.toMatchObject({ fault: 'corrupt' })
    })

    it('reads a storm of misses once and fills the cache for another process', async () => {
      const candidates = Array.from({ length: 10 }, (_, i) => candidateOf(i))
      for (const { key, body, meta } of candidates) await made.below.put(key, body, meta, 'token')
      // Twenty edges, each asking for every segment of a window again and again: thousands of reads.
      for (let round = 0; round < 12; round++) {
        await Promise.all(
          Array.from({ length: 20 }, () => candidates)
            .flat()
            .map(async ({ key, body, meta }) => {
              expect(Buffer.compare(await made.tier.get(key, meta), body)).toBe(0)
            }),
        )
        if (round === 0) await written(10 * chunksOf(700_000))
      }
      expect(counts.of('store.memcached.reads')).toBe(2_400)
      expect(reads() / counts.of('store.memcached.reads')).toBeLessThan(0.01)
      const there = new Counts()
      const elsewhere = new MemcachedTier(made.below, {
        servers: ground.servers.map(({ address }) => address),
        keepMs: 60_000,
        observer: there,
      })
      const before = reads()
      for (const { key, body, meta } of candidates) {
        expect(Buffer.compare(await elsewhere.get(key, meta), body)).toBe(0)
      }
      expect(reads()).toBe(before)
      expect(there.of('store.memcached.hits')).toBe(10 * chunksOf(700_000))
      await elsewhere.close()
    })

    it('finds a flipped bit, a cut, and another body in a cached chunk, reads it from the store, and mends it', async () => {
      const { key, body, meta } = candidateOf(1)
      await made.tier.put(key, body, meta, 'token')
      await written(3)
      const client = new MemcachedClient(ground.servers[0]?.address as string)
      const keys = [0, 1, 2].map(i => itemKey(itemPrefix(key, meta.etag), i))
      const frames = (await client.get(keys).answered).map(frame => Buffer.from(frame as Uint8Array))
      const [flipped, cut, swapped] = frames as [Buffer, Buffer, Buffer]
      flipped.writeUInt8(flipped.readUInt8(100_000) ^ 1, 100_000)
      const values = [flipped, cut.subarray(0, -1), swapped.fill(flipped)]
      await client.set(
        keys.map((key, i) => ({ key, value: values[i] as Uint8Array })),
        60,
      )
      expect(Buffer.compare(await made.tier.get(key, meta), body)).toBe(0)
      expect(counts.of('store.memcached.corrupt')).toBe(3)
      expect(reads()).toBe(1)
      await written(6)
      expect(Buffer.compare(await made.tier.get(key, meta), body)).toBe(0)
      expect(reads()).toBe(1)
      client.reset()
    })

    it('removes from the cache what is removed, also what another process put', async () => {
      const { key, body, meta } = candidateOf(1)
      await made.tier.put(key, body, meta, 'token')
      await written(3)
      const elsewhere = new MemcachedTier(made.below, {
        servers: ground.servers.map(({ address }) => address),
        keepMs: 60_000,
      })
      await elsewhere.remove(key)
      await expect(made.tier.get(key, meta)).rejects.toMatchObject({ fault: 'missing' })
    })
  })

  it('opens by configuration, also without its servers', async () => {
    const observer = new Counts()
    const config = { is: 'memory' as const, memcached: { servers: ['127.0.0.1:1', '[::1]:1'] } }
    const store = await openStore(config, { observer, budgetMs: 2_000, keepMs: 60_000 })
    const { key, body, meta } = candidateOf(1)
    await store.put(key, body, meta, 'token')
    await expect
      .poll(async () => {
        expect(Buffer.compare(await store.get(key, meta), body)).toBe(0)
        return observer.of('store.memcached.rests')
      })
      .toBeGreaterThan(1)
    await store.close()
    await expect(store.get(key, meta)).rejects.toBeInstanceOf(StoreError)
  })
})
