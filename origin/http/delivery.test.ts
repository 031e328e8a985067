import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { parseNotifications } from '../../live/notifications.ts'
import { partSchema } from '../../results/record/part.ts'
import { MemoryStore } from '../store/memory.ts'
import { StoreError } from '../store/segment-store.ts'
import { eventOf, sendRaw, startTestOrigin, type TestOrigin, until } from './testing/test-origin.fixture.ts'

// Every answer of the delivery side, over real sockets. Segment 1 was expected 20 s ago, the newest is 11.

const segment = (number: number, rendition = 'v1') => `/live/cup/${rendition}/${number}.m4s`
const held = async (origin: TestOrigin): Promise<number> => JSON.parse((await origin.control('GET /state')).text).holds
const reasonOf = (text: string): string => JSON.parse(text).reason

let origin: TestOrigin
beforeAll(async () => {
  origin = await startTestOrigin(eventOf(20_500, { dvrAfterMs: 12_000 }), {
    backlogUntilMs: Date.now() + 60_000,
    serverTiming: true,
  })
  for (let number = 1; number <= 10; number++) await origin.publish(number, `segment ${number}`)
})
afterAll(() => origin.close())

describe('a published segment', () => {
  it('says what it is, whose, and how long it may be kept', async () => {
    const { status, headers, text } = await origin.get(segment(9), { 'x-request-id': 'p1-2' })
    expect([status, text]).toEqual([200, 'segment 9'])
    expect(headers).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '9',
      'accept-ranges': 'bytes',
      'live-pipeline': 'a',
      'live-region': 'eu',
      'live-version': '1;sequence=0',
      'access-control-allow-origin': '*',
      'x-request-id': 'p1-2',
    })
    expect(headers.etag).toMatch(/^"a-[0-9a-f]{8}-9"$/)
    expect(headers['live-defects']).toBeUndefined()
    expect(headers['cache-control']).toMatch(/^max-age=29[0-9]$/)
    expect(headers['cdn-cache-control']).toMatch(/^max-age=29[0-9], max-age-ms=29[0-9]{4}$/)
    expect(headers['cmsd-static']).toMatch(/^at=[0-9]{13},d=2000,ot=v,st=l$/)
    expect(headers['server-timing']).toMatch(/^hold;dur=0.0, origin;dur=/)
    expect(parseNotifications(headers['live-notifications'] as string)?.notifications).toEqual([])
  })

  it('is answered to HEAD without its body', async () => {
    const whole = await origin.get(segment(9))
    const head = await origin.get(segment(9), {}, 'HEAD')
    expect([head.status, head.text]).toEqual([200, ''])
    for (const field of ['content-length', 'etag', 'content-type']) {
      expect(head.headers[field]).toBe(whole.headers[field])
    }
  })

  it('is given in part', async () => {
    const { status, headers, text } = await origin.get(segment(9), { range: 'bytes=2-4' })
    expect([status, text, headers['content-range'], headers['content-length']]).toEqual([
      206,
      'gme',
      'bytes 2-4/9',
      '3',
    ])
    const several = await origin.get(segment(9), { range: 'bytes=0-1,4-5' })
    expect([several.status, several.text]).toEqual([200, 'segment 9'])
  })

  it('says how long it is when the range lies behind its end, and that is not kept', async () => {
    const { status, headers } = await origin.get(segment(9), { range: 'bytes=9-' })
    expect(status).toBe(416)
    expect(headers).toMatchObject({ 'content-range': 'bytes */9', 'cache-control': 'no-store' })
  })

  it('is given in part only of the body that If-Range names', async () => {
    const { etag } = (await origin.get(segment(9))).headers as { etag: string }
    const same = await origin.get(segment(9), { range: 'bytes=2-4', 'if-range': etag })
    expect([same.status, same.text]).toEqual([206, 'gme'])
    for (const other of ['"b-1"', `W/${etag}`]) {
      expect((await origin.get(segment(9), { range: 'bytes=2-4', 'if-range': other })).status).toBe(200)
    }
  })

  it('is not sent again to who has it', async () => {
    const { etag } = (await origin.get(segment(9))).headers as { etag: string }
    const { status, headers, text } = await origin.get(segment(9), { 'if-none-match': `"x", ${etag}` })
    expect([status, text, headers.etag]).toEqual([304, '', etag])
    expect((await origin.get(segment(9), { 'if-none-match': '"x"' })).status).toBe(200)
  })

  it('names its defects', async () => {
    for (const pipeline of ['a', 'b']) await origin.publish(11, `defective ${pipeline}`, pipeline, 'short;ms=40')
    const { headers, text } = await origin.get(segment(11))
    expect([text, headers['live-defects'], headers['live-pipeline']]).toEqual(['defective a', 'short;ms=40', 'a'])
  })
})

