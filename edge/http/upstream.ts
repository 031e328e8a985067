import type { Readable } from 'node:stream'
import { type Dispatcher, Pool } from 'undici'
import { limits } from '../../live/limits.ts'
import { between } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { FetchFailure, FetchPlan, UpstreamHead } from '../core/verdict.ts'
import { checkUpstreamHead } from './upstream-head.ts'

// Requests upstream, to the origin and to siblings. One request on a connection at a time, because a held one would
// hold up all behind it; none is ever sent again by itself, because the core decides that.

/** What becomes of one request upstream: a head, bytes, and an end; or a failure, after which nothing comes. */
export interface FetchEvents {
  head(head: UpstreamHead): void
  bytes(bytes: Buffer): void
  end(): void
  failed(failure: FetchFailure, why: string): void
}

export interface UpstreamRequest {
  /** `http://host:port` of the upstream, from configuration only. */
  readonly url: string
  readonly plan: FetchPlan
  readonly fields: Readonly<Record<string, string>>
  readonly body?: Readable | undefined
}

export interface UpstreamCall {
  /** Ends the request; none of its events comes any more. */
  abort(): void
}

const connectTimeoutMs = 1_000

export class Upstream {
  readonly #pools = new Map<string, Pool>()

  send(request: UpstreamRequest, events: FetchEvents): UpstreamCall {
    const call = new Call(request.plan, events)
    const { method, path, headByMs } = request.plan
    call.startTimer(Math.max(0, between(now(), headByMs)))
    try {
      this.#pool(request.url).dispatch(
        {
          method: method as Dispatcher.HttpMethod,
          path,
          headers: { ...request.fields },
          body: request.body ?? null,
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        call,
      )
    } catch (error) {
      queueMicrotask(() => call.onResponseError(undefined, error as Error))
    }
    return call
  }

  /** Ends every connection at once. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map(pool => pool.destroy()))
    this.#pools.clear()
  }

  #pool(url: string): Pool {
    const known = this.#pools.get(url)
    if (known) return known
    const pool = new Pool(url, {
      connections: limits.upstreamConnections,
      pipelining: 1,
      maxHeaderSize: limits.headerBytes,
      // Given up before the other side does: a request must not meet a connection that is being closed.
      keepAliveTimeout: limits.keepAliveMs / 2,
      keepAliveMaxTimeout: limits.keepAliveMs / 2,
      connect: { timeout: connectTimeoutMs },
    })
    this.#pools.set(url, pool)
    return pool
  }
}

/** One request: undici's handler on one side, `FetchEvents` on the other. */
class Call implements UpstreamCall, Dispatcher.DispatchHandler {
  readonly #plan: FetchPlan
  readonly #events: FetchEvents
  #controller: Dispatcher.DispatchController | undefined
  #timer: NodeJS.Timeout | undefined
  #interim = 0
  #over = false

  constructor(plan: FetchPlan, events: FetchEvents) {
    this.#plan = plan
    this.#events = events
  }

  abort(): void {
    this.#finish()
    this.#controller?.abort(new Error('abandoned'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#over) controller.abort(new Error('abandoned before it was sent'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    fields: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#over) return
    if (status >= 100 && status < 200) {
      this.#interim++
      if (this.#interim > limits.interimHeads) this.#fail('malformed', `${this.#interim} interim heads`)
      return
    }
    const checked = checkUpstreamHead(status, fields, this.#plan)
    if (!checked.ok) {
      this.#fail('malformed', checked.why)
      return
    }
    this.startTimer(limits.bodySilenceMs)
    this.#events.head(checked.head)
    // Ended here, because undici takes the Content-Length of a 304 for a promise of bytes.
    if (checked.bodyless && !this.#over) {
      this.#finish()
      this.#events.end()
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#over) return
    this.#timer?.refresh()
    this.#events.bytes(bytes)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#finish()
    this.#events.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#over) return
    this.#finish()
    this.#events.failed(failureOf(error), error.message)
  }

  /** From now on `silenceMs` without a word from the upstream end the request. */
  startTimer(silenceMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#fail('timeout', `silent for ${Math.round(silenceMs)} ms`), silenceMs)
  }

  #fail(failure: FetchFailure, why: string): void {
    this.abort()
    this.#events.failed(failure, why)
  }

  #finish(): void {
    this.#over = true
    clearTimeout(this.#timer)
  }
}

const noConnection = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What an error of undici means to the core. */
export function failureOf(error: Error): FetchFailure {
  const code = 'code' in error ? String(error.code) : ''
  if (noConnection.has(code)) return 'refused'
  if (error.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') return 'malformed'
  return 'reset'
}
