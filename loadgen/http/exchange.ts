import type { IncomingHttpHeaders } from 'node:http'
import type { Client, Dispatcher } from 'undici'
import type { Address } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { requestIdField } from '../../live/live-state.ts'
import { readCacheStatus } from '../../live/said-cache-status.ts'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { RequestNumber, RequestOutcome } from '../player/player-io.ts'
import type { Borrower, Connections } from './connections.ts'
import { PlaylistCheck } from './playlist.ts'
import { availabilityOf, single } from './response-fields.ts'
import { type BodyCheck, checkFor, type WrongBody } from './verify.ts'

// One request from the instant at which it is handed to a connection to the last byte of its answer. It takes the
// chunks as they come, verifies them and keeps none.

/** What is asked for, and by whom. */
export interface Ask {
  /** The seat of the player that asks, and the player's own number for the request. */
  readonly seat: number
  readonly request: RequestNumber
  /** Names the request on its whole way, `p{index}-{request}`. */
  readonly id: string
  readonly method: 'GET' | 'HEAD'
  readonly path: string
  /** Undefined for a path of a recorded log that is no address: its answer is not verified. */
  readonly address: Address | undefined
  readonly plannedMs: EpochMs
  /** Base URL of the edge. */
  readonly target: string
}

export type Result = RequestOutcome['result']

/** Is told how an exchange goes on. */
export interface ExchangeObserver {
  /** It has been handed to a connection. */
  sent(exchange: Exchange): void
  /** It has ended; called once, and not after `abort`. */
  ended(exchange: Exchange, result: Result): void
}

/** Codes of a connection that was never made: another edge may be there. */
const refusals = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

/** Ends the process with `error`: thrown inside undici it would pass for a failed request. */
const throwLater = (error: unknown): void => {
  queueMicrotask(() => {
    throw error
  })
}

const abandoned = new Error('the player gave the request up')

export class Exchange implements Borrower, Dispatcher.DispatchHandler {
  readonly ask: Ask
  /** Until when the next step must come; the driver aborts it then. */
  dueMs: EpochMs
  /** When it was handed to a connection; NaN while it waits for one. */
  sentMs: EpochMs = NaN
  /** When the head of the answer came; NaN before. */
  firstByteMs: EpochMs = NaN
  lastByteMs: EpochMs = NaN
  bodyBytes = 0
  status: number | undefined
  cacheStatus: string | undefined
  /** Whether an edge that does not speak `Cache-Status` calls this a hit, in whichever words; undefined: it says nothing. */
  saidHit: boolean | undefined
  /** When the segment was published, as the answer says. */
  availableMs: EpochMs | undefined
  /** Why a complete body was wrong. */
  wrong: WrongBody | undefined
  playlist: RequestOutcome['playlist']

  readonly #event: LiveEvent
  readonly #connections: Connections
  readonly #observer: ExchangeObserver
  #client: Client | undefined
  #controller: Dispatcher.DispatchController | undefined
  #check: BodyCheck | undefined
  #over = false

  constructor(ask: Ask, dueMs: EpochMs, event: LiveEvent, connections: Connections, observer: ExchangeObserver) {
    this.ask = ask
    this.dueMs = dueMs
    this.#event = event
    this.#connections = connections
    this.#observer = observer
  }

  /** Asks for a connection; `start` follows, at once where one is free. */
  begin(): void {
    this.#connections.lend(this)
  }

  start(client: Client): void {
    this.#client = client
    this.sentMs = now()
    this.#observer.sent(this)
    const { method, path, id } = this.ask
    client.dispatch({ method, path, headers: [requestIdField, id] }, this)
  }

  /** Gives it up, whatever it is doing; nothing more is reported. */
  abort(): void {
    if (this.#over) return
    this.#over = true
    if (this.#client === undefined) this.#connections.forget(this)
    else if (this.#controller === undefined) this.#connections.discard(this.#client)
    else this.#controller.abort(abandoned)
  }

  /** Gives it up because `dueMs` has come. */
  expire(at: EpochMs): void {
    this.abort()
    this.lastByteMs = at
    if (Number.isNaN(this.firstByteMs)) this.firstByteMs = at
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#over) return
    this.firstByteMs = now()
    this.dueMs = (this.firstByteMs as number) + limits.bodyPatienceMs
    this.status = status
    this.cacheStatus = single(headers['cache-status'])
    if (this.cacheStatus === undefined) this.saidHit = readCacheStatus(headers).hit
    const { address, method } = this.ask
    if (status !== 200 || address === undefined || method === 'HEAD') return
    this.availableMs = availabilityOf(single(headers['cmsd-static']))
    const length = headers['content-length']
    this.#check = checkFor(this.#event, address, {
      contentLength: length === undefined ? undefined : Number(length),
      etag: headers.etag,
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.bodyBytes += chunk.length
    this.#check?.take(chunk)
    if (this.bodyBytes > limits.segmentBodyBytes) {
      this.wrong = 'too-large'
      this.#end('wrong-body')
      controller.abort(abandoned)
    }
  }

  onResponseEnd(): void {
    this.#release()
    if (this.#over) return
    this.wrong = this.#check?.end()
    if (this.#check instanceof PlaylistCheck) this.playlist = this.#check.listed
    this.#end(this.wrong === undefined ? (this.status as number) : 'wrong-body')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error & { code?: string }): void {
    // Its client still goes through the requests that fail with it, and takes no new one meanwhile: who asks again at once,
    // or waited for a connection, would end the process by an assertion of undici's.
    queueMicrotask(() => this.#failed(error))
  }

  #failed(error: Error & { code?: string }): void {
    this.#release()
    // undici hands over what its handler threw as well; a fault of ours is no failure of the edge.
    if (error !== abandoned && error.code === undefined) throwLater(error)
    if (this.#over) return
    this.#end(refusals.has(error.code ?? '') ? 'refused' : 'reset')
  }

  #end(result: Result): void {
    this.#over = true
    this.lastByteMs = now()
    if (Number.isNaN(this.firstByteMs)) this.firstByteMs = this.lastByteMs
    try {
      this.#observer.ended(this, result)
    } catch (error) {
      throwLater(error)
    }
  }

  #release(): void {
    const client = this.#client
    if (client === undefined) return
    this.#client = undefined
    this.#connections.release(client)
  }
}
