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
    return { outcome: { status: answer.statusCode }, words: answer.statusCode < 300 ? '' : words }
  } catch (error) {
    return { outcome: { failure: failureOf(error) }, words: error instanceof Error ? error.message : String(error) }
  }
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

/** Codes of node:net and undici; what is none of these broke while it ran. */
function failureOf(error: unknown): 'refused' | 'reset' | 'timeout' {
  const { code, name } = error as { code?: unknown; name?: unknown }
  const isTimeout = name === 'TimeoutError' || /TIMEOUT|TIMEDOUT/.test(String(code))
  if (isTimeout) return 'timeout'
  return /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(String(code)) ? 'refused' : 'reset'
}
