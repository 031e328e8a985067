import { answerHead } from '../edge/http/testing/scripted-upstream.ts'
import { limits } from '../live/limits.ts'
import { bodyOf, goodFields, type Move } from './hostile-upstream.ts'

// What an upstream may do to an edge, as data: its moves for one address, after which it behaves well.

export interface UpstreamCase {
  readonly name: string
  /** A live segment, or a page that RFC 9111 rules. */
  readonly of: 'segment' | 'page'
  moves(path: string): readonly Move[]
  /** What the first to ask gets: a status, or `cut` for an answer that breaks off visibly. */
  readonly first: readonly (number | 'cut')[]
  /** The body of the answer to the first, and of what is kept, where it is not the good one. */
  readonly body?: string
  /** Whether the answer to the first is kept for the second; absent where either is good. */
  readonly kept?: boolean
  /** A field that no asker may see. */
  readonly withheld?: string
}

type Fields = Record<string, string | number>

/** A head that may be kept, with fields added or (undefined) left out. */
function head(path: string, status: number, added: Record<string, string | number | undefined> = {}): string {
  const fields = { ...goodFields(path), ...added }
  return answerHead(
    status,
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields,
  )
}

const evil = (path: string): string => `${head(path, 200, { 'content-length': 4 })}evil`
const failed = [502, 503, 504] as const
/** The same move twice: for the first request and for the one more that the edge makes. */
const twice = (say: (path: string) => Move['say'], end?: Move['end']) => (path: string) => [
  { say: say(path), end },
  { say: say(path), end },
]
const refusedTwice = (name: string, say: (path: string) => string, end?: Move['end']): UpstreamCase => ({
  name,
  of: 'segment',
  moves: twice(path => [say(path)], end),
  first: failed,
})

const silent: readonly UpstreamCase[] = [
  // Longer than a waiter waits: the short answer comes from the edge's own bound.
  { name: 'never answers', of: 'segment', moves: () => [{}, {}], first: [...failed, 404] },
  {
    name: 'says a head, and then nothing',
    of: 'segment',
    moves: path => [{ say: [head(path, 200, { 'content-length': 1_000 })] }],
    first: [200, 'cut'],
  },
  {
    name: 'says half a head, and then nothing',
    of: 'segment',
    moves: () => [{ say: ['HTTP/1.1 200 OK\r\nContent-Le'] }],
    first: [200, ...failed, 404],
  },
  {
    name: 'falls silent within the body',
    of: 'segment',
    moves: path => [{ say: [head(path, 200, { 'content-length': 1_000 }), 'abc'] }],
    first: ['cut', 200],
  },
  refusedTwice('closes at once', () => '', 'close'),
  refusedTwice('resets at once', () => '', 'reset'),
]

const lengths: readonly UpstreamCase[] = [
  {
    name: 'sends a body that is short',
    of: 'segment',
    moves: twice(path => [head(path, 200, { 'content-length': 1_000 }), 'abc'], 'close'),
    first: ['cut'],
  },
  {
    name: 'sends a body that is long, with an answer to nobody behind it',
    of: 'segment',
    // In one piece: what comes later can no longer be told from the answer to the connection's next request.
    moves: path => [{ say: [`${head(path, 200, { 'content-length': 3 })}abc${evil(path)}`] }],
    first: [200],
    body: 'abc',
    kept: true,
  },
  {
    name: 'sends an empty body, with an answer to nobody behind it',
    of: 'segment',
    moves: path => [{ say: [head(path, 200, { 'content-length': 0 }) + evil(path)] }],
    first: [200],
    body: '',
    kept: true,
  },
  refusedTwice('ends a body by closing', path => `${head(path, 200)}abc`, 'close'),
  {
    name: 'ends the body of a page by closing',
    of: 'page',
    moves: path => [{ say: [head(path, 200), bodyOf(path)], end: 'close' }],
    first: [200],
    kept: false,
  },
  refusedTwice('says two lengths', path => `${head(path, 200, { 'content-length': 3, 'Content-Length': 4 })}abcd`),
  refusedTwice(
    'says a length and chunks',
    path => `${head(path, 200, { 'content-length': 3, 'transfer-encoding': 'chunked' })}0\r\n\r\n`,
  ),
  refusedTwice('says a negative length', path => `${head(path, 200, { 'content-length': -3 })}abc`),
  refusedTwice('says another coding', path => `${head(path, 200, { 'transfer-encoding': 'gzip, chunked' })}0\r\n\r\n`),
  refusedTwice('says a body over the limit', path =>
    head(path, 200, { 'content-length': limits.segmentBodyBytes + 1 }),
  ),
  {
    name: 'sends chunks over the limit',
    of: 'segment',
    moves: twice(path => {
      const bytes = limits.segmentBodyBytes + 1
      return [
        head(path, 200, { 'transfer-encoding': 'chunked' }),
        `${bytes.toString(16)}\r\n`,
        Buffer.alloc(bytes, 'x'),
      ]
    }),
    first: ['cut'],
  },
  {
    name: 'breaks off within the chunks',
    of: 'segment',
    moves: twice(path => [head(path, 200, { 'transfer-encoding': 'chunked' }), '3\r\nabc\r\n'], 'close'),
    first: ['cut'],
  },
  {
    name: 'sends a chunk size that is none',
    of: 'segment',
    moves: twice(path => [head(path, 200, { 'transfer-encoding': 'chunked' }), '3\r\nabc\r\nxyz\r\n']),
    first: ['cut', ...failed],
  },
]

