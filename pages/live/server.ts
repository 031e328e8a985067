import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ZodError } from 'zod'
import { limits } from '../../live/limits.ts'
import { describeZodError, listen, urlOf } from '../../process/control.ts'
import { checkRequest, guardListener, listenerOptions } from '../../process/http-guards.ts'
import { Access } from './access.ts'
import { type Command, commandSchema } from './commands.ts'
import type { EventStreams } from './event-stream.ts'

// The live page's server, on loopback: the page, its scripts, the events, and commands from the page itself. It stands
// between nobody: players on the page ask the edges themselves.

export interface Show {
  /** The page, and what it may do, as a Content-Security-Policy. */
  page(): Promise<{ readonly html: string; readonly policy: string }>
  /** Scripts that the page loads when they are wanted, by path. */
  script(path: string): Promise<string | undefined>
  /** What there is to download, by path. */
  download(
    path: string,
  ): Promise<{ readonly name: string; readonly type: string; readonly body: string | Buffer } | undefined>
  readonly streams: EventStreams
  /** What a page that joins must know. */
  greeting(): readonly string[]
  /** Rejects with words for the presenter when it is not possible now. */
  command(command: Command): Promise<void>
}

export interface ShowServer {
  /** With the token. */
  readonly url: string
  close(): Promise<void>
}

/** Starts the server; resolves when it listens. `port` 0: any free one. */
export async function serveShow(show: Show, port: number): Promise<ShowServer> {
  const token = randomBytes(16).toString('hex')
  const access = new Access(token, () => Number(new URL(urlOf(server)).port))
  const server: Server = guardListener(
    createServer(listenerOptions, (request, response) => {
      answer(show, access, request, response).catch(error => {
        process.stderr.write(`tidegate: ${request.method} ${pathOf(request)}: ${error?.stack ?? error}\n`)
        if (response.headersSent) response.destroy()
        else send(response, 500, 'text/plain', 'this went wrong; the terminal says what')
      })
    }),
  )
  server.maxConnections = 4 * limits.demoWatchers
  await listen(server, port, '127.0.0.1')
  return {
    url: `${urlOf(server)}/?token=${token}`,
    async close() {
      show.streams.close()
      server.closeAllConnections()
      await new Promise(done => server.close(done))
    },
  }
}

/** Without the query, which may hold the token: it must not get into a log. */
const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] as string

async function answer(show: Show, access: Access, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const malformed = checkRequest(request, ['GET', 'HEAD', 'POST'])
  if (malformed) {
    response.setHeader('connection', 'close')
    return send(response, malformed.status, 'text/plain', malformed.detail)
  }
  const path = pathOf(request)
  if (request.method === 'POST') return path === '/command' ? obey(show, access, request, response) : missing(response)
  const given = new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('token')
  const cookie = path === '/' && given !== null ? access.cookieFor(request, given) : undefined
  if (cookie) {
    response.writeHead(303, { location: '/', 'set-cookie': cookie, 'cache-control': 'no-store' })
    response.end()
    return
  }
  const refused = access.mayRead(request)
  if (refused) return send(response, refused.status, 'text/plain', refused.why)
  return read(show, path, response)
}

async function read(show: Show, path: string, response: ServerResponse): Promise<void> {
  if (path === '/') {
    const { html, policy } = await show.page()
    response.setHeader('content-security-policy', policy)
    return send(response, 200, 'text/html; charset=utf-8', html)
  }
  if (path === '/events') {
    if (show.streams.isFull) {
      return send(response, 503, 'text/plain', `${limits.demoWatchers} pages watch already; close one`)
    }
    return show.streams.add(response, show.greeting())
  }
  const script = await show.script(path)
  if (script !== undefined) return send(response, 200, 'text/javascript; charset=utf-8', script)
  const download = await show.download(path)
  if (!download) return missing(response)
  response.setHeader('content-disposition', `attachment; filename="${download.name}"`)
  return send(response, 200, download.type, download.body)
}

async function obey(show: Show, access: Access, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refused = access.mayCommand(request)
  if (refused) {
    request.resume()
    return send(response, refused.status, 'text/plain', refused.why)
  }
  const text = await bodyOf(request)
  if (text === undefined) {
    response.setHeader('connection', 'close')
    return send(response, 413, 'text/plain', `a command may have ${limits.demoCommandBytes} bytes`)
  }
  let command: Command
  try {
    command = commandSchema.parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof ZodError ? describeZodError(error) : 'the command is not JSON'
    return send(response, 400, 'text/plain', why)
  }
  try {
    await show.command(command)
  } catch (error) {
    return send(response, 409, 'text/plain', error instanceof Error ? error.message : String(error))
  }
  response.writeHead(204, { 'cache-control': 'no-store' })
  response.end()
}

/** Undefined when it is larger than a command may be. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    // The rest is read and dropped, so that the answer is read: who sends on is ended by the listener's time-out.
    if (bytes <= limits.demoCommandBytes) chunks.push(chunk)
  }
  return bytes > limits.demoCommandBytes ? undefined : Buffer.concat(chunks).toString('utf8')
}

const missing = (response: ServerResponse): void => send(response, 404, 'text/plain', 'there is nothing here')

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
  })
  response.end(body)
}
