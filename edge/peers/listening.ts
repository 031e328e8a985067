import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { PeerError } from './peer-error.ts'

/** Between two looks: a peer takes 50 ms to a few seconds to listen. */
const lookEveryMs = 20

/** `port`, or a free one for 0. Throws PeerError when somebody has it: a peer would fail, and its readiness lie. */
export function reservePort(host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is taken: name another one, or 0 for any' : `cannot be had: ${error.message}`
      fail(new PeerError(`port ${port} on ${host} ${why}`))
    })
    server.listen(port, host, () => {
      const { port: given } = server.address() as AddressInfo
      server.close(() => done(given))
    })
  })
}

/** Resolves when something accepts connections there; rejects after `withinMs` or when `signal` says to give up. */
export async function untilListening(host: string, port: number, withinMs: number, signal: AbortSignal): Promise<void> {
  const looks = Math.ceil(withinMs / lookEveryMs)
  for (let look = 0; look < looks; look++) {
    if (await accepts(host, port)) return
    await pause(lookEveryMs, undefined, { signal })
  }
  throw new PeerError(`nothing listens on ${host}:${port} after ${withinMs} ms`)
}

const accepts = (host: string, port: number): Promise<boolean> =>
  new Promise(done => {
    const socket = connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    // Refused: not yet. The caller counts the looks and says so when they are used up.
    socket.once('error', () => done(false))
  })
