import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseAddress } from '../../live/address.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { Bytes, EpochMs, Ms } from '../../live/units.ts'
import { type AccessEntry, clientLeftStatus } from '../../process/access-log-format.ts'
import { now } from '../../process/clock.ts'
import type { Question } from '../core/verdict.ts'
import { hasBody } from './request-body.ts'

// One request of a player or a sibling and its response: what was sent of it, and when.

/** Who asks for what: requests are counted apart by it. */
export type Asker = 'player-segment' | 'player-other' | 'sibling'

export class Exchange implements AccessEntry {
  readonly id: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly question: Question
  readonly asker: Asker
  readonly arrivedMs: EpochMs
  /** Why it is answered as it is: the verdict's reason at its arrival, or that with which its wait ended. */
  reason: EdgeReason | '-' = '-'
  /** How long it waited for a fill's head. */
  waitedMs: Ms | undefined
  #firstByteMs: EpochMs | undefined
  #bodyBytes = 0
  #status: number | undefined
  #brokenOff = false

  constructor(id: string, request: IncomingMessage, response: ServerResponse, question: Question, arrivedMs: EpochMs) {
    this.id = id
    this.request = request
    this.response = response
    this.question = question
    this.arrivedMs = arrivedMs
    if (question.sibling) this.asker = 'sibling'
    else this.asker = parseAddress(question.path)?.kind === 'segment' ? 'player-segment' : 'player-other'
  }

  get firstByteMs(): EpochMs | undefined {
    return this.#firstByteMs
  }

  get bodyBytes(): Bytes {
    return this.#bodyBytes
  }

  /** What was answered; what stands in a log where nothing was. */
  get status(): number {
    return this.#status ?? (this.#brokenOff ? 500 : clientLeftStatus)
  }

  /** The head; it leaves with the first bytes of the body. `fields` are names and values in turn. */
  begin(status: number, fields: readonly string[]): void {
    this.#firstByteMs = now()
    this.#status = status
    // Answered before its body has come whole: what is left of it must not be taken for the next request.
    if (hasBody(this.request) && !this.request.complete) this.response.shouldKeepAlive = false
    this.response.writeHead(status, fields as string[])
  }

  /** Some of the body; false when the client must take something first. */
  write(bytes: Buffer): boolean {
    this.#bodyBytes += bytes.length
    return this.response.write(bytes)
  }

  end(bytes?: Buffer): void {
    if (bytes && this.request.method !== 'HEAD') this.#bodyBytes += bytes.length
    this.response.end(bytes)
  }

  /** Ends the response so that nobody can take it for whole. */
  reset(): void {
    this.#brokenOff = true
    // To HTTP/1.0 the end of the connection is the end of a body without a length: only a reset is no end.
    if (this.request.httpVersion === '1.0') this.request.socket.resetAndDestroy()
    else this.response.destroy()
  }
}
