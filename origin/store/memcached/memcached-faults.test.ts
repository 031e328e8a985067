import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../live/limits.ts'
import { type Candidate, Counts, candidateOf } from '../testing/candidates-and-counts.ts'
import { type Ground, memcachedAbsent, startServers, tierOver } from './memcached.fixture.ts'
import type { MemcachedTier } from './memcached-tier.ts'

// What a lost, hung or restarted memcached costs while segments are published and read: time within bounds, and nothing
// else. Every read is compared to the byte.

/** A machine that is busy with other tests adds to every bound. */
const busyMs = 2_000

/** Publishes and reads without a pause until it is told to stop. */
class Load {
  readonly failures: unknown[] = []
  readonly published: Candidate[] = []
  reads = 0
  longestReadMs = 0
  longestPublishMs = 0
  readonly #tier: MemcachedTier
  readonly #ends: Promise<void>[]
  #stopped = false

  constructor(tier: MemcachedTier) {
    this.#tier = tier
    this.#ends = [this.#publish(), ...Array.from({ length: 8 }, (_, reader) => this.#read(reader))]
  }

  /** Resolves when `count` more reads have ended. */
  async goOn(count: number): Promise<void> {
    const until = this.reads + count
    while (this.reads < until && this.failures.length === 0) await pause(5)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#ends)
  }

  async #publish(): Promise<void> {
    for (let number = 1; !this.#stopped; number++) {
      const candidate = candidateOf(number, 600_000)
      const { key, body, meta } = candidate
      const startMs = performance.now()
      await this.#tier.put(key, body, meta, 'token').catch(error => this.failures.push(error))
      this.longestPublishMs = Math.max(this.longestPublishMs, performance.now() - startMs)
      this.published.push(candidate)
      await pause(10)
    }
  }

  async #read(reader: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      await pause(1)
      const candidate = this.published.at(-1 - ((i * 7 + reader) % Math.min(20, this.published.length)))
      if (candidate) await this.#readOne(candidate)
    }
  }

  async #readOne({ key, body, meta }: Candidate): Promise<void> {
    const startMs = performance.now()
    try {
      const bytes = await this.#tier.get(key, meta)
      if (Buffer.compare(bytes, body) !== 0) throw new Error(`${key.number}: other bytes`)
    } catch (error) {
      this.failures.push(error)
    }
    this.longestReadMs = Math.max(this.longestReadMs, performance.now() - startMs)
    this.reads++
  }
}

describe.skipIf(memcachedAbsent)('memcached that fails under load', () => {
  let ground: Ground
  let counts: Counts
  let tier: MemcachedTier
  let load: Load
  const start = async (servers: number) => {
    ground = await startServers(servers)
    tier = tierOver(ground.servers, counts).tier
    load = new Load(tier)
    await load.goOn(200)
    // Well before anything fails: the tier carries the load.
    expect(counts.of('store.memcached.hits')).toBeGreaterThan(0)
    expect(counts.of('store.memcached.failures')).toBe(0)
  }
  const nothingFailed = () => {
    expect(load.failures).toEqual([])
    expect(load.longestReadMs).toBeLessThan(limits.memcachedReadMs + busyMs)
    expect(load.longestPublishMs).toBeLessThan(busyMs)
  }
  beforeEach(() => {
    counts = new Counts()
  })
  afterEach(async () => {
    await load.stop()
    await tier.close()
    await ground.stop()
  })

  it('killed and restarted: no read and no publish fails, and it is used again', async () => {
    await start(1)
    const [server] = ground.servers
    await server?.kill()
    await load.goOn(300)
    expect(counts.of('store.memcached.rests')).toBeGreaterThan(0)
    expect(counts.of('store.memory.reads')).toBeGreaterThan(0)
    await server?.restart()
    const before = counts.of('store.memcached.hits')
    await expect.poll(() => counts.of('store.memcached.hits'), { timeout: 15_000 }).toBeGreaterThan(before + 100)
    await load.stop()
    nothingFailed()
  })

  it('hung and woken again: no read and no publish fails, and nobody waits longer than its bound', async () => {
    await start(1)
    const [server] = ground.servers
    server?.hang()
    await expect.poll(() => counts.of('store.memcached.rests'), { timeout: 15_000 }).toBeGreaterThan(0)
    await load.goOn(300)
    server?.resume()
    const before = counts.of('store.memcached.hits')
    await expect.poll(() => counts.of('store.memcached.hits'), { timeout: 15_000 }).toBeGreaterThan(before + 100)
    await load.stop()
    nothingFailed()
  })

  it('one of two killed: the other one carries on, and soon nearly every read', async () => {
    await start(2)
    await ground.servers[0]?.kill()
    await load.goOn(300)
    const reads = load.reads
    const before = counts.of('store.memory.reads')
    await load.goOn(1_000)
    // What is left are the trials of the dead server, one for each rest.
    expect((counts.of('store.memory.reads') - before) / (load.reads - reads)).toBeLessThan(0.02)
    await load.stop()
    nothingFailed()
  })
})
