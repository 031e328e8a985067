import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { now } from '../../process/clock.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import { type Part, partSchema } from '../../results/record/part.ts'
import { type FleetConfigInput, fleetConfigSchema } from './config.ts'
import { configurationOf } from './main.ts'
import { type FleetProcess, startFleet } from './start.ts'
import { type Behaviour, type FakeEdge, startFakeEdge } from './testing/fake-edge.ts'

const event = anEvent({ startMs: Math.floor((now() as number) / 2_000) * 2_000 - 60_000 })
const token = 'secret'
let folder = ''
const toClose: (() => Promise<void>)[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-fleet-'))
})
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function edgeThat(behaviour?: Behaviour): Promise<FakeEdge> {
  const edge = await startFakeEdge(event, behaviour)
  toClose.push(() => edge.close())
  return edge
}

async function fleetOn(edges: readonly string[], changes: Partial<FleetConfigInput> = {}): Promise<FleetProcess> {
  const config = fleetConfigSchema.parse({
    fleet: { players: 12, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 300, share: 1 }] },
    event,
    sites: [{ site: 'a', edges }],
    durationMs: 900,
    startMs: now() + 50,
    ...changes,
  })
  const fleet = await startFleet(config, token)
  toClose.push(() => fleet.close())
  return fleet
}

async function control(fleet: FleetProcess, method: string, path: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
  const response = await fetch(fleet.controlUrl + path, init)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.json()
}

/** By player: the first thing that it asked, and whom. */
const firstAsked = (edges: readonly FakeEdge[]): Record<string, string> => {
  const first: Record<string, string> = {}
  for (const [k, { seen }] of edges.entries()) {
    for (const { id, path } of seen) if (id.endsWith('-1')) first[id] = `${k} ${path}`
  }
  return first
}

describe('a fleet', () => {
  it('runs to its end and hands in its part', async () => {
    const edge = await edgeThat()
    const part = await (await fleetOn([edge.url])).done
    expect(() => partSchema.parse(part)).not.toThrow()
    const { counts, histograms, timeline, segments } = part
    expect(part).toMatchObject({ role: 'fleet', name: 'fleet', shard: { index: 1, of: 1 } })
    expect(counts).toMatchObject({ players_joined: 12, players_left: 12, players_now_max: 12 })
    expect(counts.requests).toBe(decodeHistogram(histograms.lag_ms as string).totalCount)
    expect(counts['responses.status.200']).toBeGreaterThan(12)
    expect(Object.keys(counts).filter(name => /^failures|wrong|early/.test(name))).toEqual([])
    expect(Object.keys(histograms)).toEqual(expect.arrayContaining(['ttfb_ms', 'publication_to_last_byte_ms']))
    expect(Object.keys(timeline)).toEqual(expect.arrayContaining(['requests', 'bytes_received']))
    expect(segments.length).toBeGreaterThan(0)
  })

  it('does the same in one process, in two shards, and in two threads', async () => {
    const asked = []
    // Threads take a while to start where tests run beside them: their storm must begin after that.
    const inThreads = () => ({ workers: 2, startMs: now() + 4_000 })
    const ways = [
      () => [{}],
      () => [{ shard: { index: 1, of: 2 } }, { shard: { index: 2, of: 2 } }],
      () => [inThreads()],
    ]
    for (const shardsOf of ways) {
      const edges = [await edgeThat(), await edgeThat()]
      const order = edges.map(({ url }) => url)
      // Rendezvous hashing goes by URL: so that runs compare, each fake edge stands for a site.
      const sites = order.map((url, k) => ({ site: `s${k}`, edges: [url] }))
      const fleets = await Promise.all(shardsOf().map(shard => fleetOn(order, { ...shard, sites })))
      const parts = await Promise.all(fleets.map(fleet => fleet.done))
      expect(parts.map(part => part.counts.players_joined).reduce((a = 0, b = 0) => a + b)).toBe(12)
      asked.push(firstAsked(edges))
    }
    expect(Object.keys(asked[0] ?? {})).toHaveLength(12)
    expect(asked[1]).toEqual(asked[0])
    expect(asked[2]).toEqual(asked[0])
  })

  it('merges what its threads counted', async () => {
    const edge = await edgeThat()
    const fleet = await fleetOn([edge.url], { workers: 2, startMs: undefined, durationMs: 1_500 })
    const part = await fleet.done
    expect(part).toMatchObject({ name: 'fleet', shard: { index: 1, of: 1 } })
    expect(part.counts).toMatchObject({ players_joined: 12, players_now_max: 12 })
    expect(part.counts.requests).toBe(edge.seen.length)
    expect(decodeHistogram(part.histograms.lag_ms as string).totalCount).toBe(edge.seen.length)
  })

  it('reads the event from its first target, and says what is wrong when that is not there', async () => {
    const edge = await edgeThat()
    const fleet = await fleetOn([edge.url], { event: undefined, eventName: 'final' })
    expect(edge.seen[0]?.path).toBe('/live/final/event.json')
    expect((await fleet.done).counts.players_joined).toBe(12)
    const nowhere = fleetOn(['http://127.0.0.1:1'], { event: undefined })
    await expect(nowhere).rejects.toThrow(ConfigurationError)
    await expect(nowhere).rejects.toThrow(/cannot be read from http:\/\/127\.0\.0\.1:1\/live\/live\/event\.json/)
  })

  it('writes a decision log from which a player can be replayed', async () => {
    const edge = await edgeThat()
    const file = join(folder, 'decisions.ndjson')
    const fleet = await fleetOn([edge.url], { decisionLog: file, logPlayers: 1 })
    await fleet.done
    await fleet.close()
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>)
    expect(lines[0]).toMatchObject({ log: 'tidegate-decisions/1', role: 'fleet', name: 'fleet' })
    expect(lines.filter(({ call }) => call === 'wake').every(({ player }) => player === 0)).toBe(true)
    const responses = lines.filter(({ note }) => note === 'response')
    expect(responses.length).toBeGreaterThan(12)
    expect(responses[0]).toMatchObject({ target: edge.url, status: 200 })
  })
})

