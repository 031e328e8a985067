import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { freePort } from './free-port.ts'
import { type Service, ServiceError, type ServiceOptions } from './service.ts'
import { ServiceProcess } from './service-process.ts'
import { answersWith, untilAnswers } from './until-answers.ts'
import { findVersitygw } from './versitygw.ts'

// A real S3 server on a free port of loopback: versitygw over a folder. Its secret key is made for this one start and
// is handed over by the environment only.

export interface S3Service extends Service {
  /** For `store.endpoint`. */
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  /** What a process needs in its environment to use it: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`. */
  readonly environment: Readonly<Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>>
  readonly pid: number
  /** SIGKILL. What was acknowledged stays in its folder. */
  kill(): Promise<void>
  /** Starts it again where it was, with the same keys and what it kept. */
  restart(): Promise<void>
  /** SIGSTOP: connections stay, nothing is answered. */
  hang(): void
  /** SIGCONT. */
  resume(): void
}

const region = 'us-east-1'
const bucket = 'tidegate'
const readyWithinMs = 15_000
const attempts = 5
const healthPath = '/health'

/** Starts an S3 server with an empty bucket, unless `folder` has one already; resolves when it answers. */
export async function startS3(options: ServiceOptions): Promise<S3Service> {
  const { path } = await findVersitygw(options.tell, options.signal)
  await mkdir(join(options.folder, 'data'), { recursive: true })
  for (let attempt = 1; ; attempt++) {
    const server = new S3Server(path, await freePort(), options.folder)
    try {
      await server.start(options.signal)
      await server.makeBucket()
      options.tell?.(`S3 (versitygw) on ${server.endpoint}, bucket ${bucket}`)
      return server
    } catch (error) {
      await server.stop()
      if (attempt === attempts || !(error instanceof ServiceError) || options.signal?.aborted) throw error
    }
  }
}

class S3Server implements S3Service {
  readonly bucket = bucket
  readonly region = region
  readonly environment = {
    // Buckets belong to it: another start over the same folder is the same owner.
    AWS_ACCESS_KEY_ID: 'tidegate',
    AWS_SECRET_ACCESS_KEY: randomBytes(24).toString('base64url'),
  }
  readonly #binary: string
  readonly #port: number
  readonly #folder: string
  #process: ServiceProcess | undefined
  #stopped = false

  constructor(binary: string, port: number, folder: string) {
    this.#binary = binary
    this.#port = port
    this.#folder = folder
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get pid(): number {
    return this.#process?.pid as number
  }

  async start(signal?: AbortSignal): Promise<void> {
    const listen = `127.0.0.1:${this.#port}`
    this.#process = await ServiceProcess.start({
      name: `versitygw on ${listen}`,
      binary: this.#binary,
      // By default it closes the connection after each answer and writes a line for each request.
      arguments: [
        '--port',
        listen,
        '--region',
        region,
        '--keep-alive',
        '--quiet',
        '--health',
        healthPath,
        'posix',
        'data',
      ],
      folder: this.#folder,
      logFile: join(this.#folder, 'versitygw.log'),
      environment: {
        ROOT_ACCESS_KEY: this.environment.AWS_ACCESS_KEY_ID,
        ROOT_SECRET_KEY: this.environment.AWS_SECRET_ACCESS_KEY,
      },
    })
    const question = `GET ${healthPath} HTTP/1.0\r\nHost: ${listen}\r\n\r\n`
    await untilAnswers(this.#process, () => answersWith(this.#port, question, 'HTTP/1.'), readyWithinMs, signal)
  }

  async makeBucket(): Promise<void> {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = this.environment
    const credentials = { accessKeyId, secretAccessKey }
    const client = new S3Client({ endpoint: this.endpoint, region, forcePathStyle: true, credentials })
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
    } catch (error) {
      if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error
    } finally {
      client.destroy()
    }
  }

  async kill(): Promise<void> {
    await this.#process?.kill()
  }

  async restart(): Promise<void> {
    if (this.#stopped) throw new ServiceError(`versitygw on ${this.endpoint} is stopped`)
    await this.#process?.kill()
    await this.start()
  }

  hang(): void {
    this.#process?.hang()
  }

  resume(): void {
    this.#process?.resume()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.resume()
    await this.#process?.stop()
  }
}
