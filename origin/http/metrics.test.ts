import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configurationOf } from './main.ts'
import { eventOf, sendRaw, startTestOrigin, type TestOrigin } from './testing/test-origin.fixture.ts'

// What an origin shows to those who look from outside: metrics, probes, access log; over real sockets.

let folder = ''
let origin: TestOrigin
let closed = false
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-origin-log-'))
  closed = false
})
afterEach(async () => {
  if (!closed) await origin.close()
  await rm(folder, { recursive: true })
})

const scrape = async (): Promise<string> => (await fetch(`${origin.urls.metrics}/metrics`)).text()
async function series(name: string, labels = ''): Promise<number | undefined> {
  const all = `${labels}${labels === '' ? '' : ','}role="origin",name="origin"`
  const line = (await scrape()).split('\n').find(text => text.startsWith(`${name}{${all}} `))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}
const segment = (number: number) => `/live/cup/v1/${number}.m4s`
/** An event of which segment 5 is due now and not published. */
const dueSegment = 5
const start = async (changes: object) => {
  origin = await startTestOrigin(eventOf(7_500), changes)
  await origin.publish(4, 'segment four')
}

describe('the metrics of an origin', () => {
  it('show what is held while it is held, and each request once when it has ended', async () => {
    await start({ metricsPort: 0 })
    const held = origin.get(segment(dueSegment))
    await vi.waitFor(async () => expect(await series('tidegate_held')).toBe(1))
    await origin.publish(dueSegment, 'segment five')
    expect((await held).text).toBe('segment five')
    await origin.get(segment(4))
    await origin.get('/live/other/v1/1.m4s')
    const answers = (status: number, reason: string) =>
      series('tidegate_requests_total', `status="${status}",reason="${reason}"`)
    await vi.waitFor(async () => expect(await answers(404, 'unknown-event')).toBe(1))
    expect(await answers(200, 'published')).toBe(2)
    expect(await series('tidegate_held')).toBe(0)
    expect(await series('tidegate_publishes_total', 'reason="accepted"')).toBe(2)
    expect(await series('tidegate_stored_bytes')).toBe(24)
    expect(await series('tidegate_request_duration_seconds_count')).toBe(3)
    expect(await series('tidegate_connections', 'listener="publish"')).toBeGreaterThanOrEqual(0)
    expect(await series('tidegate_bytes_sent_total')).toBeGreaterThan(24)
  })

  it('are off unless a port is named', async () => {
    await start({})
    expect(origin.urls.metrics).toBeUndefined()
    const flags = { event: undefined, accessLog: 'o.log', metricsPort: 0 }
    expect(() => configurationOf({ ...flags, accessLogFormat: 'xml' })).toThrow('accessLog.format')
  })
})

describe('the probes of an origin', () => {
  it('are answered on the delivery side, and not counted', async () => {
    await start({ metricsPort: 0 })
    expect((await origin.get('/healthz')).text).toBe('alive\n')
    const ready = await origin.get('/readyz')
    expect([ready.status, ready.text, ready.headers['cache-control']]).toEqual([200, 'ready\n', 'no-store'])
    expect((await origin.get('/readyz', {}, 'HEAD')).status).toBe(200)
    expect(await scrape()).not.toMatch(/^tidegate_requests_total{/m)
    expect((await fetch(`${origin.urls.publish}/healthz`)).status).not.toBe(200)
  })

  it('say so when the origin refuses, and leave to the rest what HTTP does not allow', async () => {
    await start({})
    await origin.control('POST /faults', { down: true })
    expect((await origin.get('/readyz')).status).toBe(503)
    expect((await origin.get('/healthz')).status).toBe(200)
    expect((await origin.get('/healthz', {}, 'DELETE')).status).toBe(405)
    const refused = await sendRaw(
      origin.urls.delivery,
      'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
    )
    expect(refused).toMatch(/^HTTP\/1.1 400 /)
    expect(refused).not.toContain('alive')
  })
})

describe('the access log of an origin', () => {
  it('has the delivery side, with what was held and for how long', async () => {
    const file = join(folder, 'access.log')
    await start({ accessLog: { file } })
    const held = origin.get(segment(dueSegment), { 'x-request-id': 'a1-f1', 'user-agent': 'edge' })
    await vi.waitFor(async () =>
      expect(JSON.parse((await origin.control('GET /state')).text)).toMatchObject({ holds: 1 }),
    )
    await origin.publish(dueSegment, 'segment five')
    await held
    await origin.get(segment(4), { 'x-request-id': 'a1-f2' }, 'HEAD')
    const etag = (await origin.get(segment(4), { 'x-request-id': 'a1-f3', range: 'bytes=0-6' })).headers.etag
    await origin.get(segment(4), { 'x-request-id': 'a1-f4', 'if-none-match': etag })
    await sendRaw(origin.urls.delivery, 'GET /a/../b HTTP/1.1\r\nHost: a\r\nX-Request-Id: a1-f5\r\n\r\n')
    await origin.close()
    closed = true
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
    const of = (id: string) => lines.find(line => line.includes(` rid=${id} `)) ?? ''
    expect(lines).toHaveLength(5)
    expect(of('a1-f1')).toMatch(/^127\.0\.0\.1 .* 200 12 "-" "edge" rt=\d\.\d{3} uht=\d\.\d{3} ucs=- reason=published /)
    expect(of('a1-f2')).toMatch(/"HEAD .* 200 0 "-" "-" rt=0\.\d{3} uht=- ucs=- reason=published /)
    expect(of('a1-f3')).toContain(' 206 7 ')
    expect(of('a1-f4')).toMatch(/ 304 0 .* reason=not-modified /)
    expect(of('a1-f5')).toMatch(/"GET \/a\/\.\.\/b HTTP\/1\.1" 400 \d+ .* reason=malformed /)
  })
})
