import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { listen, urlOf } from '../../process/control.ts'
import { type RunningEdge, startEdge } from './start.ts'
import { RawClient, requestText } from './testing/raw-client.ts'

// Methods that go through to the origin, with their bodies, over real sockets. The origin is Node's own HTTP server: it
// understands what it gets as another program does.

interface Asked {
  readonly line: string
  readonly fields: IncomingMessage['headers']
  body: string
  /** The body has come as its framing says; `cut`: it never will. */
  state: 'coming' | 'whole' | 'cut'
  readonly response: ServerResponse
}

let server: Server
let edge: RunningEdge
let asked: Asked[]
let answer: (asked: Asked) => void

beforeEach(async () => {
  asked = []
  answer = ({ response }) => response.end('ok')
  server = createServer((request, response) => {
    const { method, url, headers } = request
    const one: Asked = { line: `${method} ${url}`, fields: headers, body: '', state: 'coming', response }
    asked.push(one)
    request.on('data', data => {
      one.body += data
    })
    request.on('close', () => {
      one.state = request.complete ? 'whole' : 'cut'
      if (request.complete) answer(one)
    })
    request.on('error', () => undefined)
  })
  await listen(server, 0, '127.0.0.1')
  edge = await startEdge({ name: 'a1', site: 'a', origins: [{ url: urlOf(server) }] }, 'control-token-of-the-tests')
})
afterEach(async () => {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  await edge.close()
})

const ask = async (text: string) => {
  const client = await RawClient.connect(edge.url)
  client.send(text)
  return client
}
const whole = async (text: string) => (await ask(text)).end()
const split = (line: string) => line.split(' ') as [string, string]
const get = (path: string) => whole(requestText('GET', path, { connection: 'close' }))
const until = async (wanted: () => boolean) => {
  while (!wanted()) await new Promise(setImmediate)
}

