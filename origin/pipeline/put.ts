import { request as httpRequest } from 'node:http'
import { Pool } from 'undici'
import { limits } from '../../live/limits.ts'
import type { Ms } from '../../live/units.ts'
import type { PutOutcome } from '../core/pipeline-retry.ts'

// One PUT over HTTP, and how it ended.

/** Sockets to one origin: a few segments of every rendition at once; further PUTs wait for one of them. */
const socketsToOneOrigin = 64
/** What is read of an answer: the reason of a refusal; the rest is let go. */
const answerBytes = 4_096

export interface PutAnswer {
  readonly outcome: PutOutcome
  /** What the origin said, or what broke, for people. '' when all is well. */
  readonly words: string
  /** By what name the origin keeps the body. */
  readonly etag?: string | undefined
}

/** Opens sockets to the publish listener at `origin` (`http://host:port`) as they are needed. */
export const openPublishPool = (origin: string): Pool =>
  new Pool(origin, { connections: socketsToOneOrigin, pipelining: 1, connect: { timeout: limits.putTimeoutMs } })

/** Puts `body` at `path`; every end is an answer, nothing is thrown. The whole exchange is bounded by `boundMs`. */
export async function putBody(
  pool: Pool,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  boundMs: Ms = limits.putTimeoutMs,
): Promise<PutAnswer> {
  try {
    const signal = AbortSignal.timeout(boundMs as number)
    const length = { 'content-length': String(body.byteLength) }
    const answer = await pool.request({ method: 'PUT', path, headers: { ...headers, ...length }, body, signal })
    const words = await firstText(answer.body)
    const { etag } = answer.headers
    return {
      outcome: { status: answer.statusCode },
      words: answer.statusCode < 300 ? '' : words,
      etag: typeof etag === 'string' ? etag : undefined,
    }
  } catch (error) {
    return { outcome: { failure: failureOf(error) }, words: error instanceof Error ? error.message : String(error) }
  }
}

/** Begins to put `body` at `url` and dies after half of it: a reset, as the kernel sends it for a process that is gone. */
export function tearPut(url: URL, headers: Readonly<Record<string, string>>, body: Uint8Array): Promise<PutAnswer> {
  return new Promise(done => {
    const length = { 'content-length': String(body.byteLength) }
    const request = httpRequest(url, { method: 'PUT', headers: { ...headers, ...length }, agent: false })
    let failure: PutFailure = 'reset'
    request.on('error', error => {
      failure = failureOf(error)
    })
    // An answer that comes early (the token is wrong) is of no use to one who is dead.
    request.on('response', response => response.resume())
    request.on('close', () => done({ outcome: { failure }, words: 'torn on purpose, by a fault switch' }))
    request.setTimeout(limits.putTimeoutMs, () => request.destroy())
    request.write(body.subarray(0, Math.ceil(body.byteLength / 2)), () => request.socket?.resetAndDestroy())
  })
}

async function firstText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= answerBytes) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, answerBytes)
}

type PutFailure = Extract<PutOutcome, { failure: unknown }>['failure']

/** Codes of node:net and undici; what is none of these broke while it ran. */
function failureOf(error: unknown): PutFailure {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const isTimeout = name === 'TimeoutError' || /TIMEOUT|TIMEDOUT/.test(String(code))
  if (isTimeout) return 'timeout'
  return /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(String(code)) ? 'refused' : 'reset'
}
