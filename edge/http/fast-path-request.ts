import { limits } from '../../live/limits.ts'

// The strict recogniser of the fast path: one whole head that every reader of HTTP/1.1 understands in the same way, and
// that asks for a path and nothing else. What it does not know letter by letter is left to node:http; so it can only err
// by being too strict.

/** What a plain request's fields say; everything else in them changes no answer. */
export interface PlainFields {
  /** `X-Request-Id`, when it is one that can stand in a log and a field. */
  readonly id: string | undefined
  readonly referer: string | undefined
  readonly userAgent: string | undefined
}

export interface PlainRequest {
  /** Path and query as they stood in the request line. */
  readonly target: string
  /** The target without its query: what players hang onto an address makes it no other segment. */
  readonly path: string
  readonly fields: PlainFields
  /** Where the next request begins. */
  readonly endsAt: number
}

/** A head longer than this is nothing that players say. */
const headBytes = 4_096
/** Well under what a request may have (`limits.headerCount`). */
const mostFields = 48

const method = 'GET '
const beginning = 'GET /live/'
const version = ' HTTP/1.1'
const line = '\r\n'
const endOfHead = '\r\n\r\n'

/** Every character, and every percent-encoding, with which `checkTarget` (process/http-guards.ts) is content. */
const plainQuery = /^\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*$/
const field = /([A-Za-z0-9-]+):[ \t]*([\t\x20-\x7e]*)\r\n/y
const host = /^[A-Za-z0-9._~-]{1,253}(?::[0-9]{1,5})?$/
const requestId = /^[\w.:/-]{1,128}$/

/** Fields that mean nothing to the answer for a live segment. */
const harmless = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'cookie',
  'dnt',
  'forwarded',
  'origin',
  'pragma',
  'priority',
  'referer',
  'save-data',
  'traceparent',
  'tracestate',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-playback-session-id',
  'x-real-ip',
])
const harmlessFamilies = /^(?:cmcd|sec-ch|sec-fetch|sec-gpc)(?:-|$)/

/** Reads the requests of one connection; clients say the same fields again and again, so the last ones are remembered. */
export class PlainReader {
  #block = ''
  #fields: PlainFields | undefined

  /** The plain request that begins at `from` in `text` (latin-1), or undefined: it is none, or has not come whole. */
  read(text: string, from: number): PlainRequest | undefined {
    if (!text.startsWith(beginning, from)) return undefined
    const lineEnd = text.indexOf(line, from)
    const targetEnd = lineEnd - version.length
    if (lineEnd < 0 || !text.startsWith(version, targetEnd)) return undefined
    const target = text.slice(from + method.length, targetEnd)
    const query = target.indexOf('?')
    if (query >= 0 && !plainQuery.test(target.slice(query))) return undefined
    const path = query < 0 ? target : target.slice(0, query)
    if (path.length > limits.pathBytes) return undefined
    const fieldsFrom = lineEnd + line.length
    if (this.#fields && text.startsWith(this.#block, fieldsFrom)) {
      return { target, path, fields: this.#fields, endsAt: fieldsFrom + this.#block.length }
    }
    const headEnd = text.indexOf(endOfHead, lineEnd)
    if (headEnd < 0 || headEnd - from > headBytes) return undefined
    const endsAt = headEnd + endOfHead.length
    const fields = readFields(text, fieldsFrom, headEnd + line.length)
    if (!fields) return undefined
    this.#remember(text, fieldsFrom, endsAt, fields)
    return { target, path, fields, endsAt }
  }

  // A part of a string keeps the whole of it in memory: what comes out of a long pipeline is not remembered.
  #remember(text: string, from: number, to: number, fields: PlainFields): void {
    if (text.length > headBytes) return
    this.#block = text.slice(from, to)
    this.#fields = fields
  }
}

/** The fields between `from` and `to`, where each ends with CRLF; undefined when one is not known to be harmless. */
function readFields(text: string, from: number, to: number): PlainFields | undefined {
  const said: Partial<Record<string, string>> = {}
  let count = 0
  field.lastIndex = from
  while (field.lastIndex < to) {
    const match = field.exec(text)
    if (!match || ++count > mostFields) return undefined
    const name = (match[1] as string).toLowerCase()
    if (!takeField(said, name, (match[2] as string).trimEnd())) return undefined
  }
  if (said.host === undefined) return undefined
  return { id: said['x-request-id'], referer: said.referer, userAgent: said['user-agent'] }
}

/** Takes one field; false when it is not known to be harmless. */
function takeField(said: Partial<Record<string, string>>, name: string, value: string): boolean {
  switch (name) {
    case 'host':
      return takeOnce(said, name, value, host.test(value))
    case 'x-request-id':
      return takeOnce(said, name, value, requestId.test(value))
    case 'connection':
      return takeOnce(said, name, value, value.toLowerCase() === 'keep-alive')
    case 'referer':
    case 'user-agent':
      // Of several, Node gives the first to who reads them.
      said[name] ??= value
      return true
    default:
      return harmless.has(name) || harmlessFamilies.test(name)
  }
}

function takeOnce(said: Partial<Record<string, string>>, name: string, value: string, fits: boolean): boolean {
  if (!fits || said[name] !== undefined) return false
  said[name] = value
  return true
}
