// How RFC 9112 reads the bytes of a connection, by the letter and with nothing forgiven: what the tests hold servers
// against. It stops at the first thing that is not as it must be, because nothing behind that can be known.

interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface Reading {
  readonly requests: readonly ReadRequest[]
  /** Why the reading came to its end: all bytes read, the last request not whole, or something malformed. */
  readonly end: 'all' | 'incomplete' | 'malformed'
  /** The request at whose body it came to its end: its head can be refused. */
  readonly begun?: ReadRequest
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const requestLine = new RegExp(`^(${token}) +([\\x21-\\x7e]+) +HTTP/1\\.([01])$`)
const fieldLine = new RegExp(`^(${token}):[ \\t]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[ \\t]*$`)

/** Reads every request in `bytes` (one character for each byte). */
export function readRequests(bytes: string): Reading {
  const requests: ReadRequest[] = []
  let rest = bytes
  for (;;) {
    // RFC 9112, 2.2: empty lines before a request line are to be ignored.
    while (rest.startsWith('\r\n')) rest = rest.slice(2)
    if (rest === '') return { requests, end: 'all' }
    const read = readRequest(rest)
    if (typeof read === 'string') return { requests, end: read }
    if (typeof read.bytes === 'string') return { requests, end: read.bytes, begun: read.request }
    requests.push(read.request)
    rest = rest.slice(read.bytes)
  }
}

type Failure = 'incomplete' | 'malformed'

function readRequest(text: string): { request: ReadRequest; bytes: number | Failure } | Failure {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return 'incomplete'
  const [first = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const line = requestLine.exec(first)
  const fields = lines.map(field => fieldLine.exec(field)).filter(match => match !== null)
  if (!line || fields.length < lines.length) return 'malformed'
  const [, method, target] = line as unknown as [string, string, string]
  const pairs = fields.map(match => [(match[1] as string).toLowerCase(), match[2] as string] as const)
  const from = headEnd + 4
  const body = readBody(text.slice(from), pairs)
  const request = { method, target, fields: pairs }
  if (typeof body === 'string') return { request: { ...request, body: '' }, bytes: body }
  return { request: { ...request, body: body.text }, bytes: from + body.bytes }
}

function readBody(text: string, fields: ReadRequest['fields']): { text: string; bytes: number } | Failure {
  const valuesOf = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value)
  const [codings, lengths] = [valuesOf('transfer-encoding'), valuesOf('content-length')]
  if (codings.length > 0) {
    // RFC 9112, 6.1: a length beside it, or a coding that does not end in chunked, is an attempt to smuggle.
    const chunked = codings.length === 1 && /(?:^|,[ \t]*)chunked$/i.test(codings[0] as string)
    return chunked && lengths.length === 0 ? readChunks(text) : 'malformed'
  }
  if (lengths.length === 0) return { text: '', bytes: 0 }
  if (lengths.length > 1 || !/^\d{1,15}$/.test(lengths[0] as string)) return 'malformed'
  const bytes = Number(lengths[0])
  return text.length >= bytes ? { text: text.slice(0, bytes), bytes } : 'incomplete'
}

const chunkLine = /^([0-9A-Fa-f]+)(?:;[\t\x20-\x7e\x80-\xff]*)?$/

function readChunks(text: string): { text: string; bytes: number } | Failure {
  let at = 0
  let body = ''
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return 'incomplete'
    const size = chunkLine.exec(text.slice(at, lineEnd))?.[1]
    if (size === undefined || size.length > 12) return 'malformed'
    const bytes = Number.parseInt(size, 16)
    at = lineEnd + 2
    if (bytes === 0) return readTrailers(text, at, body)
    if (text.length < at + bytes + 2) return 'incomplete'
    if (text.slice(at + bytes, at + bytes + 2) !== '\r\n') return 'malformed'
    body += text.slice(at, at + bytes)
    at += bytes + 2
  }
}

function readTrailers(text: string, from: number, body: string): { text: string; bytes: number } | Failure {
  for (let at = from; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return 'incomplete'
    if (lineEnd === at) return { text: body, bytes: at + 2 }
    if (!fieldLine.test(text.slice(at, lineEnd))) return 'malformed'
    at = lineEnd + 2
  }
}
