import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { limits } from '../../live/limits.ts'
import { now } from '../../process/clock.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import { type FleetConfigInput, fleetConfigSchema } from './config.ts'
import { readLanes, surveyLog } from './from-log.ts'
import { configurationOf } from './main.ts'
import { type FleetProcess, startFleet } from './start.ts'
import { type Behaviour, type FakeEdge, startFakeEdge } from './testing/fake-edge.ts'

const event = anEvent({ startMs: Math.floor((now() as number) / 2_000) * 2_000 - 60_000 })
const toClose: (() => Promise<void>)[] = []
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-from-log-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  for (const close of toClose.splice(0).reverse()) await close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function logFile(lines: readonly string[], end = '\n'): string {
  const file = join(folder, `access-${++files}.log`)
  writeFileSync(file, lines.join('\n') + end)
  return file
}
/** A line of nginx for a request that ended in `second` (of a minute). */
const line = (second: number, request: string, { behind = '', address = '10.0.0.1' } = {}): string =>
  `${address} - - [23/Nov/2026:02:22:${String(second).padStart(2, '0')} +0000] "${request}" 200 6 "-" "curl/8"${behind}`
const get = (second: number, path: string, more = {}) => line(second, `GET ${path} HTTP/1.1`, more)
const lanesOf = async (file: string, shard = { index: 0, of: 1 }) =>
  readLanes(file, shard, event.event, (await surveyLog(file)).bytes)
const times = async (file: string, shard = { index: 0, of: 1 }) =>
  (await lanesOf(file, shard)).map(({ index, requests }) => [
    index,
    requests.map(({ path, atMs }) => `${path} ${atMs}`),
  ])

describe('the requests of a log', () => {
  it('spread evenly over their second, in the order of the log, every time alike', async () => {
    const file = logFile([get(3, '/a'), get(3, '/b'), get(3, '/c'), get(3, '/d'), get(5, '/e'), get(5, '/f')])
    const { bytes } = await surveyLog(file)
    const spread = [[0, ['/a 0', '/b 250', '/c 500', '/d 750', '/e 2000', '/f 2500']]]
    expect(await times(file)).toEqual(spread)
    expect(await times(file)).toEqual(spread)
    appendFileSync(file, `${get(5, '/written-since')}\n`)
    const [lane] = await readLanes(file, { index: 0, of: 1 }, event.event, bytes)
    expect(lane?.requests.map(({ path }) => path)).toEqual(['/a', '/b', '/c', '/d', '/e', '/f'])
  })

  it('are exact where msec and rt say so, and come in the order of arrival', async () => {
    const file = logFile([
      get(3, '/short', { behind: ' rt=0.010 rid=- msec=1795400523.100' }),
      get(3, '/long', { behind: ' rt=0.950 rid=- msec=1795400523.900' }),
    ])
    const [[, requests]] = (await times(file)) as [[number, string[]]]
    expect(requests.map(text => Math.round(Number(text.split(' ')[1])))).toEqual([0, 140])
    expect(requests[0]).toMatch(/^\/long /)
  })

  it('belong to their clients, and shards have every n-th of these with the same instants', async () => {
    const of = (k: number) => ({ address: `10.0.0.${k % 3}` })
    const file = logFile(Array.from({ length: 9 }, (_, k) => get(3, `/${k}`, of(k))))
    const whole = await times(file)
    expect(whole.map(([index]) => index)).toEqual([0, 1, 2])
    const shards = await Promise.all([0, 1].map(index => times(file, { index, of: 2 })))
    expect(shards.flat().sort()).toEqual(whole.sort())
  })

  it('have an address where it is of the event that can be verified', async () => {
    const file = logFile([get(3, '/live/final/v1/7.m4s'), get(3, '/live/other/v1/7.m4s'), get(3, '/page')])
    const [lane] = await lanesOf(file)
    expect(lane?.requests.map(({ address }) => address?.kind)).toEqual(['segment', undefined, undefined])
    const survey = await surveyLog(
      logFile([get(3, '/live/a/v/1.m4s'), get(3, '/live/b/v/1.m4s'), get(4, '/live/b/v/2.m4s')]),
    )
    expect(survey).toMatchObject({ events: ['b', 'a'], lengthMs: 2_000 })
  })

  it('are read from a packed log too, and from one whose last line has no end', async () => {
    const file = join(folder, 'access.log.1.gz')
    writeFileSync(file, gzipSync(`${get(3, '/a')}\r\n${get(3, '/b')}`))
    expect(await times(file)).toEqual([[0, ['/a 0', '/b 500']]])
  })
})

