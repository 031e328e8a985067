import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { listen, urlOf } from '../../../process/control.ts'

// An upstream that a test plays by hand: it says exactly the bytes that it is told to, also such that no HTTP server
// would say.

export interface ScriptedRequest {
  readonly method: string
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  readonly socket: Socket
  /** Writes bytes as they are. */
  say(...parts: (string | Buffer)[]): void
}

/** The head of an answer. */
export const answerHead = (status: number, fields: Record<string, string | number> = {}): string =>
  `HTTP/1.1 ${status} Because\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`

export class ScriptedUpstream {
  /** Every request that came, in order. */
  readonly requests: ScriptedRequest[] = []
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #script: ((request: ScriptedRequest) => void) | undefined
  #taken = 0
  #wake: (() => void)[] = []

  private constructor(server: Server, script?: (request: ScriptedRequest) => void) {
    this.#server = server
    this.#script = script
    this.url = urlOf(server)
    server.on('connection', socket => this.#serve(socket))
  }

  /** `script` is called for every request; without it the test takes them with `next`. */
  static async start(script?: (request: ScriptedRequest) => void): Promise<ScriptedUpstream> {
    const server = createServer()
    await listen(server, 0, '127.0.0.1')
    return new ScriptedUpstream(server, script)
  }

  /** The first request that no `next` has given yet. */
  async next(): Promise<ScriptedRequest> {
    while (this.requests.length <= this.#taken) await new Promise<void>(come => this.#wake.push(come))
    return this.requests[this.#taken++] as ScriptedRequest
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    // A head and a body that are said one after the other leave at once.
    socket.setNoDelay(true)
    socket.on('close', () => this.#sockets.delete(socket))
    // The edge aborts requests, and closes what it does not need: no fault of the test.
    socket.on('error', () => socket.destroy())
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      text += data
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        this.#take(text.slice(0, end), socket)
        text = text.slice(end + 4)
      }
    })
  }

  #take(head: string, socket: Socket): void {
    const [line, ...lines] = head.split('\r\n') as [string, ...string[]]
    const [method, path] = line.split(' ') as [string, string]
    const fields = Object.fromEntries(
      lines.map(field => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
      }),
    )
    const request: ScriptedRequest = {
      method,
      path,
      fields,
      socket,
      say: (...parts) => {
        for (const part of parts) socket.write(part, 'latin1')
      },
    }
    this.requests.push(request)
    this.#script?.(request)
    for (const wake of this.#wake.splice(0)) wake()
  }
}
