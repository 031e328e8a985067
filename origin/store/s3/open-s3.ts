import { GetObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { OpenOptions } from '../open-store.ts'
import { type SegmentStore, StoreError, unobserved } from '../segment-store.ts'
import type { StoreConfig } from '../store-config.ts'
import { S3Bucket } from './s3-bucket.ts'
import { layoutVersion, versionKey } from './s3-objects.ts'
import { type S3Connection, S3Requests } from './s3-requests.ts'
import { S3Store } from './s3-store.ts'

// From a configuration to a bucket that can be read and written, or to words that say what to check.

export type S3Config = Extract<StoreConfig, { is: 's3' }>

/** Throws StoreError: `unavailable` when it cannot be reached or refuses us, `schema` when another version wrote it. */
export async function openS3(config: S3Config, options: OpenOptions): Promise<SegmentStore> {
  const { observer = unobserved, budgetMs } = options
  const { endpoint, bucket, region } = config
  const connection: S3Connection = {
    endpoint,
    bucket,
    region,
    credentials: credentialsOf(process.env),
    budgetMs,
    observer,
  }
  const requests = new S3Requests(connection)
  try {
    await findBucket(requests, connection)
    await checkVersion(requests, connection)
    return new S3Store(connection, new S3Bucket(bucket, requests))
  } catch (error) {
    requests.close()
    throw error
  }
}

/** By the environment only, by the names that every tool for S3 knows. */
function credentialsOf(environment: NodeJS.ProcessEnv): S3Connection['credentials'] {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  if (!accessKeyId || !secretAccessKey) {
    throw new StoreError(
      'unavailable',
      'the keys for S3 are not set: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, where there is one) are wanted in the environment',
    )
  }
  const { AWS_SESSION_TOKEN: sessionToken } = environment
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) }
}

async function findBucket(requests: S3Requests, { bucket, endpoint }: S3Connection): Promise<void> {
  const command = new HeadBucketCommand({ Bucket: bucket })
  try {
    await requests.within(`bucket ${bucket}`, abortSignal => requests.client.send(command, { abortSignal }))
  } catch (error) {
    if (!(error instanceof StoreError) || error.fault !== 'missing') throw error
    throw new StoreError('unavailable', `there is no bucket ${bucket} at ${endpoint}: make it, or name another`, {
      cause: error,
    })
  }
}

/** Writes which version of the layout is in the bucket, unless another one is. */
async function checkVersion(requests: S3Requests, { bucket }: S3Connection): Promise<void> {
  const where = { Bucket: bucket, Key: versionKey }
  const ours = JSON.stringify({ layout: layoutVersion })
  const put = new PutObjectCommand({ ...where, Body: ours, IfNoneMatch: '*', ContentType: 'application/json' })
  try {
    await requests.within(versionKey, abortSignal => requests.client.send(put, { abortSignal }))
  } catch (error) {
    if (!(error instanceof StoreError) || error.fault !== 'conflict') throw error
    const { text } = await requests.within(versionKey, async abortSignal => {
      const output = await requests.client.send(new GetObjectCommand(where), { abortSignal })
      return { ...output, text: await output.Body?.transformToString() }
    })
    if (text === ours) return
    throw new StoreError(
      'schema',
      `bucket ${bucket} was written in another layout (${text?.slice(0, 80)}; this is ${ours}): migrate it, or name an empty bucket`,
    )
  }
}
