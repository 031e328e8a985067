import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient, requestText } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// One edge over real sockets, in front of an origin that the test plays.

let origin: TestOrigin
let edge: RunningEdge
let path: string

beforeEach(async () => {
  origin = await TestOrigin.start()
  edge = await edgeOf(origin)
  path = segmentOf(origin.event)
})
afterEach(async () => {
  await origin.upstream.close()
  await edge.close()
})

const get = (fields: Record<string, string> = {}, of = path) => RawClient.get(edge.url, of, fields)
/** Asks and closes the connection behind the answer, so that `end` gives all of it. */
const getWhole = async (fields: Record<string, string> = {}, of = path) =>
  (await get({ connection: 'close', ...fields }, of)).end()
const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4)
/** Asks for the segment once, so that a copy of it is stored. */
async function fill(body = 'abcdefghij', fields: Record<string, string | number> = {}): Promise<void> {
  const asking = getWhole()
  ;(await origin.next()).say(answerHead(200, { ...keptFields(body.length), ...fields }), body)
  expect(bodyOf(await asking)).toBe(body)
}
/** Resolves when as many requests wait at the edge. */
async function waiting(count: number): Promise<void> {
  while ((await control(edge, 'GET /state')).json.waiting !== count) await new Promise(setImmediate)
}

describe('filling', () => {
  it('streams one fill to all who wait, while it arrives', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => get()))
    const request = await origin.next()
    await waiting(20)
    request.say(answerHead(200, keptFields(10)), 'abcde')
    const late = await get()
    for (const client of [...clients, late]) await client.until('abcde')
    request.say('fghij')
    for (const client of [...clients, late]) expect(bodyOf(await client.until('fghij'))).toBe('abcdefghij')
    expect(origin.requests).toHaveLength(1)
    expect(clients[1]?.received).toMatch(/cache-status: .*collapsed/)
  })

  it('says who asks, for what state and by what name', async () => {
    const asking = get()
    const { fields, say } = await origin.next()
    expect(fields).toMatchObject({
      'x-request-id': 'a1-f1',
      'live-edge': '"a1";site="a"',
      'live-version': '1;sequence=0',
      'accept-encoding': 'identity',
    })
    expect(fields).not.toHaveProperty('cdn-loop')
    say(answerHead(200, keptFields(1)), 'x')
    await (await asking).until('x-request-id: a1-r1')
  })

  it('goes on when the client that began it leaves', async () => {
    const leader = await get()
    const request = await origin.next()
    const follower = await get()
    await waiting(2)
    leader.socket.destroy()
    await waiting(1)
    request.say(answerHead(200, keptFields(3)), 'abc')
    await follower.until('abc')
    expect(bodyOf(await getWhole())).toBe('abc')
    expect(origin.requests).toHaveLength(1)
  })

  it('keeps what it has filled although everybody left', async () => {
    const leader = await get()
    const request = await origin.next()
    request.say(answerHead(200, keptFields(6)), 'abc')
    await leader.until('abc')
    leader.socket.destroy()
    request.say('def')
    expect(bodyOf(await getWhole())).toBe('abcdef')
    expect(origin.requests).toHaveLength(1)
  })

  it('hands the short 404 of an ended hold to all who waited', async () => {
    const clients = await Promise.all([get(), get(), get()])
    const request = await origin.next()
    await waiting(3)
    const short = { 'content-length': 2, 'cdn-cache-control': 'max-age=0, max-age-ms=400', 'live-version': '1' }
    request.say(answerHead(404, short), '{}')
    for (const client of clients) {
      const answer = await client.until('{}')
      expect(answer).toMatch(/^HTTP\/1.1 404 /)
      expect(answer).toMatch(/cache-control: no-store/i)
    }
    expect(origin.requests).toHaveLength(1)
  })
})

