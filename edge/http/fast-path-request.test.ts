import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkTarget } from '../../process/http-guards.ts'
import { PlainReader } from './fast-path-request.ts'

const path = '/live/show/v1/12.m4s'
const head = (fields: readonly string[] = [], line = `GET ${path} HTTP/1.1`): string =>
  `${[line, 'Host: edge:80', ...fields].join('\r\n')}\r\n\r\n`
const read = (text: string, from = 0) => new PlainReader().read(text, from)

describe('a plain request', () => {
  it('is read with what an answer and a log need of it', () => {
    const text = head([
      'User-Agent: Player/1',
      'Referer: http://page/',
      'X-Request-Id:  p1-7 ',
      'Connection: Keep-Alive',
    ])
    expect(read(text)).toEqual({
      target: path,
      path,
      fields: { id: 'p1-7', referer: 'http://page/', userAgent: 'Player/1' },
      endsAt: text.length,
    })
  })

  it('may have a query, which belongs to no address', () => {
    const target = `${path}?CMCD=br%3D400%2Csid%3D%22a%22&x=1`
    expect(read(head([], `GET ${target} HTTP/1.1`))).toMatchObject({ target, path })
  })

  it('may stand behind another one', () => {
    const two = head() + head(['Accept: */*'])
    const first = read(two)
    expect(read(two, first?.endsAt)?.endsAt).toBe(two.length)
  })

  it('is the same for a reader that has seen its fields before', () => {
    const reader = new PlainReader()
    const text = head(['X-Request-Id: p1-7'])
    expect(reader.read(text, 0)).toEqual(reader.read(text, 0))
    const longer = head(['X-Request-Id: p1-7', 'Range: bytes=0-1'])
    expect(reader.read(longer, 0)).toBeUndefined()
    expect(reader.read(text.slice(0, -1), 0)).toBeUndefined()
  })
})

describe('not a plain request is', () => {
  it.each([
    ['another method', head([], `HEAD ${path} HTTP/1.1`)],
    ['a method in lower case', head([], `get ${path} HTTP/1.1`)],
    ['another version', head([], `GET ${path} HTTP/1.0`)],
    ['no version', head([], `GET ${path}`)],
    ['an absolute target', head([], `GET http://edge${path} HTTP/1.1`)],
    ['another address', head([], 'GET /healthz HTTP/1.1')],
    ['a query with a bare quote', head([], `GET ${path}?a="b" HTTP/1.1`)],
    ['a query with a broken percent-encoding', head([], `GET ${path}?a=%4 HTTP/1.1`)],
    ['a path without an end', head([], `GET /live/${'a'.repeat(1_100)}/v1/12.m4s HTTP/1.1`)],
    ['an empty line in front', `\r\n${head()}`],
    ['one without a host', `GET ${path} HTTP/1.1\r\nAccept: */*\r\n\r\n`],
    ['one without fields', `GET ${path} HTTP/1.1\r\n\r\n`],
    ['one with two hosts', head(['Host: edge'])],
    ['one with a list of hosts', `GET ${path} HTTP/1.1\r\nHost: a, b\r\n\r\n`],
    ['one with an empty host', `GET ${path} HTTP/1.1\r\nHost:\r\n\r\n`],
    ['half of one', head().slice(0, -2)],
    ['a line that ends with LF', `GET ${path} HTTP/1.1\r\nHost: edge\nAccept: */*\r\n\r\n`],
    ['a line with CR in it', head(['Accept: a\rb'])],
    ['a folded line', head(['Accept: a', ' b'])],
    ['a field with NUL', head(['Accept: a\0b'])],
    ['a field beyond ASCII', head(['Accept: \xe4'])],
    ['a space before the colon', head(['Accept : a'])],
    ['a name that is no token', head(['Acc@pt: a'])],
    ['a field without a colon', head(['Accept'])],
    ['two names', head(['X-Request-Id: a', 'X-Request-Id: b'])],
    ['a name that cannot stand in a log', head(['X-Request-Id: a b'])],
    ['a connection that closes', head(['Connection: close'])],
    ['a connection with an option', head(['Connection: keep-alive, TE'])],
    ['too many fields', head(Array.from({ length: 60 }, (_, i) => `Cmcd-Object: ${i}`))],
    ['a long head', head([`Cookie: ${'a'.repeat(5_000)}`])],
    ...[
      'Range: bytes=0-1',
      'If-Range: "a"',
      'If-None-Match: "a"',
      'If-Modified-Since: Mon, 23 Nov 2026 02:07:28 GMT',
      'Content-Length: 0',
      'Transfer-Encoding: chunked',
      'Expect: 100-continue',
      'Upgrade: websocket',
      'TE: trailers',
      'Trailer: a',
      'CDN-Loop: tidegate;edge="b1"',
      'Live-Version: 3',
      'Live-Wait-Ms: 100',
      'Authorization: Basic YTpi',
      'Keep-Alive: timeout=5',
      'X-Unheard-Of: 1',
    ].map(field => [`one with ${field}`, head([field])] as [string, string]),
  ])('%s', (_, text) => {
    expect(read(text)).toBeUndefined()
  })
})

describe('a query that is plain', () => {
  it('is one that every listener takes', () => {
    const query = fc.string({ unit: fc.constantFrom(...'aZ09-._~!$&\'()*+,;=:@/?%#[]{}|\\^`"<> \t4Fé'), maxLength: 12 })
    fc.assert(
      fc.property(query, text => {
        const target = `${path}?${text}`
        if (read(head([], `GET ${target} HTTP/1.1`))) expect(checkTarget(target)).toBeUndefined()
      }),
    )
  })
})
