import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { limits } from '../live/limits.ts'
import { answerClientError, endWith } from './client-errors.ts'
import { type ConnectionBounds, type GuardCount, watchConnections } from './connections.ts'

// What Node's HTTP server leaves to the program (facts/bad-input.md), decided once for every listener: a request that
// is not exactly what RFC 9110 and RFC 9112 allow never reaches a key, a store or an upstream.

/** Why a request is refused before anybody looks at what it asks for. */
export interface Refusal {
  readonly status: 400 | 405 | 413 | 414 | 431 | 505
  readonly reason: 'malformed' | 'method'
  /** What is wrong with it, for people. */
  readonly detail: string
  /** The limit that it meets, where it meets one. */
  readonly count?: GuardCount | undefined
}

/**
 * The bounds of a listener, for `createServer`. `Host` is checked by `checkRequest`, so that its absence gets a problem
 * document like everything else.
 */
export const listenerOptions = {
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.putTimeoutMs,
  keepAliveTimeout: limits.keepAliveMs,
  // Node looks for late heads only this often; its default of 30 s would make the bounds above meaningless.
  connectionsCheckingInterval: 500,
  maxHeaderSize: limits.headerBytes,
  requireHostHeader: false,
  noDelay: true,
} as const satisfies ServerOptions

/** Bounds the sockets of `server` and gives every request that the parser rejects a defined answer. */
export function guardListener<Listener extends Server>(server: Listener, bounds: ConnectionBounds = {}): Listener {
  const count = (name: GuardCount) => bounds.count?.(name)
  watchConnections(server, bounds)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerClientError(error, socket as Socket, count))
  // An unbounded wait for a CONNECT or Upgrade tunnel is the one thing that Node would hand over without a response.
  server.on('connect', (_request, socket) => {
    count('refused.tunnel')
    endWith(socket as Socket, 405)
  })
  // Node would answer by itself and go on reading what it may take for the next request.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    count('refused.expectation')
    response.writeHead(417, { 'content-length': 0, 'cache-control': 'no-store', connection: 'close' })
    response.end()
    request.resume()
  })
  return server
}

/** Undefined when `request` may be looked at, else how to refuse it. `methods` are those that the listener serves. */
export function checkRequest(
  request: IncomingMessage,
  methods: readonly string[] = ['GET', 'HEAD'],
): Refusal | undefined {
  const refusal =
    checkFields(request) ??
    checkMethod(request.method ?? '', methods) ??
    checkTarget(request.url ?? '') ??
    checkBody(request)
  if (refusal) refusedOn.add(request.socket)
  return refusal
}

/** Connections on which a request was refused. */
const refusedOn = new WeakSet<Socket>()

/**
 * Whether `request` stands behind one that `checkRequest` refused, in bytes that came before the connection could be
 * closed. It will never be answered, so nothing may be done for it: no fill, no store, no entry.
 */
export const isBehindRefusal = (request: IncomingMessage): boolean => refusedOn.has(request.socket)

const malformed = (detail: string, status: Refusal['status'] = 400, count?: GuardCount): Refusal => ({
  status,
  reason: 'malformed',
  detail,
  count,
})

/** Fields that occur once or not at all: a second one is an attempt to be understood in two ways. */
const singular = new Set(['host', 'range', 'if-range', 'content-length', 'transfer-encoding', 'authorization'])
/** Fields that `Connection` may not take away (RFC 9110, 7.6.1; Varnish f00010). */
const endToEnd =
  /^(?:host|content-.*|transfer-encoding|range|if-.*|authorization|cache-control|cdn-loop|live-.*|x-request-id)$/

function checkFields(request: IncomingMessage): Refusal | undefined {
  const { rawHeaders } = request
  if (rawHeaders.length / 2 > limits.headerCount) {
    return malformed(`a request may have ${limits.headerCount} header fields`, 431, 'refused.header_count')
  }
  if (request.httpVersion !== '1.1' && request.httpVersion !== '1.0') {
    return malformed(`HTTP/${request.httpVersion} is not spoken here`, 505)
  }
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = (rawHeaders[i] as string).toLowerCase()
    if (seen.has(field) && singular.has(field)) return malformed(`the field ${field} is given twice`)
    seen.add(field)
    if (field === 'connection') {
      const taken = (rawHeaders[i + 1] as string).split(',').find(name => endToEnd.test(name.trim().toLowerCase()))
      if (taken !== undefined) return malformed(`Connection may not name ${taken.trim()}`)
    }
  }
  return checkHost(request)
}

// RFC 9112, 3.2: exactly one Host in HTTP/1.1, and a valid one.
function checkHost(request: IncomingMessage): Refusal | undefined {
  const host = request.headers.host
  if (host === undefined) return request.httpVersion === '1.0' ? undefined : malformed('the field host is missing')
  return /^(?:[a-z0-9._~-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?$/i.test(host)
    ? undefined
    : malformed('the field host names no host')
}

const checkMethod = (method: string, methods: readonly string[]): Refusal | undefined =>
  methods.includes(method)
    ? undefined
    : { status: 405, reason: 'method', detail: `${method} is not served here, only ${methods.join(' and ')}` }

/** Origin form only (RFC 9112, 3.2.1), and one spelling for each path. */
export function checkTarget(target: string): Refusal | undefined {
  if (target.length > limits.targetBytes)
    return malformed(`a target may have ${limits.targetBytes} bytes`, 414, 'refused.target_bytes')
  if (!target.startsWith('/')) return malformed('the target must be a path: absolute forms are not served')
  if (!/^[\x21-\x7e]*$/.test(target) || /[\\#"<>^`{|}]/.test(target)) {
    return malformed('the target has a character that must be percent-encoded')
  }
  if (/%(?![0-9a-f]{2})/i.test(target)) return malformed('the target has a broken percent-encoding')
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  if (path.includes('//')) return malformed('the path has an empty segment')
  if (/%(?:[01][0-9a-f]|7f|2e|2f|5c|25)/i.test(path)) {
    return malformed('the path hides a control character, dot, slash, backslash or percent sign')
  }
  return /\/\.{1,2}(?:\/|$)/.test(path) ? malformed('the path has a dot segment') : undefined
}

function checkBody(request: IncomingMessage): Refusal | undefined {
  const { headers, method } = request
  const coded = headers['transfer-encoding']
  // Another coding before `chunked` would have to be undone by somebody; of several spellings one is enough.
  if (coded !== undefined && coded.toLowerCase() !== 'chunked')
    return malformed('the only Transfer-Encoding is chunked')
  if (coded !== undefined && request.httpVersion === '1.0') {
    return malformed('HTTP/1.0 has no Transfer-Encoding') // RFC 9112, 6.1
  }
  const hasBody = coded !== undefined || (headers['content-length'] ?? '0') !== '0'
  return hasBody && (method === 'GET' || method === 'HEAD') ? malformed(`${method} may not have a body`) : undefined
}
