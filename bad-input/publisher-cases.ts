import { limits } from '../live/limits.ts'
import type { Outcome } from './request-case.ts'

// What a packager, or somebody who would be one, may do to the publish side, as data.

export interface PublisherCase {
  readonly name: string
  /**
   * Sent as they are, one byte for each character. `{new}` stands for a number that was not published yet, `{next}` for
   * the one behind it, `{known}` for one whose body is `known`, `{token}` for the right token.
   */
  readonly bytes: string
  readonly outcome: Outcome
  /** What the packager does when it has sent all: it goes, in order or not. Absent: it waits for the answer. */
  readonly leaves?: 'ends' | 'resets'
  /** What players get of `{new}` afterwards; absent: nothing, until a good PUT of it. */
  readonly stored?: string
}

const outcome = (...answers: Outcome['answers']): Outcome => ({ answers, after: 'open' })
const closing = (...answers: Outcome['answers']): Outcome => ({ answers, after: 'closed' })

const put = (target: string, ...fields: readonly string[]): string =>
  `${[`PUT ${target} HTTP/1.1`, 'Host: origin', ...fields].join('\r\n')}\r\n\r\n`
const token = 'Authorization: Bearer {token}'
const of = (number: string): string => `/ingest/a/bad/v1/${number}.m4s`
const fresh = of('{new}')
const length = (body: string): string => `Content-Length: ${body.length}`
const whole = (target: string, body: string, ...fields: readonly string[]): string =>
  put(target, token, length(body), ...fields) + body

const credentials: readonly PublisherCase[] = [
  ...(
    [
      ['no token', []],
      ['a wrong token', ['Authorization: Bearer wrong']],
      ['a token with more behind it', ['Authorization: Bearer {token}x']],
      ['two tokens in one field', ['Authorization: Bearer {token}, Bearer {token}']],
      ['an empty token', ['Authorization: Bearer ']],
      ['a token of another scheme', ['Authorization: Basic {token}']],
      ['a token of 8 KB', [`Authorization: Bearer ${'x'.repeat(8_000)}`]],
      ['a token in a cookie', ['Cookie: token={token}']],
    ] as const
  ).map(([name, fields]) => ({
    name,
    bytes: `${put(fresh, ...fields, 'Content-Length: 3')}abc`,
    outcome: outcome(401),
  })),
  {
    name: 'a token in the query',
    bytes: `${put(`${fresh}?token={token}`, 'Content-Length: 3')}abc`,
    outcome: outcome(401),
  },
  {
    name: 'two Authorizations',
    bytes: `${put(fresh, token, 'Authorization: Bearer wrong', 'Content-Length: 3')}abc`,
    outcome: closing(400),
  },
]

const addresses: readonly PublisherCase[] = [
  ...['-1', '1.5', '01', '1e3', '0x10', '+1', '99999999999', '9007199254740993', 'two', '', '%31', '1.m4s', '٣'].map(
    number => ({
      name: `the number ${JSON.stringify(number)}`,
      bytes: whole(of(Buffer.from(number).toString('latin1')), 'abc'),
      outcome: number === '٣' ? closing(400) : outcome(404),
    }),
  ),
  { name: 'a number before the first', bytes: whole(of('0'), 'abc'), outcome: outcome(404) },
  { name: 'a number far ahead', bytes: whole(of('999999'), 'abc'), outcome: outcome(425) },
  ...[
    '/ingest/z/bad/v1/{new}.m4s',
    '/ingest/a/other/v1/{new}.m4s',
    '/ingest/a/bad/v9/{new}.m4s',
    '/live/bad/v1/{new}.m4s',
    '/',
    '/ingest/A/bad/v1/{new}.m4s',
  ].map(target => ({ name: `the target ${target}`, bytes: whole(target, 'abc'), outcome: outcome(404) })),
  {
    name: 'a pipeline of 65 letters',
    bytes: whole(`/ingest/${'a'.repeat(65)}/bad/v1/{new}.m4s`, 'abc'),
    outcome: outcome(404),
  },
  ...[
    '/ingest/a/../a/bad/v1/{new}.m4s',
    '/ingest/../bad/v1/{new}.m4s',
    '/ingest/a/bad/%2e%2e/{new}.m4s',
    '/ingest/a/bad/v1/..%2f{new}.m4s',
    '//ingest/a/bad/v1/{new}.m4s',
    '/ingest/a/bad/v1/{new}.m4s%00',
    'http://origin/ingest/a/bad/v1/{new}.m4s',
  ].map(target => ({ name: `the target ${target}`, bytes: whole(target, 'abc'), outcome: closing(400) })),
]

