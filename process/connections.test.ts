import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { limits } from '../live/limits.ts'
import { type ConnectionBounds, clientOf, type GuardCount, watchConnections } from './connections.ts'
import { listen } from './control.ts'

let server: Server
const sockets: Socket[] = []
const counted: GuardCount[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  counted.length = 0
  await new Promise(done => server.close(done))
})

/** A server that does `serve` with each connection, within `bounds`; resolves when it listens. */
async function start(bounds: ConnectionBounds, serve: (socket: Socket) => void = () => undefined): Promise<void> {
  server = createServer(serve)
  watchConnections(server, { ...bounds, count: name => counted.push(name) })
  await listen(server, 0, '127.0.0.1')
}

function open(): Socket {
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  sockets.push(socket)
  return socket
}

describe('connections', () => {
  it('are bounded in all', async () => {
    await start({ connections: 2 })
    const kept = [open(), open()]
    await Promise.all(kept.map(socket => once(socket, 'connect')))
    await once(open(), 'close')
    expect(counted).toEqual(['refused.connections'])
  })

  it('are bounded for each client, who may have others when its own have ended', async () => {
    await start({ clientConnections: 2 })
    const kept = [open(), open()]
    await Promise.all(kept.map(socket => once(socket, 'connect')))
    await once(open(), 'close')
    expect(counted).toEqual(['refused.client_connections'])
    const ended = once(kept[0] as Socket, 'close')
    kept[0]?.end()
    await ended
    const taken = once(server, 'connection') as Promise<[Socket]>
    open()
    expect((await taken)[0].destroyed).toBe(false)
    expect(counted).toEqual(['refused.client_connections'])
  })
})

describe('a reader', () => {
  const bytes = 24 * 1024 * 1024
  /** Hands `bytes` over, a slice whenever the one before was taken. */
  const serve = (socket: Socket) => {
    let left = bytes
    const write = () => {
      while (left > 0) {
        left -= limits.sliceBytes
        if (!socket.write(Buffer.alloc(limits.sliceBytes, 'x'))) {
          socket.once('drain', write)
          return
        }
      }
      socket.end()
    }
    socket.on('error', () => socket.destroy())
    socket.resume()
    write()
  }

  it('that takes nothing is closed', async () => {
    await start({ slowReaderMs: 100 }, serve)
    const client = open()
    client.pause()
    const [connection] = (await once(server, 'connection')) as [Socket]
    await once(connection, 'close')
    expect(counted).toEqual(['closed.slow_reader'])
  })

  it('that takes everything in its own time is left alone', async () => {
    const slowReaderMs = 200
    await start({ slowReaderMs }, serve)
    const client = open()
    const fromMs = performance.now()
    let received = 0
    // A pause behind each megabyte: several times the bound in all, and each one well within it.
    client.on('data', (piece: Buffer) => {
      if (Math.floor((received + piece.length) / 2 ** 20) > Math.floor(received / 2 ** 20)) {
        client.pause()
        setTimeout(() => client.resume(), slowReaderMs / 5)
      }
      received += piece.length
    })
    await once(client, 'end')
    expect(received).toBe(bytes)
    expect(performance.now() - fromMs).toBeGreaterThan(3 * slowReaderMs)
    expect(counted).toEqual([])
  })
})

describe('clientOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::6', '2001:db8:1:2'],
    ['2001:db8::6', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    [undefined, ''],
  ])('%s is counted for %s', (address, client) => {
    expect(clientOf(address)).toBe(client)
  })
})
