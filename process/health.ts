import type { IncomingMessage, ServerResponse } from 'node:http'

// `/healthz` and `/readyz`, for load balancers and orchestrators: on the listener that takes the load, so that what they
// learn is true of it. Neither is counted or logged as a request.

const paths = ['/healthz', '/readyz']

/** Whether `target` asks for one of the two. */
export const isHealthPath = (target: string): boolean => paths.includes(target)

/** How a process says how it is. */
export interface Health {
  /** It ends: running requests come to their end, new ones should go elsewhere. */
  draining(): boolean
  /** Why it should get no requests yet, or any more; undefined: it is ready. */
  notReady(): string | undefined
}

/**
 * Answers `request`, which HTTP allows (`checkRequest`), when it asks for one of the two; false when it asks for something else. Both answer 200 or 503, with
 * a line that says why. A draining process is no longer alive to those who choose where to go: siblings ask `/healthz`.
 */
export function answeredHealth(request: IncomingMessage, response: ServerResponse, health: Health): boolean {
  if (!isHealthPath(request.url ?? '')) return false
  const draining = health.draining() ? 'draining' : undefined
  const wrong = request.url === '/healthz' ? draining : (draining ?? health.notReady())
  const body = `${wrong ?? (request.url === '/healthz' ? 'alive' : 'ready')}\n`
  response.writeHead(wrong === undefined ? 200 : 503, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
  return true
}
