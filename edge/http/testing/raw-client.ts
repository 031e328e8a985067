import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

// A client that writes bytes as they are and shows what came back as it comes.

export class RawClient {
  readonly socket: Socket
  received = ''
  closed = false
  #wake: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      this.received += data
      this.#tell()
    })
    // A reset is one of the ways in which tests expect a connection to end.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.closed = true
      this.#tell()
    })
  }

  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Connects and asks for `path`. */
  static async get(url: string, path: string, fields: Record<string, string> = {}): Promise<RawClient> {
    const client = await RawClient.connect(url)
    client.send(requestText('GET', path, fields))
    return client
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Resolves when what was received matches; rejects when the connection ends without it. */
  async until(wanted: string | RegExp | ((received: string) => boolean)): Promise<string> {
    const matches = () => {
      if (typeof wanted === 'function') return wanted(this.received)
      return typeof wanted === 'string' ? this.received.includes(wanted) : wanted.test(this.received)
    }
    while (!matches()) {
      if (this.closed) throw new Error(`closed without ${wanted}; received: ${this.received}`)
      await new Promise<void>(come => this.#wake.push(come))
    }
    return this.received
  }

  /** All that was received, when the connection has ended. */
  async end(): Promise<string> {
    while (!this.closed) await new Promise<void>(come => this.#wake.push(come))
    return this.received
  }

  #tell(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export const requestText = (method: string, path: string, fields: Record<string, string> = {}): string =>
  `${method} ${path} HTTP/1.1\r\nHost: edge\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`