const bodies: readonly PublisherCase[] = [
  { name: 'a good PUT', bytes: whole(fresh, 'abc'), outcome: outcome(201), stored: 'abc' },
  { name: 'a good PUT of nothing', bytes: whole(fresh, ''), outcome: outcome(201), stored: '' },
  { name: 'no length', bytes: put(fresh, token), outcome: closing(411) },
  {
    name: 'chunks',
    bytes: `${put(fresh, token, 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
    outcome: closing(411),
  },
  {
    name: 'a length and chunks',
    bytes: `${put(fresh, token, 'Content-Length: 3', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
    outcome: closing(400),
  },
  {
    name: 'two lengths',
    bytes: `${put(fresh, token, 'Content-Length: 3', 'Content-Length: 2')}abc`,
    outcome: closing(400),
  },
  { name: 'a negative length', bytes: `${put(fresh, token, 'Content-Length: -3')}abc`, outcome: closing(400) },
  {
    name: 'a length over the limit',
    bytes: put(fresh, token, `Content-Length: ${limits.segmentBodyBytes + 1}`),
    outcome: closing(413),
  },
  { name: 'a length of 2^64', bytes: put(fresh, token, 'Content-Length: 18446744073709551616'), outcome: closing(400) },
  { name: 'defects of nonsense', bytes: whole(fresh, 'abc', 'Live-Defects: odd;ms=-1'), outcome: outcome(400) },
  { name: 'an unknown Expect', bytes: put(fresh, token, 'Content-Length: 3', 'Expect: more'), outcome: closing(417) },
  {
    name: 'an Expect without a token',
    bytes: put(fresh, 'Content-Length: 3', 'Expect: 100-continue', 'Connection: close'),
    outcome: closing(401),
  },
  { name: 'other bytes of what is stored', bytes: whole('{known}', 'other'), outcome: outcome(409) },
  { name: 'the same bytes of what is stored', bytes: whole('{known}', 'known'), outcome: outcome(200) },
  {
    name: 'two numbers out of order',
    bytes: whole(of('{next}'), 'def') + whole(fresh, 'abc'),
    outcome: outcome(201, 201),
    stored: 'abc',
  },
  {
    name: 'the same number twice at once, with other bytes',
    bytes: whole(fresh, 'abc') + whole(fresh, 'xyz'),
    outcome: outcome(201, 409),
    stored: 'abc',
  },
  {
    name: 'a body longer than its length',
    bytes: `${put(fresh, token, 'Content-Length: 3')}abcdef\r\n\r\n`,
    outcome: closing(201, 400),
    stored: 'abc',
  },
  {
    name: 'a PUT in the body of a PUT without a token',
    bytes: put(fresh, `Content-Length: ${whole(fresh, 'evil').length + '{token}'.length * 4}`) + whole(fresh, 'evil'),
    outcome: closing(),
    leaves: 'ends',
  },
]

const torn: readonly PublisherCase[] = (['ends', 'resets'] as const).flatMap(leaves => [
  {
    name: `half a body, and ${leaves}`,
    bytes: `${put(fresh, token, 'Content-Length: 10')}half`,
    outcome: closing(),
    leaves,
  },
  {
    name: `a head without a body, and ${leaves}`,
    bytes: put(fresh, token, 'Content-Length: 10'),
    outcome: closing(),
    leaves,
  },
  { name: `half a head, and ${leaves}`, bytes: put(fresh, token).slice(0, -8), outcome: closing(), leaves },
])

/** Everything that a packager may do. */
export const publisherCases: readonly PublisherCase[] = [...credentials, ...addresses, ...bodies, ...torn]