describe("a fleet's control listener", () => {
  it('makes the fleet larger and smaller while it runs', async () => {
    const edge = await edgeThat()
    const fleet = await fleetOn([edge.url], { durationMs: 20_000 })
    await edge.seenAtLeast(12)
    await control(fleet, 'POST', '/fleet', { players: 30 })
    await expect.poll(() => control(fleet, 'GET', '/state')).toMatchObject({ players: 30, present: 30 })
    await control(fleet, 'POST', '/fleet', { players: 5 })
    expect(await control(fleet, 'GET', '/state')).toMatchObject({ players: 5, present: 5 })
    const { counts } = (await control(fleet, 'GET', '/record')) as Part
    expect(counts).toMatchObject({ players_joined: 30, players_left: 25, players_now_max: 30 })
  })

  it('sends players to other edges, and starts the record anew', async () => {
    const [first, second] = [await edgeThat(), await edgeThat()]
    const fleet = await fleetOn([first.url], { durationMs: 20_000 })
    await first.seenAtLeast(12)
    await control(fleet, 'POST', '/targets', { sites: [{ site: 'a', edges: [second.url] }] })
    await control(fleet, 'POST', '/reset', {})
    await second.seenAtLeast(3)
    await expect
      .poll(() => control(fleet, 'GET', '/record'))
      .toMatchObject({ counts: { requests: expect.any(Number) } })
    const { counts } = (await control(fleet, 'GET', '/record')) as Part
    expect(counts.players_joined ?? 0).toBeLessThan(12)
    await expect(control(fleet, 'POST', '/fleet', { players: -1 })).rejects.toThrow(/400.*players/)
  })

  it('does the same for threads', async () => {
    const edge = await edgeThat()
    const fleet = await fleetOn([edge.url], { workers: 2, durationMs: 20_000 })
    await edge.seenAtLeast(12)
    await control(fleet, 'POST', '/fleet', { players: 20 })
    await expect.poll(() => control(fleet, 'GET', '/state')).toMatchObject({ players: 20, present: 20 })
    await control(fleet, 'POST', '/fleet', { players: 0 })
    expect(await control(fleet, 'GET', '/state')).toMatchObject({ present: 0, inFlight: 0 })
  })
})

