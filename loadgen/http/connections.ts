import { Client } from 'undici'
import { limits } from '../../live/limits.ts'
import { connectWithReusedBuffer } from './reused-buffer-socket.ts'

// Connections to one edge. Each carries one request at a time, as HTTP/1.1 players do; a request that finds none free
// gets a new one up to the limit and then waits its turn, which counts as lag. The last one used is used next, so that a
// quiet fleet needs few.

/** Who uses a connection: it is handed one, and gives it back by `release` when its exchange is over. */
export interface Borrower {
  start(client: Client): void
}

/** An idle connection stays open for longer than a segment lasts, so that players keep theirs. */
const keepAliveTimeout = 10_000

export class Connections {
  readonly #origin: string
  readonly #limit: number
  readonly #clients = new Set<Client>()
  readonly #free: Client[] = []
  readonly #waiting = new Set<Borrower>()
  #closed = false

  /** @param origin base URL of the edge @param limit of connections at once */
  constructor(origin: string, limit: number) {
    this.#origin = origin
    this.#limit = limit
  }

  /** Starts `borrower` on a connection, now or when one is free. */
  lend(borrower: Borrower): void {
    const client = this.#free.pop() ?? (this.#clients.size < this.#limit ? this.#open() : undefined)
    if (client === undefined) this.#waiting.add(borrower)
    else borrower.start(client)
  }

  /** `borrower` no longer wants what it waits for. */
  forget(borrower: Borrower): void {
    this.#waiting.delete(borrower)
  }

  /** `client` is free for the next one. */
  release(client: Client): void {
    if (!this.#clients.has(client)) return
    const next = this.#waiting.values().next().value
    if (next === undefined) {
      this.#free.push(client)
    } else {
      this.#waiting.delete(next)
      next.start(client)
    }
  }

  /** Gives up a connection that is being made: its request cannot be taken back otherwise. */
  discard(client: Client): void {
    if (!this.#clients.delete(client)) return
    void client.destroy()
    const next = this.#waiting.values().next().value
    if (next === undefined || this.#closed) return
    this.#waiting.delete(next)
    next.start(this.#open())
  }

  /** Closes everything; requests in flight end as reset. */
  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.clear()
    this.#free.length = 0
    const clients = [...this.#clients]
    this.#clients.clear()
    await Promise.all(clients.map(client => client.destroy()))
  }

  #open(): Client {
    const client = new Client(this.#origin, {
      // TLS has buffers of its own.
      connect: this.#origin.startsWith('https:') ? { timeout: limits.playerPatienceMs } : connectWithReusedBuffer,
      pipelining: 1,
      keepAliveTimeout,
      // The driver bounds every wait itself, by the player's own patience.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#clients.add(client)
    return client
  }
}
