import { once } from 'node:events'
import { open, readdir, truncate } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SegmentStore } from '../segment-store.ts'
import { describeStore } from '../store-contract.ts'
import { Counts, candidateOf } from '../testing/candidates-and-counts.ts'
import { openS3 } from './open-s3.ts'
import { type S3Ground, s3Absent, startGround } from './s3.fixture.ts'

const budgetMs = 2_000

describe.skipIf(s3Absent)('the S3 store', () => {
  let ground: S3Ground
  let bucket: string
  beforeAll(async () => {
    ground = await startGround()
  }, 60_000)
  afterAll(() => ground?.stop())

  describeStore(
    's3',
    async () => {
      bucket = await ground.newBucket()
      return openS3(ground.config(bucket), { budgetMs: 20_000, keepMs: 60_000 })
    },
    {
      reopen: () => openS3(ground.config(bucket), { budgetMs: 20_000, keepMs: 60_000 }),
      config: () => ground.config(bucket),
      killRounds: 6,
    },
  )

  describe('on a server that fails', () => {
    let store: SegmentStore
    let counts: Counts
    const candidate = candidateOf(7)
    const { key, body, meta } = candidate
    beforeEach(async () => {
      counts = new Counts()
      bucket = await ground.newBucket()
      store = await openS3(ground.config(bucket), { budgetMs, keepMs: 60_000, observer: counts })
      await store.put(key, body, meta, 'token')
    })
    afterEach(() => store.close())
    const fileOf = async (): Promise<string> => {
      const names = await readdir(ground.filesOf(bucket), { recursive: true })
      return join(ground.filesOf(bucket), names.find(name => name.endsWith('0000000007/a')) as string)
    }

    it('tries again within its budget while the server is away for a moment', async () => {
      await ground.service.kill()
      const next = candidateOf(8)
      const ended = Promise.all([store.get(key, meta), store.put(next.key, next.body, next.meta, 'token')])
      await pause(200)
      await ground.service.restart()
      const [bytes] = await ended
      expect(Buffer.compare(bytes, body)).toBe(0)
      expect(Buffer.compare(await store.get(next.key, next.meta), next.body)).toBe(0)
      expect(counts.of('store.s3.retries')).toBeGreaterThan(0)
    })

    it.each(['dead', 'hung'])('is unavailable when its budget ends, in words: %s', async how => {
      if (how === 'dead') await ground.service.kill()
      else ground.service.hang()
      const startMs = performance.now()
      const next = candidateOf(9)
      const ended = await Promise.allSettled([store.get(key, meta), store.put(next.key, next.body, next.meta, 'token')])
      const tookMs = performance.now() - startMs
      if (how === 'dead') await ground.service.restart()
      else ground.service.resume()
      for (const each of ended) {
        expect(each).toMatchObject({ status: 'rejected', reason: { fault: 'unavailable' } })
        expect((each as PromiseRejectedResult).reason.message).toContain(ground.service.endpoint)
      }
      expect(tookMs).toBeLessThan(budgetMs + 2_000)
      expect(counts.of('store.s3.unavailable')).toBe(2)
    })

    it('asks again for a body that breaks off', async () => {
      let broken = 0
      const relay = createServer(socket => {
        const behind = connect(Number(new URL(ground.service.endpoint).port), '127.0.0.1')
        let bytes = 0
        behind.on('data', data => {
          bytes += data.length
          // In the middle of the first body: its head is long there.
          if (bytes > 300_000 && broken === 0 && ++broken) socket.destroy()
          else socket.write(data)
        })
        socket.on('data', data => behind.write(data))
        for (const [one, other] of [[socket, behind] as const, [behind, socket] as const]) {
          one.on('error', () => other.destroy())
          one.on('close', () => other.destroy())
        }
      }).listen(0, '127.0.0.1')
      await once(relay, 'listening')
      const endpoint = `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
      const through = await openS3(
        { ...ground.config(bucket), endpoint },
        { budgetMs, keepMs: 60_000, observer: counts },
      )
      expect(Buffer.compare(await through.get(key, meta), body)).toBe(0)
      expect(broken).toBe(1)
      expect(counts.of('store.s3.retries')).toBe(1)
      await through.close()
      relay.close()
    })

    it('finds a flipped bit in an object, counts it, and still gives the parts without it', async () => {
      const file = await open(await fileOf(), 'r+')
      const at = 300_000
      const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
      await file.write(Buffer.from([buffer.readUInt8(0) ^ 4]), 0, 1, at)
      await file.close()
      await expect(store.get(key, meta)).rejects.toMatchObject({ fault: 'corrupt' })
      expect(counts.of('store.s3.corrupt')).toBe(1)
      const part = await store.get(key, meta, { from: 10, to: 20 })
      expect(Buffer.compare(part, body.subarray(10, 21))).toBe(0)
    })

    it('finds an object that was cut short', async () => {
      await truncate(await fileOf(), 270_000)
      await expect(store.get(key, meta)).rejects.toMatchObject({ fault: 'corrupt' })
      await expect(store.get(key, meta, { from: 600_000, to: 600_001 })).rejects.toMatchObject({ fault: 'corrupt' })
    })
  })

  describe('that is opened', () => {
    const opened = (config = ground.config(bucket)) => openS3(config, { budgetMs, keepMs: 60_000 })
    beforeEach(async () => {
      bucket = await ground.newBucket()
    })

    it('tells that nobody answers, where, and that the bucket is not there', async () => {
      const nobody = { ...ground.config(bucket), endpoint: 'http://127.0.0.1:1' }
      await expect(opened(nobody)).rejects.toMatchObject({
        fault: 'unavailable',
        message: expect.stringContaining('http://127.0.0.1:1'),
      })
      await expect(opened(ground.config('not-there'))).rejects.toMatchObject({
        fault: 'unavailable',
        message: expect.stringContaining('there is no bucket not-there'),
      })
    })

    it('tells which keys are missing or wrong', async () => {
      const { AWS_SECRET_ACCESS_KEY: secret } = ground.service.environment
      try {
        process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
        await expect(opened()).rejects.toMatchObject({
          fault: 'unavailable',
          message: expect.stringContaining('AWS_SECRET_ACCESS_KEY'),
        })
        delete process.env.AWS_SECRET_ACCESS_KEY
        await expect(opened()).rejects.toMatchObject({ message: expect.stringContaining('are not set') })
      } finally {
        process.env.AWS_SECRET_ACCESS_KEY = secret
      }
    })

    it('refuses a bucket of another layout', async () => {
      await (await opened()).close()
      await (await opened()).close()
      const file = await open(join(ground.filesOf(bucket), 'tidegate.json'), 'w')
      await file.write('{"layout":9}')
      await file.close()
      await expect(opened()).rejects.toMatchObject({ fault: 'schema' })
    })
  })
})
