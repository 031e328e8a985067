import { describe, expect, it } from 'vitest'
import { bodyOf, settings, TierWorld } from './tier-world.fixture.ts'

// The ways of reads and writes, one by one. Random ones are in tier-core.property.test.ts.

const body = bodyOf('cup/v1/7/a')
const served = (world: TierWorld) => world.ended.filter(({ served }) => served).length

describe('the way of a read', () => {
  it('finds in the cache what was published, without a read of the store', () => {
    const world = new TierWorld()
    world.publish(body)
    world.advance(10)
    world.read(body)
    world.advance(10)
    expect(served(world)).toBe(1)
    expect(world.count('store_reads')).toBe(0)
    expect(world.count('hits')).toBe(body.chunks)
  })

  it('is served from the memory of the writer until the cache has it', () => {
    const world = new TierWorld()
    world.publish(body)
    world.read(body)
    expect(served(world)).toBe(1)
    expect(world.count('joined')).toBe(1)
  })

  it('goes to the store once for all who want a body, whatever ranges they read, and fills the cache', () => {
    const world = new TierWorld()
    world.store.bodies.add(body.id)
    for (let i = 0; i < 1_000; i++) world.read(body, i % 2, 2 + (i % 2))
    world.advance(10)
    world.read(body, 1, 2)
    world.advance(100)
    expect(served(world)).toBe(1_001)
    // Chunks 0 to 2 by the first reader, chunk 3 by the second.
    expect(world.count('store_reads')).toBe(2)
    expect(world.count('fills')).toBe(body.chunks)
    world.read(body)
    world.advance(10)
    expect(world.count('store_reads')).toBe(2)
  })

  it('asks the store only for the chunks that the cache lacks', () => {
    const world = new TierWorld()
    world.publish(body)
    world.advance(10)
    for (const { items } of world.servers.values()) items.delete(`${body.id}#1`)
    world.read(body)
    world.advance(100)
    const asks = world.log.filter(effect => effect.do === 'ask-store')
    expect(asks).toMatchObject([{ first: 1, last: 1, reason: 'cache-miss' }])
    expect(served(world)).toBe(1)
  })

  it('reads again from the store what the cache has corrupt, and mends it', () => {
    const world = new TierWorld()
    world.publish(body)
    world.advance(10)
    for (const name of world.servers.keys()) world.damage(name)
    world.read(body)
    world.advance(100)
    expect(world.log.find(effect => effect.do === 'ask-store')).toMatchObject({ reason: 'cache-corrupt' })
    expect(world.count('corrupt')).toBe(body.chunks)
    expect(world.count('fills')).toBe(body.chunks)
    expect(served(world)).toBe(1)
  })

  it('fails with the store, all who waited, and asks anew afterwards', () => {
    const world = new TierWorld()
    world.read(body)
    world.read(body, 2, 2)
    world.advance(100)
    expect(world.ended.map(({ served }) => served)).toEqual([false, false])
    world.store.bodies.add(body.id)
    world.read(body)
    world.advance(100)
    expect(served(world)).toBe(1)
  })

  it('refuses what passes its limits', () => {
    const world = new TierWorld({ readers: 2, bodies: 1 })
    world.read(body)
    expect(world.core.read(bodyOf('another'), 0, 1, world.now)).toEqual({ do: 'refuse', reason: 'too-many-bodies' })
    world.read(body)
    expect(world.core.read(body, 0, 1, world.now)).toEqual({ do: 'refuse', reason: 'too-many-readers' })
  })
})

describe('a cache server that is slow or dead', () => {
  it('costs a read its bound, then the store is asked', () => {
    const world = new TierWorld({ servers: ['one'] })
    world.store.bodies.add(body.id)
    world.setServer('one', { is: 'hung', takesMs: 0 })
    world.read(body)
    world.advance(settings.readMs as number)
    expect(served(world)).toBe(0)
    world.advance(world.store.takesMs)
    expect(served(world)).toBe(1)
    expect(world.count('timeouts')).toBe(1)
  })

  it('is left alone after failures in a row, tried by one ask, and asked again when it is back', () => {
    const world = new TierWorld({ servers: ['one'] })
    world.setServer('one', { is: 'hung', takesMs: 0 })
    let reads = 0
    const read = () => {
      const body = bodyOf(`body ${++reads}`)
      world.store.bodies.add(body.id)
      world.read(body)
    }
    const asked = () => world.log.filter(effect => effect.do === 'ask-cache').length
    for (let i = 0; i < settings.failures; i++) {
      expect(world.count('rests')).toBe(0)
      // Ten at once are one failure: one stall took them along.
      for (let k = 0; k < 10; k++) read()
      world.advance(settings.readMs as number)
    }
    expect(world.count('rests')).toBe(1)
    const before = asked()
    world.advance(world.store.takesMs)
    read()
    world.advance(world.store.takesMs)
    expect(served(world), 'nobody waits for a server that is left alone').toBe(reads)
    world.advance(settings.restMs as number)
    read()
    read()
    expect(asked() - before, 'one trial').toBe(1)
    world.advance(150)
    expect(world.count('rests'), 'the trial failed').toBe(2)
    world.setServer('one', { is: 'well', takesMs: 2 })
    world.advance(2 * (settings.restMs as number))
    read()
    world.advance(10)
    expect(world.log.filter(effect => effect.do === 'resume')).toHaveLength(1)
    world.advance(100)
    expect(served(world)).toBe(reads)
  })

  it('takes only its own bodies along, and these move on to the next server', () => {
    const world = new TierWorld({ writingBytes: 1_000_000 })
    const bodies = Array.from({ length: 40 }, (_, i) => bodyOf(`body ${i}`))
    for (const each of bodies) {
      world.publish(each)
      world.advance(10)
    }
    const inOne = bodies.filter(({ id }) => world.servers.get('one')?.items.has(`${id}#0`)).length
    expect(inOne).toBeGreaterThan(8)
    expect(inOne).toBeLessThan(32)
    world.setServer('one', { is: 'dead', takesMs: 1 })
    const readAll = () => {
      for (const each of bodies) world.read(each)
      world.advance(100)
    }
    // Until the server is left alone; what is filled then goes to the other one.
    for (let i = 0; i < settings.failures; i++) readAll()
    expect(world.count('store_reads')).toBeLessThanOrEqual(settings.failures * inOne)
    expect(world.count('rests')).toBeGreaterThan(0)
    readAll()
    const before = world.count('store_reads')
    readAll()
    expect(world.count('store_reads') - before, 'the one trial').toBeLessThanOrEqual(1)
    expect(served(world)).toBe((settings.failures + 2) * bodies.length)
  })

  it('takes no more writes than a limit', () => {
    const world = new TierWorld({ servers: ['one'] })
    world.setServer('one', { is: 'hung', takesMs: 0 })
    for (let i = 0; i < 10; i++) world.publish(bodyOf(`body ${i}`))
    expect(world.log.filter(effect => effect.do === 'write-cache')).toHaveLength(5)
    expect(world.count('writes_dropped')).toBe(5 * body.chunks)
    world.advance(1_000)
    expect(world.held.size, 'bytes are let go of').toBe(0)
  })
})

describe('a body that is removed', () => {
  it('is removed from the cache, and is not filled back by a read that was under way', () => {
    const world = new TierWorld()
    world.store.bodies.add(body.id)
    world.read(body)
    world.advance(15)
    world.remove(body)
    world.advance(100)
    for (const { items } of world.servers.values()) expect(items.size).toBe(0)
    world.read(body)
    world.advance(100)
    expect(world.ended.at(-1)?.served).toBe(false)
  })
})