describe('a replay', () => {
  const logOf = (name: string, lines: readonly object[]): string => {
    const file = join(folder, name)
    writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
    return file
  }

  it('sends what was recorded, at its own pace or faster, whatever the answers are', async () => {
    const edge = await edgeThat((_request, response) => {
      setTimeout(() => response.writeHead(503).end(), 150)
      return true
    })
    const offsets = [0, 100, 300, 600]
    const lines = offsets.map(atMs => ({ atMs: 5_000 + atMs, path: `/live/final/v1/${atMs + 1}.m4s` }))
    const startMs = now() + 100
    const replayLog = logOf('requests.ndjson', [...lines, { atMs: 5_000, path: '/else', method: 'HEAD' }])
    const fleet = await fleetOn([edge.url], { replayLog, replaySpeed: 2, startMs, durationMs: undefined })
    await edge.seenAtLeast(5)
    const segments = edge.seen.filter(({ method }) => method === 'GET')
    expect(segments.map(({ path }) => path)).toEqual(lines.map(({ path }) => path))
    for (const [k, { atMs }] of segments.entries()) {
      expect(atMs - startMs - offsets[k]! / 2).toBeGreaterThanOrEqual(0)
      expect(atMs - startMs - offsets[k]! / 2).toBeLessThan(140)
    }
    expect(edge.seen.find(({ method }) => method === 'HEAD')?.path).toBe('/else')
    await expect
      .poll(() => control(fleet, 'GET', '/record'))
      .toMatchObject({
        counts: { requests: 5, 'responses.status.503': 5 },
      })
  })

  it("reads a fleet's own decision log, and each shard of it its part", async () => {
    const note = (player: number, plannedMs: number) => ({
      note: 'response',
      id: `p${player}-1`,
      path: `/live/final/v1/${player + 1}.m4s`,
      plannedMs,
    })
    const notes = [note(0, 1_000), note(1, 1_050), note(2, 1_010), { call: 'wake' }, { log: 'cut' }]
    const replayLog = logOf('decisions-of-another.ndjson', [{ log: 'tidegate-decisions/1' }, ...notes])
    const edge = await edgeThat()
    const fleets = [1, 2].map(index => fleetOn([edge.url], { replayLog, shard: { index, of: 2 }, durationMs: 400 }))
    const parts = await Promise.all((await Promise.all(fleets)).map(fleet => fleet.done))
    expect(parts.map(({ counts }) => counts.requests)).toEqual([2, 1])
    expect(edge.seen.map(({ path }) => path).sort()).toEqual([1, 2, 3].map(n => `/live/final/v1/${n}.m4s`))
  })

  it('says which line is wrong', async () => {
    const edge = await edgeThat()
    const replayLog = logOf('wrong.ndjson', [
      { atMs: 0, path: '/a' },
      { atMs: 1, path: 'no slash' },
    ])
    await expect(fleetOn([edge.url], { replayLog })).rejects.toThrow(/wrong\.ndjson:2 is no request: path: a path/)
    const missing = fleetOn([edge.url], { replayLog: join(folder, 'missing') })
    await expect(missing).rejects.toThrow(/missing cannot be read: ENOENT/)
  })
})

describe('the flags of tidegate fleet', () => {
  it('give a whole configuration', () => {
    const config = configurationOf({ target: ['http://127.0.0.1:1'], shard: '2/8', players: 50, duration: 5, seed: 9 })
    expect(config).toMatchObject({
      shard: { index: 2, of: 8 },
      fleet: { players: 50, connections: 'pooled' },
      durationMs: 5_000,
      seed: 9,
      sites: [{ site: 'site1', edges: ['http://127.0.0.1:1'] }],
    })
  })

  it("take a scenario's fleet", () => {
    const config = configurationOf({ target: ['http://127.0.0.1:1'], scenario: 'kickoff', workers: 2 })
    expect(config.fleet.players).toBeGreaterThan(0)
    expect(config.workers).toBe(2)
  })

  it('are refused with what is wrong', () => {
    const target = ['http://127.0.0.1:1']
    expect(() => configurationOf({ target, shard: '9' })).toThrow(/--shard 9: I\/N is wanted/)
    expect(() => configurationOf({ target, shard: '3/2' })).toThrow(/shard/)
    expect(() => configurationOf({})).toThrow(/sites/)
    expect(() => configurationOf({ target: ['ftp://a'] })).toThrow(/sites\.0\.edges\.0: a URL such as/)
  })
})