describe('what is no request', () => {
  it('is counted, and the first ones are named as they may stand on a terminal', async () => {
    const long = 'x'.repeat(limits.accessLogLineBytes + 1)
    const file = logFile([
      get(3, '/a'),
      'what is \u001b[31mthis',
      long,
      line(3, 'POST /a HTTP/1.1'),
      line(3, 'POST /a HTTP/1.1'),
      line(3, 'PURGE /a HTTP/1.1'),
      line(3, 'GET http://elsewhere/ HTTP/1.1'),
      ...Array.from({ length: 5 }, () => 'no'),
      '# cut at 2000 bytes',
    ])
    const { counts, report } = await surveyLog(file)
    expect(counts).toEqual({ replayed: 1, skipped: 3, refused: 1, malformed: 7 })
    expect(report).toEqual([
      `${file}: 1 requests in 1.0 s`,
      '3 requests skipped, only GET and HEAD are sent again: 2 POST, 1 PURGE',
      expect.stringMatching(/^1 requests refused: line 7: its path does not begin with \/: "10.0.0.1 - - /),
      expect.stringMatching(
        /^7 malformed lines: line 2: .*: "what is \\u001b\[31mthis"; line 3: longer than \d+ bytes; line 8: .*: "no"$/,
      ),
    ])
  })

  it('alone is a mistake, as is a file that cannot be read', async () => {
    await expect(surveyLog(logFile(['no', 'no']))).rejects.toThrow(/has no request; 2 malformed lines: line 1/)
    await expect(surveyLog(logFile([], ''))).rejects.toThrow(ConfigurationError)
    await expect(surveyLog(join(folder, 'none.log'))).rejects.toThrow(/none.log cannot be read: ENOENT/)
    const torn = join(folder, 'torn.gz')
    writeFileSync(torn, gzipSync(get(3, '/a')).subarray(0, 20))
    await expect(surveyLog(torn)).rejects.toThrow(ConfigurationError)
  })
})

async function edgeThat(behaviour?: Behaviour): Promise<FakeEdge> {
  const edge = await startFakeEdge(event, behaviour)
  toClose.push(() => edge.close())
  return edge
}
async function fleetOf(
  edge: FakeEdge,
  fromLog: string,
  changes: Partial<FleetConfigInput> = {},
): Promise<FleetProcess> {
  const fleet = { players: 100, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 300, share: 1 }] }
  const config = { fleet, sites: [{ site: 'a', edges: [edge.url] }], fromLog, ...changes }
  const running = await startFleet(fleetConfigSchema.parse(config), 'secret')
  toClose.push(() => running.close())
  return running
}
const silenced = () => vi.spyOn(process.stderr, 'write').mockReturnValue(true)

