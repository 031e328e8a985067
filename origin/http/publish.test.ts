import { readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { OriginCore, originInputs } from '../core/origin-core.ts'
import { MemoryStore } from '../store/memory.ts'
import { eventOf, sendRaw, startTestOrigin, type TestOrigin, tokens, until } from './testing/test-origin.fixture.ts'

// Every answer of the publish side and of the operators' listener, over real sockets.

const target = (number: number | string, pipeline = 'a') => `/ingest/${pipeline}/cup/v1/${number}.m4s`
const head = (path: string, fields: string) =>
  `PUT ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokens.publish}\r\n${fields}\r\n`
const countsOf = async (origin: TestOrigin): Promise<Record<string, number>> =>
  JSON.parse((await origin.control('GET /record')).text).counts

let origin: TestOrigin
beforeAll(async () => {
  origin = await startTestOrigin(
    eventOf(4_500),
    {},
    { listener: { requestTimeout: 400, headersTimeout: 300, connectionsCheckingInterval: 50 } },
  )
})
afterAll(() => origin.close())

describe('a PUT', () => {
  it('is accepted once, accepted again as a retry, and in conflict with other bytes', async () => {
    const first = await origin.publish(1, 'one')
    expect([first.status, JSON.parse(first.text)]).toEqual([201, { reason: 'accepted', etag: first.headers.etag }])
    expect(first.headers.etag).toMatch(/^"a-[0-9a-f]{8}-3"$/)
    const again = await origin.publish(1, 'one')
    expect([again.status, JSON.parse(again.text).reason, again.headers.etag]).toEqual([
      200,
      'accepted-again',
      first.headers.etag,
    ])
    const other = await origin.publish(1, 'two')
    expect([other.status, JSON.parse(other.text).reason]).toEqual([409, 'conflict'])
    expect((await origin.get('/live/cup/v1/1.m4s')).text).toBe('one')
  })

  it.each([
    ['a wrong token', target(2), { authorization: 'Bearer wrong' }, 401, 'wrong-token'],
    ['no token', target(2), { authorization: '' }, 401, 'wrong-token'],
    ['an unknown pipeline', target(2, 'c'), {}, 404, 'unknown-pipeline'],
    ['an unknown event', '/ingest/a/other/v1/2.m4s', {}, 404, 'unknown-target'],
    ['an unknown rendition', '/ingest/a/cup/v9/2.m4s', {}, 404, 'unknown-target'],
    ['no address', '/ingest/a/cup/v1/-2.m4s', {}, 404, 'unknown-target'],
    ['a huge number', target('99999999999'), {}, 404, 'unknown-target'],
    ['a number that is none', target('two'), {}, 404, 'unknown-target'],
    ['a number outside of the event', target(0), {}, 404, 'outside-event'],
    ['a number before its capture', target(9), {}, 425, 'before-capture'],
    ['malformed defects', target(2), { 'live-defects': 'odd;ms=1' }, 400, 'bad-defects'],
    [
      'chunks instead of a length',
      target(2),
      { 'content-length': [], 'transfer-encoding': 'chunked' },
      411,
      'length-required',
    ],
  ])('with %s is refused', async (_, path, headers, status, reason) => {
    const reply = await origin.put(path, 'body', headers as Record<string, string>)
    expect([reply.status, JSON.parse(reply.text).reason]).toEqual([status, reason])
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  it('without a length is refused', async () => {
    expect(await sendRaw(origin.urls.publish, head(target(2), ''))).toMatch(/^HTTP\/1\.1 411 /)
  })

  it('that is too large is refused before its body is read', async () => {
    const answer = await sendRaw(
      origin.urls.publish,
      head(target(2), `Content-Length: ${limits.segmentBodyBytes + 1}\r\n`),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*"reason":"too-large"/)
  })

  it('is asked for its body only when it is wanted', async () => {
    const expecting = (number: number) =>
      head(target(number), 'Content-Length: 4\r\nExpect: 100-continue\r\nConnection: close\r\n')
    expect(await sendRaw(origin.urls.publish, expecting(9))).toMatch(/^HTTP\/1\.1 425 /)
    expect(await sendRaw(origin.urls.publish, `${expecting(2)}body`)).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /,
    )
  })

  it('that is torn stores nothing, and its retry is welcome', async () => {
    const { hostname, port } = new URL(origin.urls.publish)
    const before = (await countsOf(origin))['publishes.reason.torn'] ?? 0
    const socket = connect(Number(port), hostname, () => {
      socket.end(`${head(target(3), 'Content-Length: 10\r\n')}half`)
    })
    socket.on('error', () => socket.destroy())
    await until(async () => ((await countsOf(origin))['publishes.reason.torn'] ?? 0) > before)
    const state = JSON.parse((await origin.control('GET /state')).text)
    expect(state.store.candidates).toBe(2)
    expect((await origin.publish(3, 'whole body')).status).toBe(201)
    expect((await origin.get('/live/cup/v1/3.m4s')).text).toBe('whole body')
  })

  it('that is too slow is closed', async () => {
    const before = (await countsOf(origin))['publishes.reason.torn'] ?? 0
    await sendRaw(origin.urls.publish, `${head(target(2, 'b'), 'Content-Length: 10\r\n')}half`)
    await until(async () => ((await countsOf(origin))['publishes.reason.torn'] ?? 0) > before)
    expect(await sendRaw(origin.urls.publish, 'PUT /ingest')).toMatch(/^HTTP\/1\.1 408 /)
  })

  it.each([
    ['GET', `GET ${target(1)} HTTP/1.1\r\nHost: a\r\n\r\n`, 405],
    ['POST', `POST ${target(1)} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`, 405],
    ['dot segments', head('/ingest/a/cup/v1/../v1/2.m4s', 'Content-Length: 0\r\n'), 400],
    ['a length and chunks', head(target(2), 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n'), 400],
    ['two lengths', head(target(2), 'Content-Length: 4\r\nContent-Length: 5\r\n'), 400],
    ['over 100 fields', head(target(2), 'X: 1\r\n'.repeat(100)), 431],
  ])('of another kind: %s', async (_, text, status) => {
    expect(Number((await sendRaw(origin.urls.publish, text)).slice(9, 12))).toBe(status)
  })

  it('is answered with 503 when the store is full, and taken when there is room', async () => {
    const store = new MemoryStore(10)
    const small = await startTestOrigin(eventOf(500), {}, { store })
    const full = await small.publish(1, 'eleven bytes')
    expect([full.status, JSON.parse(full.text).reason]).toEqual([503, 'store-full'])
    expect((await small.publish(1, 'ten bytes.')).status).toBe(201)
    await small.close()
  })
})

describe('the control listener', () => {
  it('wants its token', async () => {
    const reply = await fetch(`${origin.urls.control}/state`, { headers: { authorization: 'Bearer no' } })
    expect(reply.status).toBe(401)
  })

  it('masks, lifts, invalidates, raises the version and notifies, in mid-event', async () => {
    const live = await startTestOrigin(eventOf(500))
    const whose = async () => (await live.get('/live/cup/v1/1.m4s')).headers['live-pipeline']
    for (const pipeline of ['a', 'b']) await live.publish(1, `of ${pipeline}`, pipeline)
    expect(await whose()).toBe('a')
    await live.control('POST /mask', { pipeline: 'a', from: 1, to: 5 })
    expect(await whose()).toBe('b')
    await live.control('POST /mask', { pipeline: 'b', from: 1, to: 5 })
    expect((await live.get('/live/cup/v1/1.m4s')).status).toBe(410)
    await live.control('POST /mask', { pipeline: 'a', from: 0, to: 9, lift: true })
    expect(await whose()).toBe('a')
    const invalidated = await live.control('POST /invalidate', { from: 1, to: 5, pipeline: 'a' })
    expect(JSON.parse(invalidated.text)).toEqual({ version: 1, sequence: 1 })
    await live.control('POST /version', {})
    await live.control('POST /notify', { type: 'ad-break', text: 'soon' })
    const { headers } = await live.get('/live/cup/v1/1.m4s')
    expect(headers['live-version']).toBe('2;sequence=1')
    expect(headers['live-notifications']).toMatch(
      /^"state";version=2;epoch=1;sequence=1, "ad-break";sequence=1;at-ms=\d+;text="soon"$/,
    )
    const event = JSON.parse((await live.get('/live/cup/event.json')).text)
    expect(event).toMatchObject({ version: 2, invalidations: [{ sequence: 1, from: 1, to: 5, pipeline: 'a' }] })
    await live.close()
  })

  it.each([
    ['POST /mask', { pipeline: 'a', from: 5, to: 1 }, /must not be smaller/],
    ['POST /mask', { pipeline: 'c', from: 1, to: 5 }, /no pipeline c/],
    ['POST /mask', { pipeline: 'a', rendition: 'v9', from: 1, to: 5 }, /no rendition v9/],
    ['POST /faults', { shred: true }, /shred/],
    ['POST /notify', { type: 'Bad Type' }, /type/],
  ])('%s with a mistake says what is wrong', async (command, body, words) => {
    const reply = await origin.control(command, body)
    expect(reply.status).toBe(400)
    expect(reply.text).toMatch(words)
  })

  it('starts the record anew', async () => {
    await origin.control('POST /reset', {})
    // The time that the process has used since is all that there is.
    expect(Object.keys(await countsOf(origin))).toEqual(['cpu_ms'])
  })
})

describe('the decision log', () => {
  it('holds all that is needed to decide the same again', async () => {
    const file = join(tmpdir(), `tidegate-origin-${process.pid}.ndjson`)
    const live = await startTestOrigin(eventOf(-500), { decisionLog: file })
    const waiting = live.get('/live/cup/v1/1.m4s', { 'x-request-id': 'a1-f1', 'live-edge': '"a1";site="a"' })
    await until(async () => JSON.parse((await live.control('GET /state')).text).holds === 1)
    await live.publish(1, 'one', 'a', 'short;ms=40')
    await live.publish(1, 'one of b', 'b')
    await waiting
    await live.get('/live/cup/v1/7.m4s')
    await live.control('POST /mask', { pipeline: 'b', from: 1, to: 1 })
    await live.close()
    const [first, ...lines] = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    await rm(file)
    expect(first).toMatchObject({ log: 'tidegate-decisions/1', role: 'origin', name: 'origin' })
    const core = new OriginCore(first.config) as unknown as Record<string, (...given: unknown[]) => unknown>
    const calls = lines.filter(line => line.call !== undefined)
    expect(calls.length).toBeGreaterThanOrEqual(9)
    for (const { call, with: given, gives } of calls) {
      expect(originInputs).toContain(call)
      expect(JSON.parse(JSON.stringify(core[call]?.(...given) ?? null)), call).toEqual(gives ?? null)
    }
    const notes = lines.filter(line => line.id === 'a1-f1')
    expect(notes).toMatchObject([
      { note: 'request', path: '/live/cup/v1/1.m4s', edge: 'a1', site: 'a', ticket: 1, verdict: { do: 'hold' } },
      { note: 'body', from: 'the publish that released it', bytes: 8 },
      { note: 'sent', status: 200, edge: 'a1', site: 'a' },
    ])
    expect(notes[2].lastByteMs).toBeGreaterThanOrEqual(notes[2].firstByteMs)
  })
})