describe('delivery', () => {
  it('answers from storage with its name, age and lifetime', async () => {
    await fill()
    const answer = await getWhole({ 'x-request-id': 'p1-2' })
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    for (const field of [
      'x-request-id: p1-2',
      'content-length: 10',
      'etag: "one"',
      'age: 0',
      'access-control-allow-origin: \\*',
      'live-pipeline: a',
      'cache-status: a1;hit;.*detail=hit',
    ]) {
      expect(answer).toMatch(new RegExp(`\r\n${field}\r\n`, 'i'))
    }
    expect(origin.requests).toHaveLength(1)
  })

  it('answers HEAD, conditions and ranges out of one full copy', async () => {
    await fill()
    const client = await RawClient.connect(edge.url)
    client.send(requestText('HEAD', path))
    expect(bodyOf(await client.until(/content-length: 10\r\n.*\r\n\r\n/is))).toBe('')
    expect(await getWhole({ 'if-none-match': '"one"' })).toMatch(/^HTTP\/1.1 304 .*\r\n\r\n$/s)
    const part = await getWhole({ range: 'bytes=3-5' })
    expect(part).toMatch(/^HTTP\/1.1 206 .*content-range: bytes 3-5\/10\r\n/s)
    expect(bodyOf(part)).toBe('def')
    expect(bodyOf(await getWhole({ range: 'bytes=-2' }))).toBe('ij')
    expect(bodyOf(await getWhole({ range: 'bytes=3-5', 'if-range': '"two"' }))).toBe('abcdefghij')
    const beyond = await getWhole({ range: 'bytes=10-' })
    expect(beyond).toMatch(/^HTTP\/1.1 416 .*content-range: bytes \*\/10\r\n/s)
    expect(origin.requests).toHaveLength(1)
  })

  it('lets HEAD and ranges join the full fill', async () => {
    const part = await get({ range: 'bytes=4-6' })
    const request = await origin.next()
    expect(request.fields).not.toHaveProperty('range')
    const head = await RawClient.connect(edge.url)
    head.send(requestText('HEAD', path))
    await waiting(2)
    request.say(answerHead(200, keptFields(10)), 'abcd')
    await head.until(/^HTTP\/1.1 200 .*\r\n\r\n$/s)
    expect(part.received).toBe('')
    request.say('ef')
    expect(bodyOf(await part.until('ef'))).toBe('ef')
    request.say('ghij')
    expect(bodyOf(await part.until('efg'))).toBe('efg')
    expect(origin.requests).toHaveLength(1)
  })

  it('sends a body without a length in chunks, and answers ranges of it when it has all', async () => {
    const whole = await get()
    const request = await origin.next()
    const { 'content-length': _, ...fields } = keptFields(0)
    request.say(answerHead(200, { ...fields, 'transfer-encoding': 'chunked' }), '3\r\nabc\r\n')
    expect(await whole.until('abc')).toMatch(/transfer-encoding: chunked/i)
    const part = await get({ range: 'bytes=1-' })
    request.say('2\r\nde\r\n0\r\n\r\n')
    expect(bodyOf(await part.until('bcde'))).toBe('bcde')
    expect(part.received).toMatch(/content-range: bytes 1-4\/5/)
  })

  it('closes a client that takes nothing', async () => {
    await edge.close()
    edge = await edgeOf(origin, {}, { slowReaderMs: 150 })
    const slow = await get()
    slow.socket.pause()
    const request = await origin.next()
    const body = Buffer.alloc(24 * 1024 * 1024, 'x')
    request.say(answerHead(200, keptFields(body.length)), body)
    const quick = await get({ connection: 'close' })
    expect(bodyOf(await quick.end()).length).toBe(body.length)
    for (let readers = 1; readers > 0; ) {
      const { json } = await control(edge, 'GET /state')
      readers = (json.copies as { readers: number }).readers
    }
    slow.socket.resume()
    expect((await slow.end()).length).toBeLessThan(body.length)
  })
})