describe('what there is not', () => {
  it.each([
    ['/live/cup/v1/0.m4s', 404, 'outside-event', 60_000],
    ['/live/cup/v9/9.m4s', 404, 'unknown-rendition', 60_000],
    ['/live/other/v1/9.m4s', 404, 'unknown-event', 60_000],
    ['/nothing', 404, 'not-an-address', 60_000],
    ['/live/cup/v1/009.m4s', 404, 'not-an-address', 60_000],
  ])('%s: %i %s', async (path, status, reason, lifetimeMs) => {
    const reply = await origin.get(path)
    expect(reply.headers['live-version'], 'speaks of its own event only').toBe(
      path.startsWith('/live/cup/v') && !path.includes('/009') ? '1;sequence=0' : undefined,
    )
    expect([reply.status, reasonOf(reply.text)]).toEqual([status, reason])
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.headers['cdn-cache-control']).toBe(`max-age=60, max-age-ms=${lifetimeMs}`)
  })

  it('says when a future segment may be asked for', async () => {
    const { status, text, headers } = await origin.get(segment(14))
    const problem = JSON.parse(text)
    expect([status, problem.reason]).toEqual([404, 'too-early'])
    const [, exactMs] = /max-age-ms=(\d+)$/.exec(headers['cdn-cache-control'] as string) ?? []
    // Segment 14 is due when its capture ends, 1 s before 27 s after segment 1's expected publication.
    expect(Number(exactMs)).toBeLessThanOrEqual(4_500)
    expect(problem['ask-again-in-ms']).toBeLessThanOrEqual(4_501)
  })

  it('is refused to who knows a newer state of the event', async () => {
    const { status, text, headers } = await origin.get(segment(9), { 'live-version': '2;sequence=0' })
    expect([status, reasonOf(text), headers['cache-control']]).toEqual([503, 'out-of-date', 'no-store'])
  })

  it('is gone once its deadline has passed', async () => {
    const late = await startTestOrigin(eventOf(60_000))
    const { status, text } = await late.get(segment(1))
    expect([status, reasonOf(text)]).toEqual([410, 'never-made'])
    expect((await late.publish(1, 'too late')).status).toBe(410)
    await late.close()
  })
})

