import { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { limits } from '../../../live/limits.ts'
import type { Ms } from '../../../live/units.ts'
import { StoreError, type StoreFault, type StoreObserver } from '../segment-store.ts'

// Requests to S3 within their budget. The SDK tries again what may pass (its standard mode: growing, jittered pauses, and
// a quota on retries so that an outage is no storm); here are the end of the budget, the counts, and what an error means.

export interface S3Connection {
  readonly endpoint: string
  readonly bucket: string
  readonly region: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
  readonly budgetMs: Ms
  readonly observer: StoreObserver
}

/** More than the budget ever leaves room for: the budget is the bound. */
const attempts = 10
/** Of the budget for one attempt, so that one that hangs leaves room for another two. */
const attemptsThatHang = 3

/** What sending a request gives: enough of the SDK's outputs to count its attempts. */
interface Sent {
  readonly $metadata: { readonly attempts?: number | undefined }
}

export class S3Requests {
  readonly client: S3Client
  readonly #connection: S3Connection

  constructor(connection: S3Connection) {
    const { endpoint, region, credentials, budgetMs } = connection
    const attemptMs = Math.ceil((budgetMs as number) / attemptsThatHang)
    this.#connection = connection
    this.client = new S3Client({
      endpoint,
      region,
      credentials,
      // Every server understands it; buckets as host names need a domain.
      forcePathStyle: true,
      maxAttempts: attempts,
      retryMode: 'standard',
      // Bodies bear checksums of our own, which are sent and checked without the SDK.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // Asking before each large body would take a round trip and, in this SDK, a new connection.
      expectContinueHeader: false,
      requestHandler: {
        connectionTimeout: attemptMs,
        requestTimeout: attemptMs,
        throwOnRequestTimeout: true,
        socketAcquisitionWarningTimeout: budgetMs as number,
        httpAgent: { keepAlive: true, maxSockets: limits.s3Connections },
        httpsAgent: { keepAlive: true, maxSockets: limits.s3Connections },
      },
    })
  }

  /**
   * Sends a request and, with it, reads what it brings: all within the budget. Throws StoreError: `missing`, `conflict`
   * when its condition does not hold, `full`, `corrupt` when a range does not lie in its object, `unavailable`.
   */
  async within<Result extends Sent>(
    what: string,
    send: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { observer, budgetMs } = this.#connection
    observer.count('store.s3.requests')
    const abort = AbortSignal.timeout(budgetMs as number)
    const startMs = performance.now()
    try {
      const sent = await send(abort)
      this.#countRetries(sent)
      return sent
    } catch (error) {
      if (!(error instanceof Error)) throw error
      this.#countRetries(error as Partial<Sent>)
      const fault = faultOf(error, abort)
      if (!fault) throw error
      if (fault === 'unavailable' || fault === 'full') observer.count(`store.s3.${fault}`)
      throw new StoreError(fault, `${what}: ${this.#words(fault, error, performance.now() - startMs)}`, {
        cause: error,
      })
    }
  }

  countRetry(): void {
    this.#connection.observer.count('store.s3.retries')
  }

  close(): void {
    this.client.destroy()
  }

  #countRetries({ $metadata }: Partial<Sent>): void {
    const again = ($metadata?.attempts ?? 1) - 1
    if (again > 0) this.#connection.observer.count('store.s3.retries', again)
  }

  #words(fault: StoreFault, error: Error, tookMs: number): string {
    const { endpoint, bucket } = this.#connection
    if (error.name === 'NoSuchBucket') return `there is no bucket ${bucket} at ${endpoint}: make it, or name another`
    if (statusOf(error) === 403) {
      return `S3 at ${endpoint} refuses us (${error.name}): check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may do in ${bucket}`
    }
    if (fault === 'full') return `S3 at ${endpoint} has no room (${error.message || error.name}); nothing was kept`
    if (fault === 'missing') return 'nothing is kept under this key'
    if (fault === 'corrupt') return 'what is kept is shorter than it should be; it is not served'
    if ((statusOf(error) ?? 500) < 500) return `S3 at ${endpoint} refuses it: ${error.message || error.name}`
    return `S3 at ${endpoint} did not do it within ${Math.round(tookMs)} ms: ${error.message || error.name}`
  }
}

const statusOf = (error: Error): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined

/** What an error of the SDK means; undefined for a mistake of ours, which must be seen as one. */
function faultOf(error: Error, abort: AbortSignal): StoreFault | undefined {
  if (error.name === 'QuotaExceeded' || statusOf(error) === 507) return 'full'
  if (error.name === 'NoSuchBucket') return 'unavailable'
  switch (statusOf(error)) {
    case 404:
      return 'missing'
    case 409:
    case 412:
      return 'conflict'
    case 416:
      return 'corrupt'
  }
  if (statusOf(error) !== undefined) return 'unavailable'
  // Sockets' errors have a code, those of time have a name.
  const isOfSockets = 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
  return isOfSockets || abort.aborted || error.name === 'TimeoutError' ? 'unavailable' : undefined
}