describe('a fleet from a log', () => {
  it('sends the requests at their pace, scaled, and verifies the bodies of the event that the log names', async () => {
    const said = silenced()
    const path = (number: number) => `/live/${event.event}/v1/${number}.m4s`
    const edge = await edgeThat((request, response) => {
      if (!request.url?.endsWith('/2.m4s')) return false
      response.end('no segment')
      return true
    })
    const file = logFile([
      get(3, path(1)),
      line(3, 'HEAD /page HTTP/1.1'),
      get(4, path(2)),
      line(4, 'POST /a HTTP/1.1'),
      'no',
    ])
    const decisionLog = join(folder, 'replayed.ndjson')
    const fleet = await fleetOf(edge, file, { replaySpeed: 4, durationMs: 900, decisionLog })
    const { counts } = await fleet.done
    await fleet.close()
    const seen = edge.seen.filter(({ path }) => !path.endsWith('event.json'))
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET ${path(1)}`,
      'HEAD /page',
      `GET ${path(2)}`,
    ])
    const notes = readFileSync(decisionLog, 'utf8')
      .trim()
      .split('\n')
      .map(text => JSON.parse(text))
    const planned = notes.filter(({ note }) => note === 'response').map(({ plannedMs }) => plannedMs)
    expect(planned.sort().map(atMs => Math.round(atMs - planned[0]))).toEqual([0, 125, 250])
    for (const [k, { atMs }] of seen.entries()) expect(atMs).toBeGreaterThanOrEqual(planned[k])
    expect(counts).toMatchObject({
      requests: 3,
      'requests.segment': 2,
      players_joined: 1,
      wrong_bodies: 1,
      'log_lines.replayed': 3,
      'log_lines.skipped': 1,
      'log_lines.refused': 0,
      'log_lines.malformed': 1,
    })
    expect(said.mock.calls.flat().join('')).toContain('1 malformed lines: line 5')
  })

  it('needs no event: without one nothing is verified, which it says', async () => {
    const said = silenced()
    const edge = await edgeThat((_, response) => {
      response.writeHead(404)
      response.end()
      return true
    })
    const fleet = await fleetOf(edge, logFile([get(3, '/live/show/v1/1.m4s'), get(3, '/page')]), { durationMs: 900 })
    const { counts } = await fleet.done
    expect(counts).toMatchObject({ requests: 2, 'responses.status.404': 2 })
    expect(counts['requests.segment']).toBeUndefined()
    expect(said.mock.calls.flat().join('')).toMatch(/bodies are not verified: the event 'show' cannot be read/)
    const pages = await fleetOf(edge, logFile([get(3, '/page')]), { durationMs: 300 })
    expect((await pages.done).counts.requests).toBe(1)
  })

  it('shows itself to Prometheus, with every thread', async () => {
    silenced()
    const edge = await edgeThat()
    const file = logFile([1, 2, 3, 4].map(k => get(3, `/live/${event.event}/v1/${k}.m4s`, { address: `10.0.0.${k}` })))
    const fleet = await fleetOf(edge, file, { metricsPort: 0, workers: 2, replaySpeed: 10, durationMs: 20_000 })
    const scrape = async () => (await fetch(`${fleet.metricsUrl}/metrics`)).text()
    await vi.waitFor(
      async () => expect(await scrape()).toContain('status="200",reason="answered",role="fleet",name="fleet"} 4\n'),
      { timeout: 10_000 },
    )
    const text = await scrape()
    expect(text).toContain('tidegate_bytes_received_total{role="fleet",name="fleet"} 8000\n')
    expect(text).toContain('tidegate_wrong_bodies_total{role="fleet",name="fleet"} 0\n')
    expect(text).toMatch(/tidegate_lag_seconds{quantile="0.99",role="fleet",name="fleet"} 0?\.?\d/)
    await fleet.close()
    const { counts } = await fleet.done
    expect(counts['log_lines.replayed']).toBe(4)
  })

  it('is set by flags, and does not go with the other replay', async () => {
    const flags = { target: ['http://127.0.0.1:1'], fromLog: 'access.log', speed: 2 }
    expect(configurationOf(flags)).toMatchObject({ fromLog: 'access.log', replaySpeed: 2 })
    const both = configurationOf({ ...flags, replay: 'requests.ndjson' })
    await expect(startFleet(both, 'secret')).rejects.toThrow('--from-log and --replay')
  })
})
