import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { type IngestAddress, parseIngestAddress } from '../../live/address.ts'
import { now } from '../../process/clock.ts'
import { listen, urlOf } from '../../process/control.ts'

// A publish listener for tests that takes, refuses, tears or delays, as it is told, and remembers every PUT.

export interface TakenPut {
  readonly address: IngestAddress
  readonly headers: IncomingHttpHeaders
  /** When its head arrived, on the processes' clock. */
  readonly atMs: number
  /** What arrived of the body. */
  readonly body: Buffer
}

/** What to do with a PUT: answer with this status, close the socket in mid-body, or answer when the promise is done. */
type Manner = number | 'tear' | Promise<number>
export type Manners = (address: IngestAddress, earlier: readonly TakenPut[]) => Manner

export class FakeOrigin {
  readonly puts: TakenPut[] = []
  readonly #server = createServer((request, response) => void this.#take(request, response))
  #manners: Manners
  #watchers: (() => void)[] = []

  constructor(manners: Manners = () => 201) {
    this.#manners = manners
  }

  get url(): string {
    return urlOf(this.#server)
  }

  async open(port = 0): Promise<this> {
    await listen(this.#server, port, '127.0.0.1')
    return this
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise(done => this.#server.close(() => done()))
  }

  /** Resolves as soon as `holds` is true of the PUTs so far; looked at after each of them. */
  until(holds: (puts: readonly TakenPut[]) => boolean): Promise<void> {
    return new Promise(done => {
      const look = () => {
        if (!holds(this.puts)) return
        this.#watchers = this.#watchers.filter(watcher => watcher !== look)
        done()
      }
      this.#watchers.push(look)
      look()
    })
  }

  /** The PUTs of one segment, in order. */
  of(rendition: string, number: number | undefined): TakenPut[] {
    return this.puts.filter(({ address }) => address.rendition === rendition && address.number === number)
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const atMs = now() as number
    const address = parseIngestAddress(request.url ?? '')
    if (!address || request.method !== 'PUT') {
      response.writeHead(404).end()
      return
    }
    const manner = this.#manners(address, this.puts)
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk)
        if (manner === 'tear') request.destroy()
      }
    } catch (error) {
      if (manner !== 'tear') throw error
    }
    this.puts.push({ address, headers: request.headers, atMs, body: Buffer.concat(chunks) })
    for (const watcher of this.#watchers) watcher()
    if (manner !== 'tear') response.writeHead(await manner).end()
  }
}
