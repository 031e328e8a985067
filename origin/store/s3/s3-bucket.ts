import { crc32 } from 'node:zlib'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type _Object as ListedObject,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { StoreError } from '../segment-store.ts'
import type { S3Requests } from './s3-requests.ts'

// The objects of one bucket, each operation within its budget.

/** A server that breaks off every body is not one that is away for a moment. */
const bodyAttempts = 3

export class S3Bucket {
  readonly #name: string
  readonly #requests: S3Requests

  constructor(name: string, requests: S3Requests) {
    this.#name = name
    this.#requests = requests
  }

  async put(
    Key: string,
    object: Buffer,
    more: { readonly IfNoneMatch?: '*'; readonly Metadata?: Record<string, string> },
  ): Promise<void> {
    const { Bucket, client } = this.#where()
    const ChecksumCRC32 = crc32Field(object)
    const command = new PutObjectCommand({ Bucket, Key, Body: object, ChecksumCRC32, ...more })
    await this.#requests.within(Key, abortSignal => client.send(command, { abortSignal }))
  }

  /** The SDK tries again until the head of an answer has come; a body that breaks off is asked for anew here. */
  async get(what: string, Key: string, Range?: string): Promise<Uint8Array> {
    const { Bucket, client } = this.#where()
    const { bytes } = await this.#requests.within(what, async abortSignal => {
      for (let attempt = 1; ; attempt++) {
        const output = await client.send(new GetObjectCommand({ Bucket, Key, Range }), { abortSignal })
        try {
          return { ...output, bytes: await output.Body?.transformToByteArray() }
        } catch (error) {
          if (attempt === bodyAttempts || abortSignal.aborted) throw error
          this.#requests.countRetry()
        }
      }
    })
    return bytes ?? new Uint8Array()
  }

  /** The metadata of an object; undefined when there is none. */
  async head(what: string, Key: string): Promise<Record<string, string> | undefined> {
    const { Bucket, client } = this.#where()
    const command = new HeadObjectCommand({ Bucket, Key })
    try {
      const { Metadata } = await this.#requests.within(what, abortSignal => client.send(command, { abortSignal }))
      return Metadata ?? {}
    } catch (error) {
      if (error instanceof StoreError && error.fault === 'missing') return undefined
      throw error
    }
  }

  /** Every object under `prefix` behind `StartAfter`, in the order of names. */
  async *list(Prefix: string, StartAfter?: string): AsyncGenerator<ListedObject> {
    const { Bucket, client } = this.#where()
    let ContinuationToken: string | undefined
    do {
      const command = new ListObjectsV2Command({ Bucket, Prefix, StartAfter, ContinuationToken })
      const page = await this.#requests.within(`the list of ${Prefix}`, abortSignal =>
        client.send(command, { abortSignal }),
      )
      yield* page.Contents ?? []
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  /** Removes an object; one that is not there is removed already. */
  async delete(what: string, Key: string): Promise<void> {
    const { Bucket, client } = this.#where()
    const command = new DeleteObjectCommand({ Bucket, Key })
    try {
      await this.#requests.within(what, abortSignal => client.send(command, { abortSignal }))
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== 'missing') throw error
    }
  }

  close(): void {
    this.#requests.close()
  }

  #where() {
    return { Bucket: this.#name, client: this.#requests.client }
  }
}

/** As S3 wants it: what arrives is checked there before it is acknowledged. */
function crc32Field(bytes: Uint8Array): string {
  const field = Buffer.alloc(4)
  field.writeUInt32BE(crc32(bytes))
  return field.toString('base64')
}
