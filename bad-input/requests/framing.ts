import { asked, get, type RequestCase, refused, request } from '../request-case.ts'

// Where a request ends: lengths, chunks, bodies where there may be none, and what stands behind them (RFC 9112, 6).

const hidden = request('GET /hidden HTTP/1.1', 'Host: edge')
const post = (...fields: readonly string[]): string => request('POST {path} HTTP/1.1', 'Host: edge', ...fields)
const chunked = 'Transfer-Encoding: chunked'

/** A body on a method of players: refused by its head; on the packagers' side by its method. */
const bodyOnGet = (name: string, bytes: string): RequestCase => asked(name, bytes, [400], { after: 'closed' })
/** A method that is served nowhere, so that nobody reads the body: refused, and nothing behind it is looked at. */
const unread = (name: string, body: string): RequestCase => refused(name, post(chunked) + body, 405)

const lengths: readonly RequestCase[] = [
  asked('a length of 0', get('Content-Length: 0'), [200]),
  asked('white space around a length of 0', get('Content-Length:  0 '), [200]),
  bodyOnGet('a body on GET', `${get('Content-Length: 3')}abc`),
  bodyOnGet('a body on GET that never comes', get('Content-Length: 3')),
  bodyOnGet(
    'a body on GET that is a request (CVE-2025-4366)',
    get(`Content-Length: ${hidden.length}`) + hidden + get(),
  ),
  ...[
    '+3',
    '-3',
    '0x3',
    '3 3',
    '3,3',
    '3, 3',
    '',
    '3a',
    '1e1',
    '3.0',
    '\x0b3',
    '18446744073709551619',
    '9'.repeat(30),
  ].map(length => refused(`the length ${JSON.stringify(length)}`, `${get(`Content-Length: ${length}`)}abc`)),
  refused('the same length twice', `${get('Content-Length: 3', 'Content-Length: 3')}abc`),
  refused('two lengths', `${get('Content-Length: 0', 'Content-Length: 3')}abc`),
  refused('a length in two spellings', `${get('Content-Length: 3', 'content-length: 03')}abc`),
]

const codings: readonly RequestCase[] = [
  bodyOnGet('chunks on GET', `${get(chunked)}3\r\nabc\r\n0\r\n\r\n`),
  bodyOnGet('no chunks but the last on GET', `${get(chunked)}0\r\n\r\n`),
  bodyOnGet('Transfer-Encoding: CHUNKED', `${get('Transfer-Encoding: CHUNKED')}0\r\n\r\n`),
  refused('a length and chunks', `${get('Content-Length: 5', chunked)}0\r\n\r\n`),
  refused('chunks and a length', `${get(chunked, 'Content-Length: 5')}0\r\n\r\n`),
  refused('Transfer-Encoding twice', `${get(chunked, chunked)}0\r\n\r\n`),
  refused('a space before the colon of Transfer-Encoding', `${get('Transfer-Encoding : chunked')}0\r\n\r\n`),
  ...['chunked, chunked', 'chunked, gzip', 'chunked, identity', ' ', '\x0bchunked'].map(coding =>
    refused(`Transfer-Encoding: ${JSON.stringify(coding)}`, `${get(`Transfer-Encoding: ${coding}`)}0\r\n\r\n`),
  ),
  ...['gzip, chunked', 'identity', 'gzip', 'xchunked', 'chunkedx', 'chunk', '"chunked"', 'chunked;q=1'].map(coding =>
    bodyOnGet(`Transfer-Encoding: ${JSON.stringify(coding)}`, `${get(`Transfer-Encoding: ${coding}`)}0\r\n\r\n`),
  ),
  bodyOnGet('chunks on HTTP/1.0', `${request('GET {path} HTTP/1.0', chunked)}0\r\n\r\n`),
]

const chunks: readonly RequestCase[] = [
  unread('whole chunks', '3\r\nabc\r\n0\r\n\r\n'),
  unread('chunk extensions', '3;name="value"\r\nabc\r\n0;x\r\n\r\n'),
  unread('trailers', '0\r\nX-Trailer: 1\r\nHost: other\r\n\r\n'),
  unread('chunks, then another request', `0\r\n\r\n${hidden}`),
  unread('a chunk size that is none', 'xyz\r\nabc\r\n0\r\n\r\n'),
  unread('a negative chunk size', '-3\r\nabc\r\n0\r\n\r\n'),
  unread('a chunk size with 0x', '0x3\r\nabc\r\n0\r\n\r\n'),
  unread('a chunk size of 2^64', '10000000000000003\r\nabc\r\n0\r\n\r\n'),
  unread('a chunk size with a space before it', ' 3\r\nabc\r\n0\r\n\r\n'),
  unread('no chunk size', '\r\nabc\r\n0\r\n\r\n'),
  unread('a chunk line that a bare LF ends', '3\nabc\r\n0\r\n\r\n'),
  unread('a chunk that a bare LF ends', '3\r\nabc\n0\r\n\r\n'),
  unread('a chunk longer than its size', '3\r\nabcdef\r\n0\r\n\r\n'),
  unread('an extension with a bare LF', '3;a\nb\r\nabc\r\n0\r\n\r\n'),
  unread('a chunk extension of 20 KB', `3;${'x'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`),
  unread('a last chunk of many zeros', `${'0'.repeat(100)}\r\n\r\n${hidden}`),
  unread('a chunk that never comes', '3\r\na'),
]

const pipelines: readonly RequestCase[] = [
  asked('two requests at once', get() + get(), [200, 200]),
  asked('a HEAD and a GET at once', request('HEAD {path} HTTP/1.1', 'Host: edge') + get(), [200, 200], { heads: [0] }),
  asked('50 requests at once', get().repeat(50), Array(50).fill(200)),
  asked('1,000 requests at once', get().repeat(1_000), Array(1_000).fill(200)),
  asked('empty lines between requests', `${get()}\r\n\r\n${get()}`, [200, 200]),
  asked('a request behind Connection: close', get() + get('Connection: close') + get(), [200, 200], {
    after: 'closed',
  }),
  asked('a request that is refused between two', get() + post('Content-Length: 0') + get(), [200, 405], {
    after: 'closed',
  }),
  asked('a request, then nonsense', `${get()}nonsense\r\n\r\n`, [200, 400], { after: 'closed' }),
  asked('a request, then a head of 20 KB', get() + get(`X: ${'x'.repeat(20_000)}`), [200, 431], { after: 'closed' }),
  asked('a request, then a folded one', get() + get('X: a\r\n b'), [200, 400], { after: 'closed' }),
  asked('a request whose body was said to be empty', `${get('Content-Length: 0')}abc\r\n\r\n`, [200, 400], {
    after: 'closed',
  }),
]

export const framing: readonly RequestCase[] = [...lengths, ...codings, ...chunks, ...pipelines]