describe('a fill that breaks', () => {
  it('is resumed once, unseen by those who read', async () => {
    const [first, second] = await Promise.all([get(), get()])
    const broken = await origin.next()
    await waiting(2)
    broken.say(answerHead(200, keptFields(10)), 'abcd')
    await first.until('abcd')
    broken.socket.destroy()
    const rest = await origin.next()
    expect(rest.fields).toMatchObject({ range: 'bytes=4-', 'if-range': '"one"' })
    const fields = { ...keptFields(6), 'content-range': 'bytes 4-9/10' }
    rest.say(answerHead(206, fields), 'efghij')
    for (const client of [first, second]) {
      const answer = await client.until('efghij')
      expect(answer).toMatch(/^HTTP\/1.1 200 /)
      expect(bodyOf(answer)).toBe('abcdefghij')
    }
    expect(bodyOf(await getWhole())).toBe('abcdefghij')
    expect(origin.requests).toHaveLength(2)
  })

  it('never splices another body onto what it has', async () => {
    const begun = await get()
    const broken = await origin.next()
    const waitsForMore = await get({ range: 'bytes=8-9' })
    await waiting(2)
    broken.say(answerHead(200, keptFields(10)), 'abcd')
    await begun.until('abcd')
    broken.socket.destroy()
    ;(await origin.next()).say(answerHead(200, keptFields(10, '"two"')), 'ABCDEFGHIJ')
    expect(bodyOf(await begun.end())).toBe('abcd')
    const answer = await waitsForMore.until('IJ')
    expect(answer).toMatch(/etag: "two"/i)
    expect(bodyOf(await getWhole())).toBe('ABCDEFGHIJ')
  })

  it('shares its second failure, and keeps nothing of the torn body', async () => {
    const clients = await Promise.all([get(), get(), get()])
    const first = await origin.next()
    await waiting(3)
    first.say(answerHead(200, keptFields(10)), 'abcd')
    for (const client of clients) await client.until('abcd')
    first.socket.destroy()
    ;(await origin.next()).socket.destroy()
    for (const client of clients) expect(bodyOf(await client.end())).toBe('abcd')
    const shared = await getWhole()
    expect(shared).toMatch(/^HTTP\/1.1 50[234] /)
    expect(shared).toContain('"reason":"shared-failure"')
    expect(origin.requests).toHaveLength(2)
  })

  it.each([
    ['a 206 to a full GET', answerHead(206, { ...keptFields(3), 'content-range': 'bytes 0-2/3' })],
    ['a 304 to an unconditional GET', answerHead(304)],
    ['a body without an end', answerHead(200, { etag: '"a"' })],
    ['status 600', answerHead(600, { 'content-length': 3 })],
  ])('fails on %s, for all who wait, and asks twice in all', async (_, answer) => {
    const clients = [await get({ connection: 'close' }), await get({ connection: 'close' })]
    await waiting(2)
    for (let i = 0; i < 2; i++) (await origin.next()).say(answer, 'abc')
    for (const client of clients) expect(await client.end()).toMatch(/^HTTP\/1.1 50[234] /)
    expect(origin.requests).toHaveLength(2)
  })
})

describe('bad input', () => {
  it.each([
    ['a path with dots', 'GET /live/show/../x HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'refused-malformed'],
    ['another method', 'PURGE /x HTTP/1.1\r\nHost: a\r\n\r\n', 405, 'refused-method'],
    [
      'a request that was here before',
      requestText('GET', '/x', { 'CDN-Loop': 'tidegate;edge="a1"' }),
      508,
      'refused-loop',
    ],
  ])('refuses %s', async (_, text, status, reason) => {
    const client = await RawClient.connect(edge.url)
    client.send(text)
    const answer = await client.end()
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(answer).toContain(`"reason":"${reason}"`)
    expect(origin.requests).toHaveLength(0)
  })

  it('does not take the body of a GET for a second request (CVE-2025-4366)', async () => {
    await fill()
    const client = await RawClient.connect(edge.url)
    const inner = requestText('GET', '/hidden')
    client.send(requestText('GET', path, { 'Content-Length': String(inner.length) }) + inner + requestText('GET', path))
    const answer = await client.end()
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(origin.requests.some(request => request.path === '/hidden')).toBe(false)
  })

  it('answers pipelined requests in their order', async () => {
    await fill()
    const client = await RawClient.connect(edge.url)
    for (let i = 0; i < 50; i++) client.send(requestText('GET', path, { 'X-Request-Id': `p1-${i}` }))
    client.send(requestText('GET', path, { 'X-Request-Id': 'last', Connection: 'close' }))
    const names = (await client.end()).match(/x-request-id: \S+/gi)
    expect(names).toEqual([...Array.from({ length: 50 }, (_, i) => `x-request-id: p1-${i}`), 'x-request-id: last'])
    expect(origin.requests).toHaveLength(1)
  })

  it('refuses numbers that cannot be, without asking anybody', async () => {
    const answer = await getWhole({}, '/live/show/v1/999999.m4s')
    expect(answer).toMatch(/^HTTP\/1.1 404 /)
    expect(answer).toContain('"reason":"refused-too-early"')
    expect(origin.requests).toHaveLength(0)
  })
})
