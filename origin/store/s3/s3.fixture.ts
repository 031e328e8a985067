import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { type S3Service, startS3 } from '../../../services/s3.ts'
import { AbsentError } from '../../../services/service.ts'
import { findVersitygw } from '../../../services/versitygw.ts'
import type { S3Config } from './open-s3.ts'

// A real S3 server, with a bucket for each store that a test makes.

/** Why nothing here can be tested; said in one loud line. */
export const s3Absent = await findVersitygw(line => process.stderr.write(`tidegate: ${line}\n`)).then(
  () => false,
  error => {
    if (!(error instanceof AbsentError)) throw error
    process.stderr.write(`NOT TESTED: the S3 store: ${error.message}\n`)
    return true
  },
)

export interface S3Ground {
  readonly service: S3Service
  readonly folder: string
  /** Where the server keeps the objects of `bucket`, as files. */
  filesOf(bucket: string): string
  newBucket(): Promise<string>
  config(bucket: string): S3Config
  stop(): Promise<void>
}

/** Starts the server and sets this process's keys to its own, as a person would. */
export async function startGround(): Promise<S3Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
  const service = await startS3({ folder })
  Object.assign(process.env, service.environment)
  const { endpoint, region } = service
  const client = new S3Client({ endpoint, region, forcePathStyle: true })
  let buckets = 0
  return {
    service,
    folder,
    filesOf: bucket => join(folder, 'data', bucket),
    newBucket: async () => {
      const bucket = `tidegate-test-${++buckets}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return bucket
    },
    config: bucket => ({ is: 's3', endpoint, bucket, region }),
    stop: async () => {
      client.destroy()
      await service.stop()
      await rm(folder, { recursive: true })
    },
  }
}