describe('what describes the event', () => {
  it.each([
    ['manifest.mpd', 'application/dash+xml', /<MPD /],
    ['main.m3u8', 'application/vnd.apple.mpegurl', /^#EXTM3U/],
    ['event.json', 'application/json', /"event":"cup"/],
    ['v1/index.m3u8', 'application/vnd.apple.mpegurl', /10\.m4s/],
  ])('%s', async (file, contentType, text) => {
    const reply = await origin.get(`/live/cup/${file}`)
    expect([reply.status, reply.headers['content-type']]).toEqual([200, contentType])
    expect(reply.text).toMatch(text)
    expect(reply.headers['cdn-cache-control']).toMatch(/max-age-ms=\d+$/)
    const again = await origin.get(`/live/cup/${file}`, { 'if-none-match': '*' })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  it('has initialisation segments, once they were put', async () => {
    expect((await origin.get('/live/cup/a1/init.mp4')).status).toBe(404)
    await origin.put('/ingest/b/cup/a1/init.mp4', 'init of b')
    await origin.put('/ingest/a/cup/a1/init.mp4', 'init of a')
    const { status, text, headers } = await origin.get('/live/cup/a1/init.mp4')
    expect([status, text, headers['content-type'], headers['live-pipeline']]).toEqual([
      200,
      'init of b',
      'audio/mp4',
      'b',
    ])
    expect(headers['cmsd-static']).toMatch(/^at=\d+,ot=i,st=l$/)
  })
})

describe('a due segment', () => {
  let live: TestOrigin
  // Segment 1 is expected in half a second: it is due since then.
  beforeAll(async () => {
    live = await startTestOrigin(eventOf(-500))
  })
  afterAll(() => live.close())

  it('is held and released to all with the body, the part or the head that each asked for', async () => {
    const replies = Promise.all([
      live.get(segment(1), { 'live-edge': '"a1";site="a"' }),
      live.get(segment(1), { 'live-edge': '"b1";site="b"', range: 'bytes=0-3' }),
      live.get(segment(1), {}, 'HEAD'),
    ])
    await until(async () => (await held(live)) === 3)
    expect((await live.publish(1, 'published')).status).toBe(201)
    const [whole, part, head] = await replies
    expect([whole.status, whole.text, part.status, part.text, head.status, head.text]).toEqual([
      200,
      'published',
      206,
      'publ',
      200,
      '',
    ])
    expect(whole.headers['cmsd-static']).toMatch(/,ht=\d+,/)
    const part1 = partSchema.parse(JSON.parse((await live.control('GET /record')).text))
    expect(part1.counts).toMatchObject({ 'requests.reason.held': 3, held_max: 3, 'requests.segment': 3 })
    expect(part1.counts.holds_over_bound).toBeUndefined()
    const bySite = Object.fromEntries(part1.segments.map(counts => [counts.site, counts]))
    expect(bySite).toMatchObject({
      a: { rendition: 'v1', number: 1, fills: 1, probes: 0, beforePublication: 1 },
      b: { fills: 0, probes: 1, beforePublication: 1 },
      '-': { fills: 0, probes: 1 },
    })
    expect(bySite.a?.publishedMs).toBeGreaterThan(1_000_000_000_000)
  })

  it('forgets who leaves', async () => {
    const short = await startTestOrigin(eventOf(-500))
    const { hostname, port } = new URL(short.urls.delivery)
    const socket = connect(Number(port), hostname, () => socket.write(`GET ${segment(1)} HTTP/1.1\r\nHost: a\r\n\r\n`))
    await until(async () => (await held(short)) === 1)
    socket.destroy()
    await until(async () => (await held(short)) === 0)
    expect((await short.publish(1, 'x')).status).toBe(201)
    await short.close()
  })

  it('is refused when its hold ends without it, and not held again', async () => {
    const late = await startTestOrigin(eventOf(-500, { longestHoldMs: 60 }))
    const first = await late.get(segment(1))
    expect([first.status, reasonOf(first.text)]).toEqual([404, 'hold-ended'])
    const second = await late.get(segment(1))
    expect([second.status, reasonOf(second.text)]).toEqual([404, 'overdue'])
    const [, exactMs] = /max-age-ms=(\d+)$/.exec(second.headers['cdn-cache-control'] as string) ?? []
    expect(Number(exactMs)).toBeGreaterThanOrEqual(limits.overdueLowMs)
    expect(Number(exactMs)).toBeLessThanOrEqual(limits.overdueHighMs)
    await late.close()
  })
})

describe('draining', () => {
  it('lets what is held end by itself, and then the connection', async () => {
    const ending = await startTestOrigin(eventOf(-500, { longestHoldMs: 200 }))
    const waiting = ending.get(segment(1), { connection: 'keep-alive' })
    await until(async () => (await held(ending)) === 1)
    const closed = ending.close()
    const { status, text, headers } = await waiting
    expect([status, reasonOf(text), headers.connection]).toEqual([404, 'hold-ended', 'close'])
    await closed
    await expect(ending.get(segment(1))).rejects.toThrow('ECONNREFUSED')
  })
})

describe('trouble', () => {
  it('of the store is answered with 503 and kept by nobody', async () => {
    class Failing extends MemoryStore {
      override async get(): Promise<Uint8Array> {
        throw new StoreError('unavailable', 'the test says so')
      }
    }
    const failing = await startTestOrigin(eventOf(500), {}, { store: new Failing() })
    await failing.publish(1, 'x')
    const { status, text, headers } = await failing.get(segment(1))
    expect([status, reasonOf(text), headers['cache-control']]).toEqual([503, 'store-failed', 'no-store'])
    expect((await failing.get(segment(1), {}, 'HEAD')).status).toBe(200)
    await failing.close()
  })

  it('of a client that takes nothing: it is closed', async () => {
    const slow = await startTestOrigin(eventOf(500), {}, { slowReaderMs: 100 })
    await slow.publish(1, Buffer.alloc(16_000_000))
    const { hostname, port } = new URL(slow.urls.delivery)
    const socket = connect(Number(port), hostname, () => socket.write(`GET ${segment(1)} HTTP/1.1\r\nHost: a\r\n\r\n`))
    socket.on('error', () => socket.destroy())
    socket.pause()
    const probes = async () => JSON.parse((await slow.control('GET /record')).text).segments[0]?.probes
    await until(async () => (await probes()) === 1)
    socket.destroy()
    await slow.close()
  })

  it.each([
    ['two Hosts', `GET ${segment(9)} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, 400],
    ['an empty Host', `GET ${segment(9)} HTTP/1.1\r\nHost:\r\n\r\n`, 400],
    ['an absolute form', `GET http://a${segment(9)} HTTP/1.1\r\nHost: a\r\n\r\n`, 400],
    ['an empty segment', `GET /${segment(9)} HTTP/1.1\r\nHost: a\r\n\r\n`, 400],
    ['a dot segment', 'GET /live/cup/v1/../v1/9.m4s HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a hidden dot segment', 'GET /live/cup/%2e%2e/v1/9.m4s HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a hidden NUL', 'GET /live/cup/v1/9.m4s%00 HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a NUL', 'GET /live/cup/v1/9\0.m4s HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['TRACE', `TRACE ${segment(9)} HTTP/1.1\r\nHost: a\r\n\r\n`, 405],
    ['PURGE', `PURGE ${segment(9)} HTTP/1.1\r\nHost: a\r\n\r\n`, 405],
    ['PUT', `PUT ${segment(9)} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`, 405],
    [
      'GET with a body',
      `GET ${segment(9)} HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n`,
      400,
    ],
    ['over 100 fields', `GET ${segment(9)} HTTP/1.1\r\nHost: a\r\n${'X: 1\r\n'.repeat(100)}\r\n`, 431],
  ])('of a request: %s', async (_, text, status) => {
    const answer = await sendRaw(origin.urls.delivery, text)
    expect(Number(answer.slice(9, 12))).toBe(status)
    expect(answer.match(/HTTP\/1\.1/g), 'one answer, then the connection ends').toHaveLength(1)
    expect((await origin.get(segment(9))).status, 'the next good request is served').toBe(200)
  })

  it('of switches: slow, shed and down', async () => {
    await origin.control('POST /faults', { slowMs: 40 })
    const slow = await origin.get(segment(9))
    expect(slow.headers['cmsd-dynamic']).toBe('"origin";rd=40')
    expect(Number(/origin;dur=([\d.]+)/.exec(slow.headers['server-timing'] as string)?.[1])).toBeGreaterThanOrEqual(38)
    await origin.control('POST /faults', { slowMs: 0, shed: true })
    const shed = await origin.get(segment(1))
    expect([shed.status, reasonOf(shed.text)]).toEqual([503, 'shed'])
    expect(shed.headers['cdn-cache-control']).toMatch(/^max-age=5, max-age-ms=5\d{3}$/)
    expect((await origin.get(segment(10))).headers['cmsd-dynamic']).toBe('"origin";du')
    await origin.control('POST /faults', { shed: false, down: true })
    const down = await origin.get(segment(10))
    expect([down.status, reasonOf(down.text)]).toEqual([503, 'origin-down'])
    await origin.control('POST /faults', { down: false })
    expect((await origin.get(segment(10))).status).toBe(200)
  })
})
