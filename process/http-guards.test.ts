import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listen } from './control.ts'
import { checkRequest, checkTarget, guardListener, listenerOptions } from './http-guards.ts'

let server: Server
let port: number

beforeAll(async () => {
  server = guardListener(
    createServer({ ...listenerOptions, headersTimeout: 300, connectionsCheckingInterval: 50 }, (request, response) => {
      const refusal = checkRequest(request)
      response.writeHead(refusal?.status ?? 200, { connection: 'close' })
      response.end(refusal?.detail ?? 'fine')
    }),
  )
  await listen(server, 0, '127.0.0.1')
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise(done => server.close(done)))

/** Sends `text` and resolves with all that came back when the server has closed. */
const exchange = (text: string): Promise<string> =>
  new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', (data: string) => {
      answer += data
    })
    socket.on('error', fail)
    socket.on('close', () => done(answer))
  })

const get = (target: string, fields = 'Host: a\r\n') => `GET ${target} HTTP/1.1\r\n${fields}\r\n`
const many = Array.from({ length: 101 }, (_, i) => `X-${i}: 1\r\n`).join('')

describe('checkRequest', () => {
  it.each([
    ['a plain request', get('/live/e/v/1.m4s?x=%20'), 200],
    ['a port and a v6 address', get('/a', 'Host: [::1]:80\r\n'), 200],
    ['HTTP/1.0 without Host', 'GET /a HTTP/1.0\r\n\r\n', 200],
    ['an empty body', get('/a', 'Host: a\r\nContent-Length: 0\r\n'), 200],
    ['no Host', get('/a', ''), 400],
    ['two Hosts', get('/a', 'Host: a\r\nHost: b\r\n'), 400],
    ['an empty Host', get('/a', 'Host:\r\n'), 400],
    ['a Host with a path', get('/a', 'Host: a/b\r\n'), 400],
    ['an absolute form', get('http://other/a'), 400],
    ['an empty segment', get('//other/a'), 400],
    ['a dot segment', get('/a/../x'), 400],
    ['a dot segment at the end', get('/a/.'), 400],
    ['a hidden dot', get('/a/%2e%2e/x'), 400],
    ['a hidden slash', get('/a%2Fx'), 400],
    ['a hidden NUL', get('/a%00'), 400],
    ['a broken percent', get('/a%zz'), 400],
    ['a broken percent in the query', get('/a?b=%z'), 400],
    ['a doubled percent', get('/%252e'), 400],
    ['a backslash', get('/a\\b'), 400],
    ['a fragment', get('/a#b'), 400],
    ['a NUL', get('/a\0'), 400],
    ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['TRACE', 'TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['PURGE', 'PURGE /a HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 405],
    ['GET with a body', `${get('/a', 'Host: a\r\nContent-Length: 3\r\n')}abc`, 400],
    ['GET with chunks', `${get('/a', 'Host: a\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`, 400],
    ['chunks on HTTP/1.0', 'GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
    ['HTTP/2.0', 'GET /a HTTP/2.0\r\nHost: a\r\n\r\n', [400, 505]],
    ['two Ranges', get('/a', 'Host: a\r\nRange: bytes=0-1\r\nRange: bytes=2-3\r\n'), 400],
    ['Connection: host', get('/a', 'Host: a\r\nConnection: close, Host\r\n'), 400],
    ['Connection: live-version', get('/a', 'Host: a\r\nConnection: live-version\r\n'), 400],
    ['over 100 fields', get('/a', `Host: a\r\n${many}`), 431],
    ['headers over 16 KB', get('/a', `Host: a\r\nX: ${'x'.repeat(17_000)}\r\n`), 431],
    ['a target over 8 KB', get(`/${'x'.repeat(9_000)}`), 414],
    ['no HTTP at all', 'hello\r\n\r\n', 400],
  ])('%s', async (_, text, status) => {
    const answer = await exchange(text)
    expect([status].flat()).toContain(Number(answer.slice(9, 12)))
  })

  it('closes a head that does not come to an end', async () => {
    expect(await exchange('GET /a HTTP/1.1\r\nHost: a\r\nX: ')).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('knows every address of the wire as a good target', () => {
    for (const path of ['/live/e/manifest.mpd', '/live/e/v1/init.mp4', '/ingest/a/e/v1/12.m4s', '/...', '/a.b/..c']) {
      expect(checkTarget(path), path).toBeUndefined()
    }
  })
})
