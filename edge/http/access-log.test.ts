import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigurationError } from '../../process/configuration.ts'
import { configurationOf } from './main.ts'
import type { RunningEdge } from './start.ts'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient, requestText } from './testing/raw-client.ts'
import { answerHead } from './testing/scripted-upstream.ts'

// What an edge writes down of real requests, in both formats.

let origin: TestOrigin
let edge: RunningEdge
let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-edge-log-'))
  origin = await TestOrigin.start()
  path = segmentOf(origin.event)
})
afterEach(async () => {
  await origin.upstream.close()
  await edge.close()
  await rm(folder, { recursive: true })
})

const startWith = async (format: 'combined' | 'json') => {
  edge = await edgeOf(origin, { accessLog: { file: join(folder, 'access.log'), format } })
}
const get = (id: string, of = path, fields: Record<string, string> = {}) =>
  RawClient.get(edge.url, of, { 'x-request-id': id, connection: 'close', ...fields })
/** The log's lines, when there are so many. */
const linesOnceThere = (count: number) =>
  vi.waitFor(async () => {
    const lines = (await readFile(join(folder, 'access.log'), 'utf8')).split('\n').slice(0, -1)
    expect(lines).toHaveLength(count)
    return lines
  })
/** A fill that two wait for, and then a hit. */
async function threeOfOneSegment(): Promise<void> {
  const first = await get('p1-1')
  const request = await origin.next()
  const second = await get('p2-1')
  await vi.waitFor(async () => expect((await control(edge, 'GET /state')).json).toMatchObject({ waiting: 2 }))
  request.say(answerHead(200, keptFields(5)), 'hello')
  await Promise.all([first.end(), second.end()])
  await (await get('p3-1', path, { 'user-agent': 'a"b', referer: 'https://a.example/' })).end()
}

describe('the access log of an edge', () => {
  it("has fills, hits and refusals in nginx's format, with what the cache did", async () => {
    await startWith('combined')
    await threeOfOneSegment()
    const refused = await RawClient.connect(edge.url)
    refused.send(requestText('TRACE', '/', { 'x-request-id': 'p4-1' }))
    await refused.end()
    const head = await RawClient.connect(edge.url)
    head.send(requestText('HEAD', path, { 'x-request-id': 'p5-1', connection: 'close' }))
    await head.end()
    // On a connection that stays open a hit is answered on the fast path, which is logged alike.
    const fast = await RawClient.get(edge.url, `${path}?x=1`, { 'x-request-id': 'p6-1', 'user-agent': 'fast/1' })
    await fast.until(/hello$/)
    fast.socket.destroy()
    const lines = await linesOnceThere(6)
    const of = (id: string) => lines.find(line => line.includes(` rid=${id} `)) ?? ''
    const start = String.raw`^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] `
    const times = String.raw`rt=\d+\.\d{3} uht=(\d+\.\d{3}|-)`
    expect(of('p1-1')).toMatch(
      new RegExp(`${start}"GET ${path} HTTP/1.1" 200 5 "-" "-" ${times} ucs=MISS reason=fill-miss rid=p1-1 msec=`),
    )
    expect(of('p1-1')).not.toContain('uht=-')
    expect(of('p3-1')).toMatch(
      /" 200 5 "https:\/\/a.example\/" "a\\x22b" rt=0.\d{3} uht=- ucs=HIT reason=hit rid=p3-1 /,
    )
    expect(of('p6-1')).toMatch(
      new RegExp(
        String.raw`${start}"GET ${path}\?x=1 HTTP/1.1" 200 5 "-" "fast/1" rt=0.\d{3} uht=- ucs=HIT reason=hit `,
      ),
    )
    expect(of('p4-1')).toMatch(/"TRACE \/ HTTP\/1.1" 405 \d+ "-" "-" rt=0.\d{3} uht=- ucs=- reason=refused-method rid=/)
    expect(of('p5-1')).toMatch(new RegExp(`"HEAD ${path} HTTP/1.1" 200 0 .* ucs=HIT reason=hit `))
  })

  it('has the same as JSON', async () => {
    await startWith('json')
    await threeOfOneSegment()
    const entries = (await linesOnceThere(3)).map(line => JSON.parse(line))
    const byId = new Map(entries.map(entry => [entry.id, entry]))
    const common = { client: '127.0.0.1', method: 'GET', path, protocol: 'HTTP/1.1', status: 200, bytes: 5 }
    expect(byId.get('p1-1')).toMatchObject({ ...common, cache: 'MISS', reason: 'fill-miss' })
    expect(byId.get('p2-1')).toMatchObject({ ...common, cache: 'MISS', reason: 'collapsed' })
    expect(byId.get('p1-1').waitedMs).toBeGreaterThan(0)
    expect(byId.get('p1-1').waitedMs).toBeLessThanOrEqual(byId.get('p1-1').tookMs)
    expect(byId.get('p3-1')).toMatchObject({ ...common, cache: 'HIT', reason: 'hit', userAgent: 'a"b' })
    expect(byId.get('p3-1')).not.toHaveProperty('waitedMs')
  })

  it('says 499 of a client that leaves before it is answered, and still who it was', async () => {
    await startWith('json')
    const client = await get('p1-1')
    await origin.next()
    client.socket.destroy()
    const [line = ''] = await linesOnceThere(1)
    expect(JSON.parse(line)).toMatchObject({ client: '127.0.0.1', status: 499, bytes: 0, reason: 'fill-miss' })
  })

  it('has no probes, and all lines when the edge ends', async () => {
    await startWith('combined')
    for (const probe of ['/healthz', '/readyz']) expect((await fetch(edge.url + probe)).status).toBe(200)
    await threeOfOneSegment()
    await edge.close()
    expect((await readFile(join(folder, 'access.log'), 'utf8')).trimEnd().split('\n')).toHaveLength(3)
    edge = await edgeOf(origin)
  })
})

describe('flags', () => {
  it('set the log, its format and the port of the metrics', async () => {
    edge = await edgeOf(origin)
    const flags = {
      origin: [{ url: origin.upstream.url }],
      accessLog: 'a.log',
      accessLogFormat: 'json',
      metricsPort: 0,
    }
    expect(configurationOf(flags)).toMatchObject({ accessLog: { file: 'a.log', format: 'json' }, metricsPort: 0 })
    expect(() => configurationOf({ ...flags, accessLogFormat: 'xml' })).toThrow(ConfigurationError)
    expect(() => configurationOf({ origin: [{ url: origin.upstream.url }], accessLogFormat: 'json' })).toThrow(
      ConfigurationError,
    )
    await expect(edgeOf(origin, { accessLog: { file: join(folder, 'no', 'a.log') } })).rejects.toThrow(
      ConfigurationError,
    )
  })
})
