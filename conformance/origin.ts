import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { importFromPackage } from './suite.ts'

// The suite's server side: the package's own handlers behind a listener that, unlike the package's, is on loopback only.
// A process of its own, because the handlers keep state and write to standard output. Prints its URL as one line.

type Handler = (segments: string[], request: IncomingMessage, response: ServerResponse) => void

const handlers: Record<string, Handler> = {
  config: (await importFromPackage('server/handle-config.mjs')).default as Handler,
  test: (await importFromPackage('server/handle-test.mjs')).default as Handler,
  state: (await importFromPackage('server/handle-state.mjs')).default as Handler,
}

const say = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write

const server = createServer((request, response) => {
  const [, kind = '', ...segments] = new URL(request.url ?? '/', 'http://suite').pathname.split('/')
  const handler = handlers[kind]
  if (handler) handler(segments, request, response)
  else response.writeHead(404).end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => say(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
process.on('SIGTERM', () => process.exit(0))