const heads: readonly UpstreamCase[] = [
  ...['99', '600', '999', '1000', '-200', 'abc', ''].map(status =>
    refusedTwice(
      `answers with the status "${status}"`,
      () => `HTTP/1.1 ${status} Because\r\nContent-Length: 0\r\n\r\n`,
    ),
  ),
  refusedTwice('answers an unconditional request with 304', path => head(path, 304)),
  refusedTwice(
    'answers a request for the whole with 206',
    path => `${head(path, 206, { 'content-length': 3, 'content-range': 'bytes 0-2/3' })}abc`,
  ),
  refusedTwice('answers with 206 and no Content-Range', path => `${head(path, 206, { 'content-length': 3 })}abc`),
  refusedTwice('floods with interim heads', () => answerHead(103, { link: '<x>' }).repeat(limits.interimHeads + 1)),
  refusedTwice('sends a head of 40 KB', path => head(path, 200, { 'content-length': 0, x: 'x'.repeat(40_000) })),
  refusedTwice('sends a NUL in a field', path => head(path, 200, { 'content-length': 0, x: 'a\0b' })),
  refusedTwice('sends what is not HTTP', () => 'hello\r\n\r\n'),
  refusedTwice('speaks HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  {
    name: 'sends a few interim heads before the answer',
    of: 'segment',
    moves: path => [
      { say: [answerHead(103), answerHead(102), head(path, 200, { 'content-length': 1_000 }), bodyOf(path)] },
    ],
    first: [200],
    kept: true,
  },
  {
    name: 'sets a cookie on a segment',
    of: 'segment',
    moves: path => [{ say: [head(path, 200, { 'content-length': 1_000, 'set-cookie': 'who=me' }), bodyOf(path)] }],
    first: [200],
    kept: true,
    withheld: 'set-cookie',
  },
  {
    name: 'sets a cookie on a private page',
    of: 'page',
    moves: path => [
      {
        say: [
          head(path, 200, {
            'content-length': 1_000,
            'set-cookie': 'who=me',
            'cache-control': 'private',
            'cdn-cache-control': undefined,
          }),
          bodyOf(path),
        ],
      },
    ],
    first: [200],
    kept: false,
  },
  {
    name: 'names fields of the project in Connection',
    of: 'segment',
    moves: path => [
      {
        say: [
          head(path, 200, { 'content-length': 1_000, connection: 'live-pipeline, x-secret', 'x-secret': '1' }),
          bodyOf(path),
        ],
      },
    ],
    first: [200],
    withheld: 'x-secret',
  },
]

const ranges: readonly UpstreamCase[] = [
  {
    name: 'resumes at another place than was asked for',
    of: 'segment',
    moves: path => [
      { say: [head(path, 200, { 'content-length': 10 }), 'abcd'], end: 'close' },
      { say: [head(path, 206, { 'content-length': 5, 'content-range': 'bytes 5-9/10' }), 'fghij'] },
    ],
    first: ['cut'],
  },
  {
    name: 'changes the ETag between two ranges',
    of: 'segment',
    moves: path => [
      { say: [head(path, 200, { 'content-length': 10, etag: '"one"' }), 'abcd'], end: 'close' },
      { say: [head(path, 206, { 'content-length': 6, 'content-range': 'bytes 4-9/10', etag: '"two"' }), 'EFGHIJ'] },
    ],
    first: ['cut'],
  },
  {
    name: 'resumes with another length in all',
    of: 'segment',
    moves: path => [
      { say: [head(path, 200, { 'content-length': 10 }), 'abcd'], end: 'close' },
      { say: [head(path, 206, { 'content-length': 8, 'content-range': 'bytes 4-11/12' }), 'efghijkl'] },
    ],
    first: ['cut'],
  },
]

/** A page with one field that is not what it should be. */
const page = (field: string, value: string, kept?: boolean, more: Record<string, undefined> = {}): UpstreamCase => ({
  name: `says ${field}: ${value.slice(0, 30)} of a page`,
  of: 'page',
  moves: path => [{ say: [head(path, 200, { 'content-length': 1_000, [field]: value, ...more }), bodyOf(path)] }],
  first: [200],
  ...(kept === undefined ? {} : { kept }),
})
const alone = { 'cdn-cache-control': undefined }

const lifetimes: readonly UpstreamCase[] = [
  {
    name: 'says 404, and 200 within its lifetime',
    of: 'segment',
    moves: () => [
      { say: [answerHead(404, { 'content-length': 0, 'cdn-cache-control': 'max-age=0, max-age-ms=300' })] },
    ],
    first: [404],
  },
  page('vary', '*', false),
  page('cache-control', 'private=""', false, alone),
  page('cache-control', 'max-age=-1', false, alone),
  page('cache-control', 'max-age=1e9999', undefined, alone),
  page('cache-control', 'max-age=1.5', undefined, alone),
  page('cache-control', 'max-age=0, max-age=60', undefined, alone),
  page('cache-control', `max-age=${'9'.repeat(30)}`, undefined, alone),
  page('cdn-cache-control', 'max-age=1, max-age-ms=1e9999'),
  page('cdn-cache-control', 'max-age="'),
  page('age', '9'.repeat(40), false),
  page('date', 'Fri, 31 Dec 9999 23:59:59 GMT', true),
  page('date', 'Thu, 01 Jan 1970 00:00:00 GMT', true),
  page('date', 'yesterday'),
  page('expires', '0', true),
]

/** Everything that an upstream may do. */
export const upstreamCases: readonly UpstreamCase[] = [...silent, ...lengths, ...heads, ...ranges, ...lifetimes]
