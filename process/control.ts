import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ZodError } from 'zod'
import { limits } from '../live/limits.ts'
import { withOwnCosts } from './own-costs.ts'

// The control listener that every process has: JSON over HTTP on loopback, with a token of its own.

/** What a route gives back is sent as JSON; a ZodError is answered with 400 and the field that is wrong. */
type ControlRoute = (body: unknown) => unknown | Promise<unknown>
/** Routes by method and path: `{'GET /state': …, 'POST /faults': …}`. */
export type ControlRoutes = Readonly<Record<string, ControlRoute>>

/** Routes that answer by themselves, and for as long as they like: the token is checked before. */
type ControlStreams = Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>

export interface ControlOptions {
  readonly host: string
  readonly port: number
  readonly token: string
  readonly streams?: ControlStreams
}

/** An error whose message is meant for the operator: answered with its status. */
export class ControlError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Whether `given` is `wanted`, in a time that says nothing of where they differ or how long they are. */
export function sameToken(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

/** The token of an `Authorization: Bearer …` field, '' when there is none. */
export const bearerToken = (field: string | undefined): string =>
  /^Bearer ([\x21-\x7e]{1,512})$/i.exec(field ?? '')?.[1] ?? ''

/** Starts a control listener; resolves when it listens. */
export async function listenForControl(
  given: ControlRoutes,
  options: ControlOptions,
): Promise<{ server: Server; url: string }> {
  const routes = withOwnCosts(given)
  const server = createServer(
    { headersTimeout: limits.headersTimeoutMs, requestTimeout: limits.putTimeoutMs },
    (request, response) => {
      answer(routes, options, request, response).catch(error => {
        const status = error instanceof ControlError ? error.status : error instanceof ZodError ? 400 : 500
        const why =
          error instanceof ZodError ? describeZodError(error) : error instanceof Error ? error.message : String(error)
        if (status === 500)
          process.stderr.write(`tidegate: control ${request.method} ${request.url}: ${error?.stack ?? why}\n`)
        send(response, status, { error: why })
      })
    },
  )
  server.maxConnections = 64
  await listen(server, options.port, options.host)
  return { server, url: urlOf(server) }
}

/** `listen` that rejects with words a user can act on. */
export function listen(server: import('node:net').Server, port: number, host: string): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      fail(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} on ${host} is taken: name another one, or 0 for any`)
          : error,
      )
    })
    server.listen(port, host, () => done())
  })
}

/** `http://host:port` of a listening server. */
export function urlOf(server: import('node:net').Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

/** One line for each field that is wrong. */
export const describeZodError = (error: ZodError): string =>
  error.issues.map(issue => `${issue.path.join('.') || '(body)'}: ${issue.message}`).join('; ')

async function answer(
  routes: ControlRoutes,
  { token, streams = {} }: ControlOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!sameToken(bearerToken(request.headers.authorization), token)) {
    throw new ControlError(401, 'the control token is missing or wrong: send Authorization: Bearer TOKEN')
  }
  const name = `${request.method} ${request.url}`
  const stream = streams[name]
  if (stream) return stream(request, response)
  const route = routes[name]
  if (!route) {
    throw new ControlError(404, `no ${name} here; there are: ${Object.keys({ ...routes, ...streams }).join(', ')}`)
  }
  const text = await readText(request, limits.controlBodyBytes)
  let body: unknown
  try {
    body = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw new ControlError(400, 'the body is not JSON')
  }
  send(response, 200, (await route(body)) ?? {})
}

async function readText(request: IncomingMessage, limitBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > limitBytes) throw new ControlError(413, `a command may have ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, value: unknown): void {
  if (response.headersSent) return
  const text = JSON.stringify(value)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  })
  response.end(text)
}