describe('a method other than GET and HEAD', () => {
  it('goes through with its body, and what is stored of the object is out of date', async () => {
    answer = ({ line, response }) =>
      line === 'GET /page'
        ? response.writeHead(200, { 'cache-control': 'max-age=60' }).end(`page ${asked.length}`)
        : response.writeHead(201, { 'x-mine': '1' }).end('made')
    await get('/page')
    expect(await get('/page')).toMatch(/page 1/)
    const fields = { 'content-length': '5', 'if-match': '"x"', authorization: 'Basic eA==', connection: 'close' }
    const posted = await whole(`${requestText('POST', '/page', fields)}hello`)
    expect(posted).toMatch(/^HTTP\/1.1 201 .*x-mine: 1.*detail=upstream-answer.*made/s)
    expect(posted).not.toMatch(/access-control|accept-ranges/)
    expect(asked[1]).toMatchObject({
      line: 'POST /page',
      body: 'hello',
      fields: { 'content-length': '5', 'if-match': '"x"', authorization: 'Basic eA==', via: '1.1 a1' },
    })
    expect(await get('/page')).toMatch(/page 3/)
  })

  it('frames a body in chunks anew', async () => {
    const fields = { 'transfer-encoding': 'chunked', connection: 'close' }
    answer = ({ response }) => response.writeHead(204).end()
    const answered = await whole(`${requestText('PUT', '/x', fields)}3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\n`)
    expect(answered).toMatch(/^HTTP\/1.1 204 /)
    expect(answered).not.toMatch(/content-length|transfer-encoding/)
    expect(asked).toMatchObject([{ body: 'abc', state: 'whole' }])
    expect(asked[0]?.fields).not.toHaveProperty('trailer')
  })

  it('waits for what stands before it on its connection, as does what stands behind it', async () => {
    answer = () => undefined
    const client = await ask(
      ['GET /a', 'GET /b', 'DELETE /c', 'GET /d'].map(line => requestText(...split(line))).join(''),
    )
    const answered = async (...lines: string[]) => {
      await until(() => asked.length === lines.length)
      expect(asked.map(({ line }) => line).sort()).toEqual(lines)
      for (const { response } of asked) if (!response.writableEnded) response.end(`end of ${asked.length}`)
    }
    await answered('GET /a', 'GET /b')
    await answered('DELETE /c', 'GET /a', 'GET /b')
    await answered('DELETE /c', 'GET /a', 'GET /b', 'GET /d')
    await client.until(/end of 2.*end of 2.*end of 3.*end of 4/s)
  })

  it('resets a connection on which too much waits behind it', async () => {
    answer = () => undefined
    const behind = requestText('GET', '/b').repeat(limits.pipelinedBehindChange + 1)
    expect(await whole(requestText('DELETE', '/a') + behind)).toBe('')
    expect(asked.map(({ line }) => line)).not.toContain('GET /b')
  })

  it('is followed on its connection by the next request, not by what its body says', async () => {
    const smuggled = requestText('GET', '/smuggled')
    const length = { 'content-length': String(smuggled.length) }
    await whole(requestText('POST', '/a', length) + smuggled + requestText('GET', '/b', { connection: 'close' }))
    expect(asked.map(({ line }) => line)).toEqual(['POST /a', 'GET /b'])
    expect(asked[0]?.body).toBe(smuggled)
  })

  it('closes the connection when it is answered before its body has come', async () => {
    const client = await ask(`${requestText('POST', '/a', { 'content-length': '100' })}only this`)
    await until(() => asked[0]?.body === 'only this')
    asked[0]?.response.writeHead(403).end('no')
    expect(await client.end()).toMatch(/^HTTP\/1.1 403 .*connection: close/is)
  })

  it.each([
    ['of stated length', { 'content-length': '9' }, 'abc'],
    ['in chunks', { 'transfer-encoding': 'chunked' }, '3\r\nabc\r\n'],
  ])('whose asker leaves within a body %s never looks whole to the origin', async (_, fields, body) => {
    const client = await ask(requestText('PUT', '/a', fields) + body)
    await until(() => asked[0]?.body === 'abc')
    client.socket.destroy()
    await until(() => asked[0]?.state !== 'coming')
    expect(asked).toMatchObject([{ state: 'cut' }])
  })

  it('is cut off when a body in chunks grows too long', async () => {
    const client = await ask(requestText('PUT', '/a', { 'transfer-encoding': 'chunked' }))
    const size = limits.requestBodyBytes + 1
    client.send(`${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`)
    expect(await client.end()).toMatch(/^HTTP\/1.1 502 .*connection: close/is)
    await until(() => asked[0]?.state !== 'coming')
    expect(asked).toMatchObject([{ state: 'cut' }])
  })

  it('is answered with 502 when the origin breaks off, and is not sent again', async () => {
    answer = ({ response }) => response.destroy()
    const answered = await whole(requestText('DELETE', '/a', { connection: 'close' }))
    expect(answered).toMatch(/^HTTP\/1.1 502 .*detail=fill-failed/s)
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['of a live object', requestText('POST', '/live/show/v1/7.m4s', { 'content-length': '0' }), 405],
    ['of what looks like one', requestText('DELETE', '/live/show'), 405],
    ['that shows what proxies add', requestText('TRACE', '/x'), 405],
    ['that commands caches', requestText('PURGE', '/x'), 405],
    ['with too long a body', requestText('POST', '/x', { 'content-length': `${limits.requestBodyBytes + 1}` }), 413],
    ['with two framings', requestText('POST', '/x', { 'content-length': '1', 'transfer-encoding': 'chunked' }), 400],
    ['with a coding of its own', requestText('POST', '/x', { 'transfer-encoding': 'gzip, chunked' }), 400],
  ])('%s is refused, and nothing goes upstream', async (_, text, status) => {
    expect(await whole(text)).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(asked).toEqual([])
  })
})
