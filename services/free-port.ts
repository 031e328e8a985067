import { type AddressInfo, createServer } from 'node:net'

/**
 * A port of loopback that nobody listens on. Another process may take it before it is used: whoever uses it must be
 * ready to be told so, and ask for another.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise<void>(done => server.close(() => done()))
  return port
}
