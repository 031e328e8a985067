import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { partSchema } from '../../results/record/part.ts'
import { putFastPathBefore } from './fast-path.ts'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient, requestText } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

/** More than the kernel takes of it at once. */
const large = Buffer.alloc(6 * 1_024 * 1_024, 'x')
/** More than the kernel takes of it in all while nobody reads. */
const huge = Buffer.alloc(24 * 1_024 * 1_024, 'x')
const bodies = new Map<string, Buffer>()
let origin: TestOrigin
let edge: RunningEdge
/** What node:http has seen on the edge's port. */
let seen: string[]

const started = (message: unknown): void => {
  const { request, server } = message as { request: { url: string }; server: Server }
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  if (port === Number(new URL(edge.url).port)) seen.push(request.url)
}

beforeEach(async () => {
  bodies.clear()
  origin = await TestOrigin.start(undefined, ({ path, say }) => {
    const body = bodies.get(path)
    if (body) say(answerHead(200, keptFields(body.length)), body)
    else say(answerHead(404, { 'content-length': 0 }))
  })
  edge = await edgeOf(origin)
  seen = []
  subscribe('http.server.request.start', started)
})
afterEach(async () => {
  unsubscribe('http.server.request.start', started)
  await edge.close()
  await origin.upstream.close()
})

/** A segment that the edge has stored. */
async function stored(behind: number, body: Buffer | string): Promise<string> {
  const path = segmentOf(origin.event, behind)
  bodies.set(path, Buffer.from(body))
  const client = await RawClient.get(edge.url, path, { connection: 'close' })
  await client.end()
  seen = []
  return path
}

const plain = (path: string, id: string): string => requestText('GET', path, { 'x-request-id': id })
/** The answer to the request named `id` has come, and it is `body`. */
const ends = (id: string, body: string) => (received: string) =>
  received.endsWith(`\r\n\r\n${body}`) &&
  received.lastIndexOf('x-request-id: ') === received.indexOf(`x-request-id: ${id}\r\n`)
const counts = async () => partSchema.parse((await control(edge, 'GET /record')).json).counts

describe('a stored segment', () => {
  it('is answered without node:http, again and again on one connection', async () => {
    const path = await stored(1, 'abc')
    const client = await RawClient.get(edge.url, path, { 'x-request-id': 'p1' })
    await client.until(ends('p1', 'abc'))
    client.send(plain(`${path}?CMCD=br%3D400`, 'p2'))
    await client.until(ends('p2', 'abc'))
    expect(seen).toEqual([])
    expect(await counts()).toMatchObject({
      requests: 3,
      'requests.segment': 3,
      'requests.reason.hit': 2,
      bytes_sent: 9,
    })
    client.socket.end()
    await client.end()
  })

  it('comes whole and in order, however slowly it is taken and whatever stands behind it', async () => {
    const [one, two] = [await stored(1, large), await stored(2, 'abc')]
    const client = await RawClient.connect(edge.url)
    client.socket.pause()
    client.send(plain(one, 'p1') + plain(two, 'p2') + plain(one, 'p3') + plain(two, 'p4'))
    client.socket.resume()
    const text = await client.until(ends('p4', 'abc'))
    expect(text.match(/x-request-id: \w+/g)).toEqual(['p1', 'p2', 'p3', 'p4'].map(id => `x-request-id: ${id}`))
    expect(text.split(large.toString())).toHaveLength(3)
    expect(seen).toEqual([])
    client.socket.end()
    await client.end()
  })

  it('comes whole and in order to one who asks for hundreds in one piece and takes nothing meanwhile', async () => {
    const body = 'abcdefgh'.repeat(1_900)
    const path = await stored(1, body)
    const client = await RawClient.connect(edge.url)
    client.socket.pause()
    const ids = Array.from({ length: 500 }, (_, i) => `p${i}`)
    client.send(ids.map(id => plain(path, id)).join(''))
    await until(async () => (await readers()) === 1)
    client.socket.resume()
    const text = await client.until(received => received.length > ids.length * body.length && received.endsWith(body))
    const answers = text.split('HTTP/1.1 200 OK\r\n').slice(1)
    expect(answers.map(answer => answer.slice(answer.indexOf('\r\n\r\n') + 4)).every(each => each === body)).toBe(true)
    expect(answers.map(answer => /x-request-id: (\w+)/.exec(answer)?.[1])).toEqual(ids)
    expect(seen).toEqual([])
    client.socket.destroy()
  })

  it('is counted as what was sent of it when its client leaves', async () => {
    const path = await stored(1, huge)
    const before = (await counts()).bytes_sent as number
    const client = await RawClient.get(edge.url, path)
    await client.until('xxxx')
    client.socket.resetAndDestroy()
    await client.end()
    await until(async () => (await counts()).bytes_sent !== before)
    expect(((await counts()).bytes_sent as number) - before).toBeLessThan(huge.length)
    expect((await control(edge, 'GET /state')).json).toMatchObject({ copies: { readers: 0 } })
  })

  it('is answered to a client that says at once that it has nothing more to say', async () => {
    const path = await stored(1, large)
    const client = await RawClient.get(edge.url, path)
    client.socket.end()
    expect((await client.end()).length).toBeGreaterThan(large.length)
    expect(seen).toEqual([])
  })

  it('that is dropped while it is sent is sent whole', async () => {
    const path = await stored(1, large)
    const client = await RawClient.connect(edge.url)
    client.socket.pause()
    client.send(plain(path, 'p1'))
    await until(async () => (await readers()) === 1)
    await control(edge, 'POST /flush', {})
    client.socket.resume()
    await client.until(ends('p1', large.toString()))
    await until(async () => (await readers()) === 0)
    expect((await control(edge, 'GET /state')).json).toMatchObject({ copies: { copies: 0, dropped: 0 } })
    client.socket.destroy()
  })
})

