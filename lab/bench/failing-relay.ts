import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// Stands before an origin and fails the first request for a path when it is told to: the one request for which all
// others wait. Everything else goes through, and is counted.

export type Fault = 'reset' | '503'

interface Armed {
  readonly fault: Fault
  /** The first request waits for this, so that the others have come. */
  readonly when: Promise<unknown>
}

export class FailingRelay {
  readonly url: string
  readonly #close: () => void
  readonly #armed: Map<string, Armed>
  readonly #asked: Map<string, number>

  private constructor(url: string, close: () => void, armed: Map<string, Armed>, asked: Map<string, number>) {
    this.url = url
    this.#close = close
    this.#armed = armed
    this.#asked = asked
  }

  /** Listens on loopback before `origin`, a base URL. */
  static async start(origin: string): Promise<FailingRelay> {
    const armed = new Map<string, Armed>()
    const asked = new Map<string, number>()
    const agent = new Agent({ keepAlive: true })
    const server = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '/'
      asked.set(path, (asked.get(path) ?? 0) + 1)
      const fault = armed.get(path)
      armed.delete(path)
      if (fault === undefined) forward(origin, agent, incoming, outgoing)
      else void fault.when.then(() => fail(fault.fault, outgoing))
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    const close = () => {
      agent.destroy()
      server.closeAllConnections()
      server.close()
    }
    return new FailingRelay(`http://127.0.0.1:${port}`, close, armed, asked)
  }

  /** The next request for `path` fails with `fault` once `when` has come. */
  arm(path: string, fault: Fault, when: Promise<unknown>): void {
    this.#armed.set(path, { fault, when })
  }

  /** How many requests for `path` have come. */
  asked(path: string): number {
    return this.#asked.get(path) ?? 0
  }

  close(): void {
    this.#close()
  }
}

function fail(fault: Fault, outgoing: ServerResponse): void {
  if (fault === 'reset') {
    outgoing.socket?.resetAndDestroy()
    return
  }
  outgoing.writeHead(503, { 'content-length': 0 })
  outgoing.end()
}

function forward(origin: string, agent: Agent, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url } = incoming
  const outward = request(`${origin}${url}`, { method, headers, agent }, answer => {
    outgoing.writeHead(answer.statusCode as number, answer.headers)
    answer.pipe(outgoing)
  })
  outward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => outward.destroy())
  incoming.pipe(outward)
}
