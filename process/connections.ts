import type { Server, Socket } from 'node:net'
import { limits } from '../live/limits.ts'

// What every listener does with connections, whatever is spoken on them: how many there may be, how many of one client,
// and what becomes of those that take nothing of what waits for them.

/** What a listener counts of what it refuses or ends by itself (docs/processes.md). */
export type GuardCount =
  | 'refused.connections'
  | 'refused.client_connections'
  | 'refused.unreadable'
  | 'refused.header_bytes'
  | 'refused.header_count'
  | 'refused.target_bytes'
  | 'refused.tunnel'
  | 'refused.expectation'
  | 'closed.slow_header'
  | 'closed.slow_writer'
  | 'closed.slow_reader'

export interface ConnectionBounds {
  /** Open connections in all; further ones are closed at once. */
  readonly connections?: number | undefined
  /** Open connections of one client. */
  readonly clientConnections?: number | undefined
  /** A client must take what was handed to its socket at once within this time. */
  readonly slowReaderMs?: number | undefined
  count?(name: GuardCount): void
}

const sweepMs = 500

/** Bounds the connections of `server` from now on; its close ends the watch. */
export function watchConnections(server: Server, bounds: ConnectionBounds = {}): void {
  const { clientConnections = limits.clientConnections, slowReaderMs = limits.slowReaderMs } = bounds
  const count = (name: GuardCount) => bounds.count?.(name)
  const clients = new Map<string, number>()
  const readers = new Map<Socket, SlowReader>()
  let timer: NodeJS.Timeout | undefined
  const sweep = () => {
    const nowMs = performance.now()
    for (const reader of readers.values()) if (reader.isSlow(nowMs, slowReaderMs)) reader.end(count)
  }
  server.maxConnections = bounds.connections ?? limits.connections
  server.on('drop', () => count('refused.connections'))
  server.on('connection', socket => {
    if (readers.has(socket)) return
    const client = clientOf(socket.remoteAddress)
    const open = clients.get(client) ?? 0
    if (open >= clientConnections) {
      count('refused.client_connections')
      socket.destroy()
      return
    }
    clients.set(client, open + 1)
    readers.set(socket, new SlowReader(socket))
    timer ??= setInterval(sweep, Math.min(sweepMs, slowReaderMs / 2)).unref()
    socket.once('close', () => {
      const left = (clients.get(client) as number) - 1
      if (left === 0) clients.delete(client)
      else clients.set(client, left)
      readers.delete(socket)
      if (readers.size > 0) return
      clearInterval(timer)
      timer = undefined
    })
  })
}

/** Who a connection is counted for: an IPv4 address, or the /64 of an IPv6 one, all of which one subscriber has. */
export function clientOf(address: string | undefined): string {
  if (address === undefined) return ''
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [bare = ''] = address.split('%')
  const [head = [], tail = []] = bare.split('::').map(half => half.split(':').filter(group => group !== ''))
  const zeros = bare.includes('::') ? Math.max(0, 8 - head.length - tail.length) : 0
  return [...head, ...Array<string>(zeros).fill('0'), ...tail].slice(0, 4).join(':')
}

/**
 * One connection's progress. What counts is a whole write that was taken, not a byte now and then: drivers hand over at
 * most `limits.sliceBytes` at once, so that this is a lowest rate.
 */
class SlowReader {
  readonly #socket: Socket
  #takenBytes = 0
  #sinceMs: number | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  isSlow(nowMs: number, boundMs: number): boolean {
    const waitingBytes = this.#socket.writableLength
    const takenBytes = (this.#socket.bytesWritten ?? 0) - waitingBytes
    if (waitingBytes === 0) this.#sinceMs = undefined
    else if (this.#sinceMs === undefined || takenBytes > this.#takenBytes) this.#sinceMs = nowMs
    this.#takenBytes = takenBytes
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= boundMs
  }

  /** A reset, because the kernel would keep what was already handed to it until the client takes it. */
  end(count: (name: GuardCount) => void): void {
    count('closed.slow_reader')
    this.#socket.resetAndDestroy()
  }
}
