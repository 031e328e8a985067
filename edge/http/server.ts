import {
  createServer,
  type IncomingMessage,
  METHODS,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { formatCacheStatus } from '../../live/cache-status.ts'
import { limits } from '../../live/limits.ts'
import { requestIdField } from '../../live/live-state.ts'
import { formatProblem, problemContentType } from '../../live/problem.ts'
import { type EdgeReason, edgeReasons } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { ConnectionBounds, GuardCount } from '../../process/connections.ts'
import { type DecisionLog, noDecisionLog } from '../../process/decision-log.ts'
import { answeredHealth, type Health, isHealthPath } from '../../process/health.ts'
import { checkRequest, guardListener, isBehindRefusal, listenerOptions } from '../../process/http-guards.ts'
import { isCacheable } from '../core/methods.ts'
import type { EdgeRecorder, SentExchange } from './edge-recorder.ts'
import { Exchange } from './exchange.ts'
import { type FastPathParts, putFastPathBefore } from './fast-path.ts'
import type { HitsParts } from './fast-path-hits.ts'
import { questionOf } from './question.ts'
import { saysTooMuch } from './request-body.ts'
import { Turns } from './turns.ts'

// The players' listener: every request becomes an exchange that the driver answers, or is refused here because HTTP or
// a loop does not allow it.

/** Bounds of the players' listener that a test may want otherwise. */
export interface ListenerBounds extends Omit<ConnectionBounds, 'count'> {
  readonly listener?: Pick<
    ServerOptions,
    'requestTimeout' | 'headersTimeout' | 'keepAliveTimeout' | 'connectionsCheckingInterval'
  >
}

export interface ServerParts {
  readonly name: string
  readonly recorder: EdgeRecorder
  readonly log: DecisionLog
  readonly bounds?: ListenerBounds | undefined
  /** Why this edge should get no requests yet; undefined: it is ready. */
  notReady?(): string | undefined
  handle(exchange: Exchange): void
  /** Where hits lie that may be answered on the fast path; absent: all requests go through node:http. */
  readonly fastPath?: HitsParts | undefined
}

export interface PlayersServer {
  readonly server: Server
  /** Takes no further requests; resolves when the running ones have ended. */
  drain(): Promise<void>
}

export function createPlayersServer(parts: ServerParts): PlayersServer {
  let requests = 0
  let draining = false
  const turns = new Turns()
  const nextName = () => `${parts.name}-r${++requests}`
  const health: Health = { draining: () => draining, notReady: () => parts.notReady?.() }

  const take = (request: IncomingMessage, response: ServerResponse): void => {
    if (isBehindRefusal(request)) return
    const arrivedMs = now()
    const id = nameOf(request) ?? nextName()
    if (draining) response.shouldKeepAlive = false
    const refused = refusalOf(request) ?? tooLarge(request)
    if (refused) {
      refuse(parts, { request, response, id, arrivedMs }, refused)
      return
    }
    if (answeredHealth(request, response, health)) return
    const question = questionOf(request, parts.name)
    if (question === 'loop') {
      const loop = { status: 508, reason: 'refused-loop', detail: edgeReasons['refused-loop'] } as const
      refuse(parts, { request, response, id, arrivedMs }, loop)
      return
    }
    // One that had to wait for its turn counts from then on: it was held up by its own asker.
    const begin = () => serve(new Exchange(id, request, response, question, now()))
    const isTaken = turns.take(request, response, !isCacheable(question.method), begin)
    if (!isTaken) request.socket.destroy()
  }

  const serve = (exchange: Exchange): void => {
    const { request, response } = exchange
    response.on('close', () => {
      const { headersSent, statusCode, writableFinished } = response
      noteSent(parts, exchange, headersSent ? statusCode : 0, !writableFinished)
      if (draining) setImmediate(() => server.closeIdleConnections())
    })
    try {
      parts.handle(exchange)
    } catch (error) {
      process.stderr.write(`tidegate: ${parts.name}: ${request.method} ${request.url}: ${(error as Error).stack}\n`)
      exchange.reset()
    }
  }

  const { listener, ...bounds } = parts.bounds ?? {}
  const server = createServer({ ...listenerOptions, ...listener }, take)
  const fastPath = parts.fastPath && putFastPathBefore(server, fastPathParts(parts, parts.fastPath, nextName))
  guardListener(server, { ...bounds, count: name => parts.recorder.guarded(name) })
  const drain = () =>
    new Promise<void>(done => {
      draining = true
      server.close(() => done())
      fastPath?.drain()
    })
  return { server, drain }
}

interface Refused {
  readonly status: number
  readonly reason: EdgeReason & ('refused-malformed' | 'refused-method' | 'refused-loop')
  readonly detail: string
  readonly count?: GuardCount | undefined
}

interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly arrivedMs: EpochMs
}

