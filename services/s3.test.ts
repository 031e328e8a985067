import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { s3Absent } from '../origin/store/s3/s3.fixture.ts'
import { isAlive, pidLeftBy } from './outlived.fixture.ts'
import { startS3 } from './s3.ts'

describe.skipIf(s3Absent)('S3 as a service', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('has a bucket when it has started, keeps what it has over a kill, and is gone when it is stopped', async () => {
    const server = await startS3({ folder })
    const { endpoint, region, bucket, environment } = server
    const credentials = {
      accessKeyId: environment.AWS_ACCESS_KEY_ID,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
    }
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true })
    const where = { Bucket: bucket, Key: 'a/b' }
    await client.send(new PutObjectCommand({ ...where, Body: 'kept' }))
    await server.kill()
    expect(isAlive(server.pid)).toBe(false)
    await server.restart()
    const { Body } = await client.send(new GetObjectCommand(where))
    expect(await Body?.transformToString()).toBe('kept')
    client.destroy()
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
    // Over the same folder again, with other keys and on another port.
    const again = await startS3({ folder })
    expect(again.environment).not.toEqual(environment)
    await again.stop()
  })

  it.runIf(process.platform === 'linux')(
    'ends with the process that started it, also when that is killed',
    async () => {
      const pid = await pidLeftBy(`
      import { startS3 } from ${JSON.stringify(join(import.meta.dirname, 's3.ts'))}
      console.log((await startS3({ folder: ${JSON.stringify(folder)} })).pid)
      setInterval(() => {}, 1000)
    `)
      await expect.poll(() => isAlive(pid), { timeout: 15_000 }).toBe(false)
    },
  )
})
