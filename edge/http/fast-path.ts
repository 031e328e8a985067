import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { FastConnection, type FastPathOffice } from './fast-path-connection.ts'
import { FastExchange } from './fast-path-exchange.ts'
import { type Hit, Hits, type HitsParts } from './fast-path-hits.ts'
import type { PlainRequest } from './fast-path-request.ts'

// The fast path: hits of live segments without node:http, whose work for each request is the cost of a small hit. It
// stands between the listener and node:http and answers what it understands completely; everything else, bytes and
// socket, goes to node:http, which keeps every hard case.

export interface FastPathParts extends HitsParts {
  /** Names a request that has no name of its own. */
  name(): string
  /** A request is answered from storage. */
  asked(exchange: FastExchange, hit: Hit): void
  /** Its answer has ended; `cut`: before its last byte. */
  ended(exchange: FastExchange, cut: boolean): void
}

export interface FastPath {
  /** No answer keeps its connection from now on, and idle connections end. */
  drain(): void
}

/** How often connections are looked at whose time may be up, as node:http does it. */
const sweepMs = 500

/** Puts the fast path in front of `server`, which must not listen yet and have no 'connection' listener but its own. */
export function putFastPathBefore(server: Server, parts: FastPathParts): FastPath {
  const [toHttp, ...others] = server.listeners('connection') as ((socket: Socket) => void)[]
  if (!toHttp || others.length > 0) throw new Error('the fast path must be put before a server that nobody listens to')
  const path = new Path(server, toHttp.bind(server), parts)
  server.off('connection', toHttp)
  server.on('connection', socket => path.add(socket))
  return path
}

class Path implements FastPath, FastPathOffice {
  draining = false
  readonly #server: Server
  readonly #toHttp: (socket: Socket) => void
  readonly #parts: FastPathParts
  readonly #hits: Hits
  readonly #connections = new Set<FastConnection>()
  #timer: NodeJS.Timeout | undefined

  constructor(server: Server, toHttp: (socket: Socket) => void, parts: FastPathParts) {
    this.#server = server
    this.#toHttp = toHttp
    this.#parts = parts
    this.#hits = new Hits(parts)
  }

  add(socket: Socket): void {
    this.#connections.add(new FastConnection(socket, this, now()))
    this.#timer ??= setInterval(() => this.#sweep(now()), sweepMs).unref()
  }

  drain(): void {
    this.draining = true
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroySoon()
  }

  find(request: PlainRequest, client: string | undefined): { hit: Hit; exchange: FastExchange } | undefined {
    const at = now()
    try {
      const hit = this.#hits.find(request.path, at)
      if (!hit) return undefined
      const exchange = new FastExchange(request.fields.id ?? this.#parts.name(), request, hit.verdict, client, at)
      this.#parts.asked(exchange, hit)
      return { hit, exchange }
    } catch (error) {
      // A fault of ours: what it costs this request is decided on the ordinary way.
      process.stderr.write(`tidegate: the fast path: ${request.target}: ${(error as Error).stack}\n`)
      return undefined
    }
  }

  ended(exchange: FastExchange, hit: Hit, cut: boolean): void {
    this.#parts.copies.release(hit.copy)
    this.#parts.ended(exchange, cut)
  }

  handOver(connection: FastConnection, unread: Buffer): void {
    const socket = connection.release()
    this.closed(connection)
    socket.pause()
    socket.unshift(unread)
    this.#toHttp(socket)
    socket.resume()
  }

  closed(connection: FastConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Ends what node:http would end: who connects and says nothing, and who has nothing more to say. */
  #sweep(at: EpochMs): void {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = this.#server
    const headMs = Math.min(headersTimeout || Infinity, requestTimeout || Infinity)
    for (const connection of this.#connections) {
      if (!connection.isIdle) continue
      const idleMs = (at as number) - (connection.idleSinceMs as number)
      if (!connection.isNew && idleMs > keepAliveTimeout + keepAliveSlackMs) connection.socket.destroy()
      else if (connection.isNew && idleMs > headMs) this.#refuseSilence(connection)
    }
  }

  /** What is said to a client that has sent no request is decided where node:http would have it decided. */
  #refuseSilence(connection: FastConnection): void {
    const socket = connection.release()
    this.closed(connection)
    socket.on('error', () => undefined)
    const late = Object.assign(new Error('no request has come'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    this.#server.emit('clientError', late, socket)
  }
}

/** node:http keeps a connection for so much longer than it tells the client (`keepAliveTimeoutBuffer`). */
const keepAliveSlackMs = 1_000
