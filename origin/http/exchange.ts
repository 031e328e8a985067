import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Address, parseAddress } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { type EventState, liveFields, parseEdgeName, parseEventState, requestIdField } from '../../live/live-state.ts'
import type { OriginReason } from '../../live/reasons.ts'
import { type Bytes, between, type EpochMs, type Ms } from '../../live/units.ts'
import { type AccessEntry, clientLeftStatus } from '../../process/access-log-format.ts'
import { now } from '../../process/clock.ts'
import type { Fields } from './fields.ts'

// One request of the delivery side, from its head to the end of its answer.

let lastId = 0

/** The request's own name where it has a good one, else one of ours. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers[requestIdField]
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : `o-${++lastId}`
}

export class Exchange implements AccessEntry {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly path: string
  readonly address: Address | undefined
  readonly asked: EventState | undefined
  readonly edge: { readonly edge: string; readonly site: string } | undefined
  readonly arrivedMs: EpochMs
  /** When it was held: when that ended. */
  releasedMs: EpochMs | undefined
  /** When what it was held for was published, as the origin that took it says. */
  publishedMs: EpochMs | undefined
  /** When the answer's head was written. */
  headMs: EpochMs | undefined
  /** Why it is answered as it is: the verdict's reason, then the answer's own. */
  reason: OriginReason | '-' = '-'
  readonly #writtenBefore: number
  #wantedBytes: Bytes = 0

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.arrivedMs = now()
    this.request = request
    this.response = response
    this.id = requestIdOf(request)
    const target = request.url ?? ''
    const query = target.indexOf('?')
    this.path = query < 0 ? target : target.slice(0, query)
    this.address = parseAddress(this.path)
    this.asked = parseEventState(this.field(liveFields.version))
    this.edge = parseEdgeName(this.field(liveFields.edge))
    this.#writtenBefore = request.socket.bytesWritten
  }

  /** What was answered; what stands in a log where nothing was. */
  get status(): number {
    return this.headMs === undefined ? clientLeftStatus : this.response.statusCode
  }

  /** Of the body, as far as it was sent: the head of one that was cut off counts with it. */
  get bodyBytes(): Bytes {
    return this.response.writableFinished
      ? this.#wantedBytes
      : Math.min(this.#wantedBytes as number, this.writtenBytes())
  }

  /** How long it was held. */
  get waitedMs(): Ms | undefined {
    return this.releasedMs === undefined ? undefined : between(this.arrivedMs, this.releasedMs)
  }

  /** A request field, undefined where it is absent. */
  field(name: string): string | undefined {
    const value = this.request.headers[name]
    return typeof value === 'string' ? value : undefined
  }

  /** The asker has gone or was answered. */
  get isOver(): boolean {
    return this.response.destroyed || this.response.writableEnded
  }

  /** Sends the whole answer. A HEAD gets the same head and no body. */
  send(status: number, fields: Fields, body: Uint8Array | undefined): void {
    if (this.isOver) return
    this.headMs = now()
    if (this.request.method !== 'HEAD') this.#wantedBytes = body?.length ?? 0
    this.response.writeHead(status, [...fields, requestIdField, this.id])
    this.#write(body, 0)
  }

  /** A slice at a time: what is handed to the socket at once must be taken within the slow readers' bound. */
  #write(body: Uint8Array | undefined, from: number): void {
    const { response } = this
    let at = from
    while (body && body.length - at > limits.sliceBytes) {
      const slice = body.subarray(at, at + limits.sliceBytes)
      at += limits.sliceBytes
      if (response.write(slice)) continue
      response.once('drain', () => this.#write(body, at))
      return
    }
    response.end(body?.subarray(at))
  }

  /** Bytes of this answer that the connection has taken, its head included. */
  writtenBytes(): number {
    return Math.max(0, this.request.socket.bytesWritten - this.#writtenBefore)
  }
}
