import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatEntry } from '../../process/access-log-format.ts'
import { readLogLine } from './from-log-format.ts'

const secondMs = Date.UTC(2026, 10, 23, 2, 22, 3)
const nginx = (request: string, behind = '') =>
  `127.0.0.1 - - [23/Nov/2026:02:22:03 +0000] "${request}" 200 6 "-" "curl/8"${behind}`

describe('a line of an access log', () => {
  // Written by nginx 1.22, with the formats of docs/observability.md and without.
  it.each([
    ['the combined format', nginx('GET /live/show/v1/7.m4s?x=1 HTTP/1.1'), '/live/show/v1/7.m4s?x=1', 'within'],
    [
      'our fields behind it',
      nginx('GET /a HTTP/1.0', ' rt=0.250 uht=- ucs=- reason=- rid=- msec=1795400523.477'),
      '/a',
      'instant',
    ],
    ['other fields behind it', nginx('HEAD /a HTTP/1.1', ' "-" rt=0.250 uct="0.000" urt="0.1"'), '/a', 'within'],
    ['a user of any name', nginx('GET /a HTTP/1.1').replace('- - [', '- bob [s] ['), '/a', 'within'],
    ['another zone', nginx('GET /a HTTP/1.1').replace('02:22:03 +0000', '07:52:03 +0530'), '/a', 'within'],
    ['an escaped quote', nginx(String.raw`GET /a\x22b HTTP/1.1`), '/a"b', 'within'],
  ])('is a request in %s', (_, line, path, arrival) => {
    const read = readLogLine(line)
    expect(read).toMatchObject({ is: 'request', path, arrival: { is: arrival } })
    if (read.is !== 'request') return
    if (read.arrival.is === 'within') expect(read.arrival.secondMs).toBe(secondMs)
    else expect(read.arrival.atMs).toBeCloseTo(1_795_400_523_477 - 250, 3)
  })

  it.each([
    ['a method that may change something', nginx('POST /a HTTP/1.1'), 'skipped'],
    ['an absolute target', nginx('GET http://a/abs HTTP/1.1'), 'refused'],
    ['what a port scanner said', nginx(String.raw`\x16\x03\x01\x02\x00 hello`), 'refused'],
    ['no version', nginx('GET /old'), 'refused'],
    ['bytes in a path', nginx(String.raw`GET /caf\xC3\xA9 HTTP/1.1`), 'refused'],
    ['a hidden line end', nginx(String.raw`GET /a\x0D\x0Ab HTTP/1.1`), 'refused'],
    ['an empty request line', nginx(''), 'refused'],
    ['a method of no kind', nginx('GRAB /a HTTP/1.1'), 'refused'],
    ['a path of 9 KB', nginx(`GET /${'x'.repeat(9_000)} HTTP/1.1`), 'refused'],
    ['a day of no month', nginx('GET /a HTTP/1.1').replace('Nov', 'Brum'), 'malformed'],
    ['a day of another month', nginx('GET /a HTTP/1.1').replace('Nov', 'Xxx'), 'malformed'],
    ['an hour of no day', nginx('GET /a HTTP/1.1').replace('02:22', '25:22'), 'malformed'],
    ['half a line', nginx('GET /a HTTP/1.1').slice(0, 60), 'malformed'],
    ['words', 'hello', 'malformed'],
    ['JSON of something else', '{"a":1}', 'malformed'],
    ['half a JSON', '{"atMs":1,', 'malformed'],
    ['an empty line', ' ', 'none'],
    ['the mark of a cut log', '# cut at 2000 bytes', 'none'],
    ['the mark of a cut JSON log', '{"log":"cut","limitBytes":2000}', 'none'],
  ])('with %s is not replayed', (_, line, is) => {
    expect(readLogLine(line).is).toBe(is)
  })

  it('takes a msec that is of another second for something else', () => {
    const line = nginx('GET /a HTTP/1.1', ' msec=12.5 rt=0.100')
    expect(readLogLine(line)).toMatchObject({ arrival: { is: 'within', secondMs, tookMs: 100 } })
  })

  it('tells clients apart by player, else by address and user agent', () => {
    const clientOf = (line: string) => {
      const read = readLogLine(line)
      return read.is === 'request' ? read.client : read.is
    }
    expect(clientOf(nginx('GET /a HTTP/1.1', ' rid=p12-3 msec=1'))).toBe('p12')
    expect(clientOf(nginx('GET /a HTTP/1.1', ' rid=8f3a msec=1'))).toBe('127.0.0.1 curl/8')
    expect(clientOf('{"atMs":1,"method":"GET","path":"/","id":"p7-1","client":"::1"}')).toBe('p7')
    expect(clientOf('{"atMs":1,"method":"GET","path":"/","client":"::1"}')).toBe('::1 undefined')
  })

  it('reads what our own logs say, whatever is in them', () => {
    const header = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)) })
    const path = fc
      .webUrl({ withQueryParameters: true })
      .map(url => new URL(url))
      .map(url => url.pathname + url.search)
    fc.assert(
      fc.property(path, header, fc.constantFrom('combined', 'json'), fc.nat(100_000), (url, text, format, tookMs) => {
        const headers = { 'user-agent': text, referer: text }
        const request = { method: 'GET', url, httpVersion: '1.1', headers, socket: { remoteAddress: '10.0.0.1' } }
        const endedMs = secondMs + 477
        const entry = { request, id: 'x', status: 200, bodyBytes: 1, arrivedMs: endedMs - tookMs, reason: 'hit' }
        const line = formatEntry(format, { entry: { ...entry, waitedMs: undefined }, endedMs })
        const read = readLogLine(line)
        expect(read).toMatchObject({
          is: 'request',
          path: url,
          method: 'GET',
          client: `10.0.0.1 ${format === 'json' ? text : written(text)}`,
        })
        if (read.is === 'request' && read.arrival.is === 'instant') {
          expect(Math.abs((read.arrival.atMs as number) - entry.arrivedMs)).toBeLessThanOrEqual(1)
        } else expect.unreachable()
      }),
    )
  })

  it('never throws', () => {
    const near = fc.tuple(fc.nat(200), fc.string()).map(([at, text]) => {
      const line = nginx('GET /a HTTP/1.1', ' rt=0.1 rid=p1-1')
      return line.slice(0, at) + text + line.slice(at + 1)
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), near, fc.json()), line => void readLogLine(line)),
      { numRuns: 500 },
    )
  })

  it('is read in no time, however it tries to confuse', () => {
    const tricks = [
      '1 - ['.repeat(20_000),
      `1 - - ${'[23/Nov/2026:02:22:03 +0000] "'.repeat(4_000)}`,
      nginx('\\'.repeat(99_999)),
    ]
    const from = performance.now()
    for (const trick of tricks) readLogLine(trick)
    expect(performance.now() - from).toBeLessThan(500)
  })
})

/** A user agent as it stands in the line: clients are told apart by what is written. */
const written = (text: string) =>
  text.replace(/["\\]|[^\x20-\x7e]/g, byte => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
