import { connect, type Socket } from 'node:net'
import { limits } from '../../../live/limits.ts'
import { MetaReplies, ProtocolError } from './meta-replies.ts'

// One memcached server, over one connection that is made when something is asked and made anew when it has broken. Asks
// are batches, each closed by `mn`; the server answers them in order. An opaque token on every command shows that an
// answer belongs to the batch that waits: with any other the connection is given up, never another body given out.
// Bounds in time are the tier's business: it abandons an ask, and resets the connection when it leaves the server alone.

export interface Ask<Value> {
  /** Rejects when the server refused or the connection broke. */
  readonly answered: Promise<Value>
  /** Its answer is skipped when it comes. */
  abandon(): void
}

export interface Item {
  readonly key: string
  readonly value: Uint8Array
}

interface Batch {
  readonly name: string
  /** By index of its command. Undefined: abandoned, or not a read. */
  values: (Uint8Array | undefined)[] | undefined
  refusal: string | undefined
  readonly done: (values: readonly (Uint8Array | undefined)[]) => void
  readonly fail: (error: Error) => void
}

/** Longer times are instants to memcached (protocol.txt, "Expiration times"). */
const longestTtlS = 30 * 24 * 60 * 60

export class MemcachedClient {
  readonly address: string
  readonly #host: string
  readonly #port: number
  #socket: Socket | undefined
  /** In the order in which they were asked. */
  #waiting: Batch[] = []
  #asked = 0

  /** @param address host and port, an IPv6 address in brackets */
  constructor(address: string) {
    const colon = address.lastIndexOf(':')
    this.address = address
    this.#host = address.slice(0, colon).replace(/^\[|\]$/g, '')
    this.#port = Number(address.slice(colon + 1))
  }

  /** What is kept under `keys`, in their order; undefined where nothing is. */
  get(keys: readonly string[]): Ask<readonly (Uint8Array | undefined)[]> {
    return this.#ask(keys.length, (socket, name) => {
      socket.write(keys.map((key, i) => `mg ${key} v q O${name}.${i}\r\n`).join(''))
    })
  }

  /** Keeps `items` for `ttlS` seconds. Rejects when the server has not taken what was written before. */
  async set(items: readonly Item[], ttlS: number): Promise<void> {
    const unsentBytes = this.#socket?.writableLength ?? 0
    if (unsentBytes > limits.memcachedWritingBytes) {
      throw new Error(`memcached ${this.address} has not taken ${unsentBytes} bytes that are to be written`)
    }
    const ttl = Math.max(1, Math.min(longestTtlS, Math.ceil(ttlS)))
    await this.#ask(0, (socket, name) => {
      for (const [i, { key, value }] of items.entries()) {
        socket.write(`ms ${key} ${value.length} T${ttl} q O${name}.${i}\r\n`)
        socket.write(value)
        socket.write('\r\n')
      }
    }).answered
  }

  async delete(keys: readonly string[]): Promise<void> {
    await this.#ask(0, (socket, name) => {
      socket.write(keys.map((key, i) => `md ${key} q O${name}.${i}\r\n`).join(''))
    }).answered
  }

  /** Gives up the connection, and with it everything that was asked. The next ask makes another. */
  reset(why = 'the connection was given up'): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.destroy()
    const waiting = this.#waiting
    this.#waiting = []
    for (const batch of waiting) batch.fail(new Error(`memcached ${this.address}: ${why}`))
  }

  #ask(reads: number, write: (socket: Socket, name: string) => void): Ask<readonly (Uint8Array | undefined)[]> {
    const name = String(++this.#asked)
    const { promise, resolve, reject } = Promise.withResolvers<readonly (Uint8Array | undefined)[]>()
    const values = new Array<Uint8Array | undefined>(reads).fill(undefined)
    const batch: Batch = { name, values, refusal: undefined, done: resolve, fail: reject }
    this.#waiting.push(batch)
    const socket = this.#connected()
    socket.cork()
    write(socket, name)
    socket.write('mn\r\n')
    socket.uncork()
    return {
      answered: promise,
      abandon: () => {
        batch.values = undefined
        promise.catch(() => {}) // Nobody waits for it any more: how it ends is of no interest.
      },
    }
  }

  #connected(): Socket {
    if (this.#socket) return this.#socket
    const socket = connect({ host: this.#host, port: this.#port, noDelay: true, keepAlive: true })
    const replies = new MetaReplies({
      wants: opaque => this.#batchOf(opaque).values !== undefined,
      value: (opaque, bytes) => this.#take(opaque, bytes),
      refused: text => {
        this.#front().refusal ??= text
      },
      done: () => this.#done(),
    })
    const broken = (why: string) => {
      // A connection that was given up has nothing to say about the one that followed it.
      if (this.#socket === socket) this.reset(why)
    }
    socket.on('data', data => {
      if (this.#socket !== socket) return
      try {
        replies.push(data as Buffer) // No encoding is set.
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        broken(error.message)
      }
    })
    socket.on('error', error => broken(error.message))
    socket.on('close', () => broken('the connection was closed'))
    this.#socket = socket
    return socket
  }

  #take(opaque: string, bytes: Uint8Array): void {
    const { values } = this.#batchOf(opaque)
    const index = Number(opaque.slice(opaque.indexOf('.') + 1))
    if (values && !(index < values.length)) throw new ProtocolError(`a value for the token ${opaque}`)
    if (values) values[index] = bytes
  }

  /** The batch that is being answered, which `opaque` must be of. */
  #batchOf(opaque: string): Batch {
    const batch = this.#front()
    if (!opaque.startsWith(`${batch.name}.`)) {
      throw new ProtocolError(`an answer with the token ${opaque} to batch ${batch.name}`)
    }
    return batch
  }

  #front(): Batch {
    const [batch] = this.#waiting
    if (!batch) throw new ProtocolError('an answer that nobody asked for')
    return batch
  }

  #done(): void {
    const { refusal, values, done, fail } = this.#front()
    this.#waiting.shift()
    if (refusal === undefined) done(values ?? [])
    else fail(new Error(`memcached ${this.address} refused: ${refusal}`))
  }
}
