import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'

// Clients that ask all at once and note when the first byte of each answer is there. Bare sockets, because what a
// client's own HTTP library costs would lie on top of what is measured.

/** What one client got. */
export interface HeldAnswer {
  readonly status: number
  readonly firstByteMs: EpochMs
  /** The instant of publication, as `CMSD-Static: at=` says it. */
  readonly publishedMs: EpochMs | undefined
  readonly body: Buffer
}

export class HeldClients {
  readonly #host: string
  readonly #sockets: readonly Socket[]

  private constructor(host: string, sockets: readonly Socket[]) {
    this.#host = host
    this.#sockets = sockets
  }

  /** Connects `count` clients to the server at `url`. */
  static async connect(url: string, count: number): Promise<HeldClients> {
    const { hostname, port, host } = new URL(url)
    const sockets = Array.from({ length: count }, () => connect({ port: Number(port), host: hostname, noDelay: true }))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    return new HeldClients(host, sockets)
  }

  /** Every client asks for `path`; resolves when all have their whole answer. */
  ask(path: string): Promise<HeldAnswer[]> {
    return Promise.all(this.#sockets.map((_, client) => this.askOne(client, path)))
  }

  /** Client number `client` (from 0) asks for `path`; it must not be waiting for an answer. */
  askOne(client: number, path: string): Promise<HeldAnswer> {
    const socket = this.#sockets[client] as Socket
    const answer = receive(socket)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n\r\n`)
    return answer
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

/** The next answer on `socket`, whose length must be stated. Rejects when the connection ends before it is whole. */
function receive(socket: Socket): Promise<HeldAnswer> {
  return new Promise((done, fail) => {
    let firstByteMs: EpochMs | undefined
    const pieces: Buffer[] = []
    const end = () => {
      socket.off('data', take).off('close', broken).off('error', broken)
    }
    const broken = () => {
      end()
      fail(new Error('a connection ended before its answer was whole'))
    }
    const take = (piece: Buffer) => {
      firstByteMs ??= now()
      pieces.push(piece)
      let answer: HeldAnswer | undefined
      try {
        answer = readAnswer(Buffer.concat(pieces), firstByteMs)
      } catch (error) {
        end()
        fail(error)
        return
      }
      if (!answer) return
      end()
      done(answer)
    }
    socket.on('data', take).on('close', broken).on('error', broken)
  })
}

function readAnswer(bytes: Buffer, firstByteMs: EpochMs): HeldAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer without a length: ${head}`)
  const body = bytes.subarray(headEnd + 4)
  if (body.length < Number(length)) return undefined
  const published = /\r\ncmsd-static:[^\r]*\bat=(\d+)/i.exec(head)?.[1]
  return {
    status: Number(head.slice(9, 12)),
    firstByteMs,
    publishedMs: published === undefined ? undefined : Number(published),
    body,
  }
}
