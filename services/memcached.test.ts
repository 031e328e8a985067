import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemcachedClient } from '../origin/store/memcached/memcached-client.ts'
import { findMemcached, startMemcached } from './memcached.ts'
import { isAlive, pidLeftBy } from './outlived.fixture.ts'

const found = await findMemcached()
if ('absent' in found) process.stderr.write(`NOT TESTED: memcached as a service: ${found.absent}\n`)

describe.skipIf('absent' in found)('memcached as a service', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('answers when it has started, is empty when it comes back, and is gone when it is stopped', async () => {
    const told: string[] = []
    const server = await startMemcached({ folder, tell: line => told.push(line) })
    expect(told).toEqual([`memcached on ${server.address}`])
    const client = new MemcachedClient(server.address)
    await client.set([{ key: 'key', value: Buffer.from('value') }], 60)
    expect((await client.get(['key']).answered)[0]).toBeDefined()
    client.reset()
    const { address, pid } = server
    await server.kill()
    expect(isAlive(pid)).toBe(false)
    await server.restart()
    expect(server.address).toBe(address)
    expect(await client.get(['key']).answered).toEqual([undefined])
    client.reset()
    server.hang()
    await Promise.all([server.stop(), server.stop()])
    expect(isAlive(server.pid)).toBe(false)
    await expect(server.restart()).rejects.toThrow('is stopped')
  })

  it.runIf(process.platform === 'linux')(
    'ends with the process that started it, also when that is killed',
    async () => {
      const pid = await pidLeftBy(`
      import { startMemcached } from ${JSON.stringify(join(import.meta.dirname, 'memcached.ts'))}
      console.log((await startMemcached({ folder: ${JSON.stringify(folder)} })).pid)
      setInterval(() => {}, 1000)
    `)
      await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false)
    },
  )

  it('gives up when it is told to', async () => {
    const reason = new Error('enough')
    await expect(startMemcached({ folder, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
