import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../../live/limits.ts'
import { findMemcached, type MemcachedService, startMemcached } from '../../../services/memcached.ts'
import { MemcachedClient } from './memcached-client.ts'

const found = await findMemcached()
if ('absent' in found) process.stderr.write(`NOT TESTED: the memcached client: ${found.absent}\n`)

describe.skipIf('absent' in found)('the client of one memcached server', () => {
  let folder: string
  let server: MemcachedService
  let client: MemcachedClient
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
    server = await startMemcached({ folder })
  })
  afterAll(async () => {
    await server?.stop()
    await rm(folder, { recursive: true })
  })
  beforeEach(() => {
    client = new MemcachedClient(server.address)
  })
  afterEach(() => client.reset())

  const body = randomBytes(256 * 1024 + 16)
  const set = (...keys: string[]) =>
    client.set(
      keys.map(key => ({ key, value: body })),
      60,
    )

  it('keeps and gives bytes of any value, many at once, and says what is not there', async () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    await client.set(
      [
        { key: 'every', value: every },
        { key: 'empty', value: new Uint8Array() },
        { key: 'body', value: body },
      ],
      60,
    )
    const values = await client.get(['every', 'missing', 'body', 'empty']).answered
    expect(values.map(value => value?.length)).toEqual([256, undefined, body.length, 0])
    expect(every.equals(values[0] as Uint8Array)).toBe(true)
    expect(body.equals(values[2] as Uint8Array)).toBe(true)
  })

  it('keeps answers apart that were asked for at once', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `key${i}`)
    await client.set(
      keys.map(key => ({ key, value: Buffer.from(key) })),
      60,
    )
    const asks = keys.map((key, i) => client.get([key, `missing${i}`, keys[(i + 1) % keys.length] as string]).answered)
    for (const [i, values] of (await Promise.all(asks)).entries()) {
      expect(values.map(value => value && Buffer.from(value).toString())).toEqual([
        keys[i],
        undefined,
        keys[(i + 1) % keys.length],
      ])
    }
  })

  it('deletes, also what is not there', async () => {
    await set('one', 'two')
    await client.delete(['one', 'missing'])
    const values = await client.get(['one', 'two']).answered
    expect(values.map(value => value?.length)).toEqual([undefined, body.length])
  })

  it('lets a key end after its time', async () => {
    await client.set([{ key: 'short', value: body }], 1)
    await expect.poll(async () => (await client.get(['short']).answered)[0], { timeout: 10_000 }).toBeUndefined()
  })

  it('tells that a value is too large, and goes on', async () => {
    const large = Buffer.alloc(2 * 1024 * 1024)
    await expect(client.set([{ key: 'large', value: large }], 60)).rejects.toThrow(/too large/)
    await set('after')
    expect((await client.get(['after']).answered)[0]?.length).toBe(body.length)
  })

  it('fails what is under way when the server is killed, and makes a new connection when it is back', async () => {
    await set('one')
    server.hang()
    const reads = Array.from({ length: 20 }, () => client.get(['one']).answered)
    const asks = Promise.allSettled([...reads, set('two')])
    await server.kill()
    const ended = await asks
    expect(ended.every(({ status }) => status === 'rejected')).toBe(true)
    await expect(client.get(['one']).answered).rejects.toThrow(server.address)
    await server.restart()
    expect(await client.get(['one']).answered).toEqual([undefined])
  })

  it('takes no more writes than its limit while the server hangs', async () => {
    await set('one')
    server.hang()
    const large = Buffer.alloc(limits.memcachedItemBytes - 100)
    const writes: Promise<void>[] = []
    let refused = ''
    for (let i = 0; i < 200 && !refused; i++) {
      const write = client.set([{ key: `large${i}`, value: large }], 60)
      write.catch(error => {
        refused = error.message
      })
      writes.push(write)
      await new Promise(setImmediate)
    }
    expect(refused).toContain('has not taken')
    expect(writes.length * large.length).toBeLessThan(2 * limits.memcachedWritingBytes)
    client.reset()
    server.resume()
    await Promise.allSettled(writes)
    await set('after')
    expect((await client.get(['after']).answered)[0]?.length).toBe(body.length)
  })

  it('skips the answer to an abandoned ask, and gives the next one its own', async () => {
    await set('one')
    await client.set([{ key: 'two', value: Buffer.from('two') }], 60)
    server.hang()
    const first = client.get(['one'])
    const second = client.get(['two'])
    first.abandon()
    server.resume()
    expect(Buffer.from((await second.answered)[0] as Uint8Array).toString()).toBe('two')
    expect(await first.answered).toEqual([])
  })
})

describe('a server that does not speak as it should', () => {
  let server: Server
  let say: (socket: Socket) => void
  let client: MemcachedClient
  beforeEach(async () => {
    server = createServer(socket => {
      socket.on('error', () => {})
      socket.once('data', () => say(socket))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    client = new MemcachedClient(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(() => {
    client.reset()
    server.close()
  })

  it.each([
    ['closes without a word', ''],
    ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['promises 4 GB', 'VA 4294967295 O1.0\r\n'],
    ['answers with the token of another ask', 'VA 1 O7.0\r\nx\r\nMN\r\n'],
    ['answers with a token that was not given', 'VA 1 O1.99999999\r\nx\r\nMN\r\n'],
    ['answers with a token that is none', 'VA 1 O1.length\r\nx\r\nMN\r\n'],
    ['closes in the middle of a value', 'VA 10 O1.0\r\nx'],
  ])('fails the ask and nothing else: it %s', async (_, text) => {
    say = socket => socket.end(text)
    await expect(client.get(['key']).answered).rejects.toThrow(client.address)
  })

  it('gives the connection up when it answers twice', async () => {
    say = socket => socket.write('VA 1 O1.0\r\nx\r\nMN\r\nVA 1 O1.0\r\nx\r\nMN\r\n')
    const [value] = await client.get(['key']).answered
    expect(value?.length).toBe(1)
    say = socket => socket.write('MN\r\n')
    expect(await client.get(['key']).answered).toEqual([undefined])
  })
})
