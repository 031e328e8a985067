import type { Socket } from 'node:net'
import { limits } from '../../live/limits.ts'
import type { EpochMs } from '../../live/units.ts'
import type { CopyReader } from './copies.ts'
import type { FastExchange } from './fast-path-exchange.ts'
import { type Hit, headText } from './fast-path-hits.ts'
import { PlainReader, type PlainRequest } from './fast-path-request.ts'

// One connection on the fast path: as long as every request on it is a plain one for a stored segment it stays here, and
// with the first other one it goes to node:http for good, together with the bytes that have not been answered.
//
// | the connection is | from                           | until                                                     |
// |-------------------|--------------------------------|-----------------------------------------------------------|
// | idle              | it opened, or an answer ended  | a request comes, or its time is up                        |
// | answering         | the head of an answer was sent | the kernel has its last byte; what comes meanwhile waits  |
// | over              | it was handed over or closed   |                                                           |

/** What a connection needs of the path that it is on. */
export interface FastPathOffice {
  readonly draining: boolean
  /** The hit that `request` is, at this instant; undefined when it is none. */
  find(
    request: PlainRequest,
    client: string | undefined,
  ): { readonly hit: Hit; readonly exchange: FastExchange } | undefined
  /** The answer has ended; `cut`: before its last byte. */
  ended(exchange: FastExchange, hit: Hit, cut: boolean): void
  /** Leaves the connection, of which nothing is under way, to node:http, with `unread` in front of what comes. */
  handOver(connection: FastConnection, unread: Buffer): void
  closed(connection: FastConnection): void
}

/** Up to here a head and its body leave as one copy, in memory that is used again for the next answer. */
const copiedBytes = 16 * 1_024
/** A slice grows while the client takes each within this time, so that all of it is taken well within the bound. */
const quickMs = 100
const nothing = Buffer.alloc(0)
/** Where answers are put together that leave at once; new memory for each would keep the garbage collector busy. */
let scratch = Buffer.allocUnsafeSlow(copiedBytes)

interface Answering {
  readonly exchange: FastExchange
  readonly hit: Hit
  readonly reader: CopyReader
  at: number
}

export class FastConnection {
  readonly socket: Socket
  /** Since when it is idle. */
  idleSinceMs: EpochMs
  /** Nothing has been answered on it. */
  isNew = true
  readonly #office: FastPathOffice
  /** A closed socket no longer knows its peer. */
  readonly #client: string | undefined
  readonly #requests = new PlainReader()
  #answering: Answering | undefined
  #sliceBytes: number = limits.sliceBytes
  #sliceSinceMs = 0
  #ended = false
  #over = false

  constructor(socket: Socket, office: FastPathOffice, at: EpochMs) {
    this.socket = socket
    this.idleSinceMs = at
    this.#office = office
    this.#client = socket.remoteAddress
    socket.on('data', this.#take)
    socket.on('end', this.#end)
    socket.on('error', this.#fail)
    socket.on('close', this.#close)
  }

  get isIdle(): boolean {
    return !this.#answering && !this.#over
  }

  /** Takes the connection off the path: nobody listens to its socket any more. */
  release(): Socket {
    this.#over = true
    const { socket } = this
    socket.off('data', this.#take)
    socket.off('end', this.#end)
    socket.off('error', this.#fail)
    socket.off('close', this.#close)
    return socket
  }

  readonly #take = (bytes: Buffer): void => {
    if (this.#answering) {
      this.#hold(bytes)
      return
    }
    const text = bytes.toString('latin1')
    for (let from = 0; from < bytes.length; ) {
      const request = this.#office.draining ? undefined : this.#requests.read(text, from)
      const found = request && this.#office.find(request, this.#client)
      if (!request || !found) {
        this.#office.handOver(this, bytes.subarray(from))
        return
      }
      from = request.endsAt
      this.#answer(found.hit, found.exchange)
      if (this.#answering && from < bytes.length) {
        this.#hold(bytes.subarray(from))
        return
      }
    }
  }

  /** Requests behind one that is being answered wait in the socket, and make it stop reading. */
  #hold(bytes: Buffer): void {
    this.socket.pause()
    this.socket.unshift(bytes)
  }

  #answer(hit: Hit, exchange: FastExchange): void {
    const { body, head } = hit
    const text = headText(head, exchange.id, exchange.arrivedMs)
    this.isNew = false
    this.idleSinceMs = exchange.arrivedMs
    if (text.length + body.length <= copiedBytes) this.#answerAtOnce(text, hit, exchange)
    else {
      this.#begin(hit, exchange)
      this.socket.cork()
      this.socket.write(text, 'latin1')
      this.#writeSlice()
      this.socket.uncork()
    }
  }

  #answerAtOnce(head: string, hit: Hit, exchange: FastExchange): void {
    const { body } = hit
    scratch.write(head, 0, 'latin1')
    body.copy(scratch, head.length)
    this.socket.write(scratch.subarray(0, head.length + body.length))
    exchange.bodyBytes = body.length
    if (this.socket.writableLength === 0) {
      this.#office.ended(exchange, hit, false)
      return
    }
    // The kernel has not taken all of it: what it has not taken must stay as it is.
    scratch = Buffer.allocUnsafeSlow(copiedBytes)
    this.#begin(hit, exchange).at = body.length
    this.socket.write(nothing, this.#written)
  }

  #begin(hit: Hit, exchange: FastExchange): Answering {
    const reader: CopyReader = { advance() {}, broken: () => this.socket.resetAndDestroy() }
    hit.copy.readers.add(reader)
    this.#answering = { exchange, hit, reader, at: 0 }
    return this.#answering
  }

  #writeSlice(): void {
    const answering = this.#answering as Answering
    const { body } = answering.hit
    const from = answering.at
    answering.at = Math.min(from + this.#sliceBytes, body.length)
    this.#sliceSinceMs = performance.now()
    const whole = from === 0 && answering.at === body.length
    this.socket.write(whole ? body : body.subarray(from, answering.at), this.#written)
    answering.exchange.bodyBytes = answering.at
  }

  readonly #written = (error?: Error | null): void => {
    const answering = this.#answering
    // What failed is told by the close of the socket, which follows.
    if (!answering || error) return
    const isQuick = performance.now() - this.#sliceSinceMs < quickMs
    this.#sliceBytes = isQuick ? Math.min(this.#sliceBytes * 2, limits.fastPathSliceBytes) : limits.sliceBytes
    if (answering.at < answering.hit.body.length) this.#writeSlice()
    else this.#finish(answering)
  }

  #finish(answering: Answering): void {
    this.#leaveCopy(answering)
    this.#office.ended(answering.exchange, answering.hit, false)
    if (this.#ended) this.socket.end()
    else if (this.#office.draining) this.socket.destroySoon()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  #leaveCopy({ hit, reader }: Answering): void {
    this.#answering = undefined
    hit.copy.readers.delete(reader)
  }

  // The client says that it asks for nothing more: what is under way is still answered.
  readonly #end = (): void => {
    this.#ended = true
    if (!this.#answering) this.socket.end()
  }

  // 'close' follows and does what is to be done; unheard, an error would end the process.
  readonly #fail = (): void => undefined

  readonly #close = (): void => {
    this.#over = true
    const answering = this.#answering
    if (answering) {
      this.#leaveCopy(answering)
      this.#office.ended(answering.exchange, answering.hit, true)
    }
    this.#office.closed(this)
  }
}
