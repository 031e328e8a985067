import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Bytes } from '../../../live/units.ts'

// Bodies over loopback from a socket of this process, which touches no store: what such an amount of bytes costs the
// machine by itself. Two cores share their memory bandwidth, their last cache and their clock, so that a busy neighbour
// slows a publish that has nothing to do with it; only what a storm costs beyond this is the stores'.

export class PlainLoad {
  readonly #socket: Socket
  readonly #server: ReturnType<typeof createServer>
  readonly #bodyBytes: number
  /** Who waits, the first asked first, and how much of the body has come. */
  readonly #waiting: { got: number; body: Buffer; done: (body: Buffer) => void }[] = []

  private constructor(server: ReturnType<typeof createServer>, socket: Socket, bodyBytes: number) {
    this.#server = server
    this.#socket = socket
    this.#bodyBytes = bodyBytes
    socket.on('data', bytes => this.#take(bytes as Buffer))
  }

  /** @param count of different bodies, which are sent in turn: as many as a storm reads, so that no cache holds them */
  static async start(bodyBytes: Bytes, count: number): Promise<PlainLoad> {
    const bodies = Array.from({ length: count }, (_, i) => Buffer.alloc(bodyBytes as number, `body ${i}, `))
    let sent = 0
    const server = createServer(asker => {
      asker.on('data', asks => {
        for (let ask = 0; ask < asks.length; ask++) asker.write(bodies[sent++ % count] as Buffer)
      })
      // The other end has gone: there is nobody to answer.
      asker.on('error', () => asker.destroy())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new PlainLoad(server, socket, bodyBytes as number)
  }

  /** Resolves with the next body, whole. */
  read(): Promise<Buffer> {
    return new Promise(done => {
      this.#waiting.push({ got: 0, body: Buffer.allocUnsafeSlow(this.#bodyBytes), done })
      this.#socket.write('a')
    })
  }

  stop(): void {
    this.#socket.destroy()
    this.#server.close()
  }

  #take(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const first = this.#waiting[0]
      if (!first) return
      const copied = bytes.copy(first.body, first.got, at)
      first.got += copied
      at += copied
      if (first.got < first.body.length) return
      this.#waiting.shift()
      first.done(first.body)
    }
  }
}