/** Asks until it is so. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(again => setImmediate(again))
}
const readers = async (): Promise<number> =>
  ((await control(edge, 'GET /state')).json.copies as { readers: number }).readers

describe('everything else', () => {
  it('goes to node:http, in the middle of a pipeline and with all that follows', async () => {
    const path = await stored(1, 'abc')
    const client = await RawClient.connect(edge.url)
    const other = requestText('GET', path, { 'x-request-id': 'p2', range: 'bytes=1-' })
    client.send(plain(path, 'p1') + other + plain(path, 'p3'))
    const text = await client.until(ends('p3', 'abc'))
    expect(text.match(/HTTP\/1.1 \d+|x-request-id: \w+/g)).toEqual([
      ...['HTTP/1.1 200', 'x-request-id: p1'],
      ...['HTTP/1.1 206', 'x-request-id: p2'],
      ...['HTTP/1.1 200', 'x-request-id: p3'],
    ])
    expect(seen).toEqual([path, path])
    client.send(plain(path, 'p4'))
    await client.until(/x-request-id: p4\r\n/)
    expect(seen).toHaveLength(3)
    client.socket.end()
    await client.end()
  })

  it('goes there too behind an answer that is still under way', async () => {
    const [one, two] = [await stored(1, large), await stored(2, 'abc')]
    const client = await RawClient.connect(edge.url)
    client.send(plain(one, 'p1') + requestText('HEAD', two, { 'x-request-id': 'p2' }) + plain(two, 'p3'))
    const text = await client.until(ends('p3', 'abc'))
    expect(text.match(/x-request-id: \w+/g)).toEqual(['p1', 'p2', 'p3'].map(id => `x-request-id: ${id}`))
    expect(seen).toEqual([two, two])
    client.socket.end()
    await client.end()
  })

  it('goes there byte by byte', async () => {
    const path = await stored(1, 'abc')
    const client = await RawClient.connect(edge.url)
    for (const letter of plain(path, 'p1')) {
      await new Promise<void>(done => void client.socket.write(letter, () => done()))
    }
    await client.until(ends('p1', 'abc'))
    expect(seen).toEqual([path])
    client.socket.end()
    await client.end()
  })

  it('is a segment before it is stored, and after it is gone', async () => {
    const path = segmentOf(origin.event)
    bodies.set(path, Buffer.from('abc'))
    const ask = async () => {
      const client = await RawClient.get(edge.url, path)
      await client.until('\r\n\r\nabc')
      client.socket.destroy()
      return seen.length
    }
    expect([await ask(), await ask()]).toEqual([1, 1])
    await control(edge, 'POST /flush', {})
    expect([await ask(), await ask()]).toEqual([2, 2])
    expect(origin.requests).toHaveLength(2)
  })

  it('is all of it where the configuration says so', async () => {
    await edge.close()
    edge = await edgeOf(origin, { fastPath: false })
    const path = await stored(1, 'abc')
    const client = await RawClient.get(edge.url, path)
    await client.until('\r\n\r\nabc')
    expect(seen).toEqual([path])
    client.socket.end()
    await client.end()
  })
})

describe('a connection', () => {
  it('on which no request comes ends with 408', async () => {
    await edge.close()
    edge = await edgeOf(origin, {}, { listener: { headersTimeout: 300 } })
    const client = await RawClient.connect(edge.url)
    expect(await client.end()).toMatch(/^HTTP\/1\.1 408 /)
    expect(await counts()).toMatchObject({ 'closed.slow_header': 1 })
  })

  it('that is kept for nothing ends in silence', async () => {
    await edge.close()
    edge = await edgeOf(origin, {}, { listener: { keepAliveTimeout: 100 } })
    const path = await stored(1, 'abc')
    const client = await RawClient.get(edge.url, path)
    const before = await client.until('\r\n\r\nabc')
    expect(await client.end()).toBe(before)
    expect(seen).toEqual([])
  })

  it('that has nothing more to ask ends in silence when the edge drains', async () => {
    const path = await stored(1, 'abc')
    const client = await RawClient.get(edge.url, path)
    const before = await client.until('\r\n\r\nabc')
    const closing = edge.close()
    expect(await client.end()).toBe(before)
    await closing
    edge = await edgeOf(origin)
  })

  it('with an answer under way gets it whole before a draining edge closes it', async () => {
    const path = await stored(1, large)
    const client = await RawClient.connect(edge.url)
    client.socket.pause()
    client.send(plain(path, 'p1'))
    await until(async () => (await readers()) === 1)
    const closing = edge.close()
    client.socket.resume()
    expect(ends('p1', large.toString())(await client.end())).toBe(true)
    await closing
    edge = await edgeOf(origin)
  })

  it('that takes nothing of an answer is reset', async () => {
    await edge.close()
    edge = await edgeOf(origin, {}, { slowReaderMs: 300 })
    const path = await stored(1, huge)
    const client = await RawClient.connect(edge.url)
    client.socket.pause()
    client.send(plain(path, 'p1'))
    await until(async () => (await counts())['closed.slow_reader'] === 1)
    client.socket.resume()
    expect((await client.end()).length).toBeLessThan(huge.length)
  })
})

describe('the decision log', () => {
  it('has the same lines as without the fast path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidegate-fast-path-'))
    const lines: unknown[][] = []
    for (const fastPath of [true, false]) {
      await edge.close()
      const file = join(folder, `${fastPath}.ndjson`)
      edge = await edgeOf(origin, { fastPath, decisionLog: file })
      const path = await stored(1, 'abc')
      const client = await RawClient.get(edge.url, path, { 'x-request-id': 'p1' })
      await client.until('\r\n\r\nabc')
      client.socket.end()
      await client.end()
      expect(seen).toEqual(fastPath ? [] : [path])
      await edge.close()
      const text = (await readFile(file, 'utf8')).trim().split('\n')
      const withoutInstants = (_: string, value: unknown) => (Number(value) > 1e12 ? 0 : value)
      const ofTheHit = text.slice(text.findIndex(line => line.includes('"hit"')))
      lines.push(ofTheHit.map(line => JSON.parse(line, withoutInstants)))
      edge = await edgeOf(origin)
    }
    expect(lines[0]).toEqual(lines[1])
    expect(lines[0]).toHaveLength(3)
    await rm(folder, { recursive: true })
  })
})

describe('a server that somebody listens to already', () => {
  it('gets no fast path', () => {
    const server = createServer().on('connection', () => undefined)
    expect(() => putFastPathBefore(server, {} as never)).toThrow('nobody listens to')
  })
})
