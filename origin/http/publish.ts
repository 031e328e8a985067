import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseIngestAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { liveFields, parseDefects } from '../../live/live-state.ts'
import { formatProblem, problemContentType } from '../../live/problem.ts'
import { type originReasons, type PublishReason, publishReasons } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { bearerToken, sameToken } from '../../process/control.ts'
import { checkRequest, isBehindRefusal } from '../../process/http-guards.ts'
import type { PutBody, PutHead } from '../core/verdict.ts'
import { formatKey, type StoreError } from '../store/segment-store.ts'
import { etagOf } from './body-etag.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// The publish side: what packagers put. A body is judged by its head before it is read, by its checksum when it is
// whole, and is visible when the store has acknowledged it.

/** An answer to a PUT. */
interface Answer {
  readonly status: number
  readonly reason: PublishReason
  readonly etag?: string
}

const refusals = {
  'wrong-token': 401,
  'unknown-target': 404,
  'length-required': 411,
  'too-large': 413,
  'bad-defects': 400,
  torn: 400,
  'store-failed': 503,
  'store-full': 503,
} as const satisfies Partial<Record<PublishReason, number>>

/** What a packager is told to wait when the store is the reason: the least that the field can say. */
const retryAfterSeconds = '1'

const refusal = (reason: keyof typeof refusals): Answer => ({ status: refusals[reason], reason })

export class Publish {
  readonly #origin: OriginRuntime
  readonly #token: string

  constructor(origin: OriginRuntime, token: string) {
    this.#origin = origin
    this.#token = token
  }

  /** Takes one request. `mayContinue` is called before the body is read: the packager waits for it. */
  handle(request: IncomingMessage, response: ServerResponse, mayContinue: () => void = () => {}): void {
    if (isBehindRefusal(request)) return
    const arrivedMs = now()
    const refused = checkRequest(request, ['PUT'])
    if (refused) {
      const reason = refused.reason === 'method' ? 'method-not-allowed' : 'malformed'
      this.#origin.books.putEnded(reason, arrivedMs, now())
      if (refused.count) this.#origin.books.guarded(refused.count)
      sendProblem(response, refused.status, reason, refused.detail, {
        connection: 'close',
        ...(reason === 'malformed' ? {} : { allow: 'PUT' }),
      })
      return
    }
    this.#take(request, mayContinue).then(
      answer => this.#answer(request, response, answer, arrivedMs),
      (error: Error) => {
        process.stderr.write(`tidegate: PUT ${request.url}: ${error.stack}\n`)
        this.#answer(request, response, refusal('store-failed'), arrivedMs)
      },
    )
  }

  async #take(request: IncomingMessage, mayContinue: () => void): Promise<Answer> {
    const head = this.#headOf(request)
    if ('reason' in head) return head
    const { core } = this.#origin
    const offeredMs = now()
    const offered = core.offer(head, offeredMs)
    if (core.lastPuts().get(head.pipeline) === offeredMs) this.#origin.announcePush(head.pipeline)
    this.#origin.schedule()
    if (offered.do === 'answer') return offered
    mayContinue()
    const bytes = await readWhole(request, head.bodyBytes as number)
    if (!bytes) return refusal('torn')
    return this.#keep({ ...head, etag: etagOf(head.pipeline, bytes) }, bytes)
  }

  /** What the request's head says, or why it is refused at once. */
  #headOf({ url = '', headers }: IncomingMessage): PutHead | Answer {
    if (!sameToken(bearerToken(headers.authorization), this.#token)) return refusal('wrong-token')
    const address = parseIngestAddress(url)
    if (!address) return refusal('unknown-target')
    const length = headers['content-length']
    if (length === undefined || headers['transfer-encoding'] !== undefined) return refusal('length-required')
    const bodyBytes = Number(length)
    if (bodyBytes > limits.segmentBodyBytes) return refusal('too-large')
    const field = headers[liveFields.defects]
    const defects = parseDefects(Array.isArray(field) ? field.join(', ') : field)
    return defects ? { ...address, bodyBytes, defects } : refusal('bad-defects')
  }

  /** Stores a whole body and makes it visible. */
  async #keep(body: PutBody, bytes: Buffer): Promise<Answer> {
    const { core, store, books } = this.#origin
    const { etag } = body
    const judged = core.arrived(body, now())
    if (judged.do === 'answer') return { ...judged, etag }
    try {
      await store.put(body, bytes, now())
    } catch (error) {
      core.failed(body)
      const { fault, message } = error as StoreError
      if (fault === 'conflict') return { status: 409, reason: 'conflict', etag }
      this.#origin.complaints.say(`the store did not keep ${formatKey(store.keyOf(body))}: ${message}`)
      return refusal(fault === 'full' ? 'store-full' : 'store-failed')
    }
    const storedMs = now()
    const { answer, effects } = core.stored(body, storedMs)
    if (answer.reason === 'accepted') {
      const { pipeline, rendition, number, bodyBytes, defects } = body
      this.#origin.announce({
        say: 'stored',
        candidate: { pipeline, rendition, number, etag, bodyBytes, defects: [...defects], storedMs },
      })
      if (number !== undefined) books.published(core.eventConfig(), rendition, number, storedMs)
    }
    // Those who wait come before the packager, which has nobody waiting for it.
    this.#origin.apply(effects, { candidate: body, body: bytes })
    return { ...answer, etag }
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: Answer, arrivedMs: EpochMs): void {
    const { status, reason, etag } = answer
    this.#origin.books.putEnded(reason, arrivedMs, now())
    if (response.destroyed) return
    const closing = this.#origin.draining || reason === 'too-large' || reason === 'length-required'
    const more = {
      ...(etag === undefined ? {} : { etag }),
      ...(status === 503 ? { 'retry-after': retryAfterSeconds } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(closing ? { connection: 'close' } : {}),
    }
    // What was not wanted is read all the same and dropped, so that the packager can read why.
    request.resume()
    if (status < 300) sendJson(response, status, 'application/json', JSON.stringify({ reason, etag }), more)
    else sendProblem(response, status, reason, publishReasons[reason], more)
  }
}

/** The whole body, or undefined when the connection ended before `bodyBytes` had come. */
function readWhole(request: IncomingMessage, bodyBytes: number): Promise<Buffer | undefined> {
  return new Promise(done => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      // The parser keeps to the length; this keeps to it even if it would not.
      if (bytes <= bodyBytes) chunks.push(chunk)
      else request.destroy()
    })
    request.once('end', () => done(bytes === bodyBytes ? joined(chunks, bytes) : undefined))
    request.once('error', () => done(undefined))
    request.once('close', () => done(undefined))
  })
}

/** One body in memory of its own: a small one out of Node's pool would keep all of that pool's 64 KiB for as long. */
function joined(chunks: readonly Buffer[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(whole, at)
  return whole
}

function sendProblem(
  response: ServerResponse,
  status: number,
  reason: PublishReason | keyof typeof originReasons,
  detail: string,
  more: Record<string, string>,
): void {
  sendJson(response, status, problemContentType, formatProblem({ status, reason, detail }), more)
}

function sendJson(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  more: Record<string, string>,
): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...more,
  })
  response.end(text)
}