/** Methods of the origin's own objects that go through. TRACE would show what proxies added, PURGE commands a cache. */
const forwarded = METHODS.filter(method => !['CONNECT', 'TRACE', 'PURGE'].includes(method))

/** Live objects, and what this edge says of itself, are read and nothing else. */
const methodsOf = (target = ''): readonly string[] =>
  target.startsWith('/live/') || isHealthPath(target) ? ['GET', 'HEAD'] : forwarded

const tooLarge = (request: IncomingMessage): Refused | undefined =>
  saysTooMuch(request)
    ? { status: 413, reason: 'refused-malformed', detail: `a body may have ${limits.requestBodyBytes} bytes` }
    : undefined

function refusalOf(request: IncomingMessage): Refused | undefined {
  const refusal = checkRequest(request, methodsOf(request.url))
  return (
    refusal && {
      status: refusal.status,
      reason: refusal.reason === 'method' ? 'refused-method' : 'refused-malformed',
      detail: refusal.reason === 'method' ? `${request.method} is not served here` : refusal.detail,
      count: refusal.count,
    }
  )
}

/**
 * Refuses without asking anybody. The connection ends with it: whatever else is in it, a body or what somebody wants to
 * pass for a second request, is not looked at (CVE-2025-4366 is that bug elsewhere).
 */
function refuse({ name, recorder, log }: ServerParts, asked: Asked, refused: Refused): void {
  const { status, reason, detail } = refused
  const { request, response, id, arrivedMs } = asked
  recorder.refused(reason, arrivedMs)
  if (refused.count) recorder.guarded(refused.count)
  log.write({ note: 'request', id, path: request.url, atMs: arrivedMs, verdict: 'refuse', reason })
  const body = formatProblem({ status, reason, detail })
  response.writeHead(status, {
    'content-type': problemContentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'cache-status': formatCacheStatus({ cache: name, hit: false, detail: reason }),
    connection: 'close',
    [requestIdField]: id,
    ...(status === 405 ? { allow: methodsOf(request.url).join(', ') } : {}),
  })
  const sent = request.method === 'HEAD' ? '' : body
  response.end(sent)
  const entry = { request, id, status, reason, arrivedMs, waitedMs: undefined, bodyBytes: Buffer.byteLength(sent) }
  response.once('close', () => recorder.ended(entry, now()))
}

/** The name that the asker gave its request, when it is one that can stand in a log and a field. */
function nameOf(request: IncomingMessage): string | undefined {
  const given = request.headers[requestIdField]
  return typeof given === 'string' && /^[\w.:/-]{1,128}$/.test(given) ? given : undefined
}

/** Hits are noted and counted in the same way, whoever answers them. */
const fastPathParts = (parts: ServerParts, hits: HitsParts, name: () => string): FastPathParts => ({
  ...hits,
  name,
  asked(exchange, { question: { path }, verdict }) {
    parts.recorder.asked(exchange, verdict)
    if (parts.log === noDecisionLog) return
    const { id, arrivedMs: atMs } = exchange
    parts.log.write({ note: 'request', id, path, atMs, verdict: verdict.do, reason: verdict.reason })
  },
  ended: (exchange, cut) => noteSent(parts, exchange, exchange.status, cut),
})

/** An answer has ended; `status` 0: it had not begun. */
function noteSent({ recorder, log }: ServerParts, sent: SentExchange, status: number, cut: boolean): void {
  const { id, firstByteMs, bodyBytes } = sent
  const lastByteMs = now()
  recorder.sent(sent, lastByteMs)
  if (log === noDecisionLog) return
  log.write({ note: 'sent', id, status, firstByteMs, lastByteMs, bytes: bodyBytes, ...(cut ? { cut: true } : {}) })
}
