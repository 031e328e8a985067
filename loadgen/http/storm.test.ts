import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { now } from '../../process/clock.ts'
import { listen, urlOf } from '../../process/control.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import { Recorder } from '../../process/recorder.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import type { RequestOutcome } from '../player/player-io.ts'
import type { Driven, DrivenOutput } from './driven.ts'
import { Storm } from './storm.ts'
import { Tally } from './tally.ts'
import { type Behaviour, bodyOf, type FakeEdge, startFakeEdge } from './testing/fake-edge.ts'
import { Transport } from './transport.ts'

const event = anEvent({ startMs: Math.floor((now() as number) / 2_000) * 2_000 - 60_000 })

/** Asks for segment 7 at planned instants, whatever the answers are, and keeps them. */
class Planned implements Driven {
  readonly outcomes: RequestOutcome[] = []
  readonly #plan: number[]
  readonly #patienceMs: (request: number) => number
  readonly #all = Promise.withResolvers<void>()
  #requests = 0

  constructor(plan: readonly number[], patienceMs: number | ((request: number) => number) = 2_000) {
    this.#plan = [...plan]
    this.#patienceMs = typeof patienceMs === 'number' ? () => patienceMs : patienceMs
  }

  get allAnswered(): Promise<void> {
    return this.#all.promise
  }

  nextWakeMs(): number {
    return this.#plan[0] ?? Infinity
  }

  wake(at: number): DrivenOutput[] {
    const out: DrivenOutput[] = []
    while (this.nextWakeMs() <= at) {
      const plannedMs = this.#plan.shift() as number
      const address = { kind: 'segment', event: 'final', rendition: 'v1', number: 7 } as const
      const request = ++this.#requests
      const firstByteByMs = plannedMs + this.#patienceMs(request)
      out.push({ do: 'request', request, address, plannedMs, attempt: 0, firstByteByMs })
    }
    return out
  }

  responded(outcome: RequestOutcome): DrivenOutput[] {
    this.outcomes.push(outcome)
    if (this.outcomes.length === this.#requests && this.#plan.length === 0) this.#all.resolve()
    return []
  }

  leaveNow(): DrivenOutput[] {
    return []
  }
}

const toClose: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of toClose.splice(0)) await close()
})

async function edgeThat(behaviour?: Behaviour): Promise<FakeEdge> {
  const edge = await startFakeEdge(event, behaviour)
  toClose.push(() => edge.close())
  return edge
}

interface Run {
  readonly storm: Storm
  part(): Part
}

function stormOn(
  edges: readonly string[],
  options: { bitsPerSecond?: number; connections?: 'pooled' | 'per-player'; log?: DecisionLog } = {},
): Run {
  const { bitsPerSecond = Infinity, connections = 'pooled', log } = options
  const tally = new Tally(event, () => new Recorder({ role: 'fleet', name: 'test' }))
  const transport = new Transport(connections)
  const sites = [{ site: 'a', edges }]
  const storm = new Storm({ event, sites, endMs: now() + 20_000, bitsPerSecond }, tally, transport, log)
  toClose.push(async () => {
    storm.stop()
    await transport.close()
  })
  return { storm, part: () => tally.part() }
}

const seated = (player: Driven, index = 0) => ({ player, index, joinMs: now(), siteFraction: 0, edgeFraction: 0.5 })
const soon = (count: number, everyMs: number): number[] =>
  Array.from({ length: count }, (_, k) => now() + 20 + k * everyMs)

describe('the driver', () => {
  it('keeps to the plan however slow the edge is', async () => {
    const edge = await edgeThat((_request, response) => {
      setTimeout(() => response.writeHead(404).end(), 400)
      return true
    })
    const plan = soon(20, 10)
    const player = new Planned(plan)
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player))
    await player.allAnswered
    const firstAnswerMs = Math.min(...player.outcomes.map(outcome => outcome.firstByteMs as number))
    for (const { atMs } of edge.seen) expect(atMs).toBeLessThan(firstAnswerMs)
    for (const [k, { atMs }] of edge.seen.entries()) expect(atMs).toBeGreaterThanOrEqual(plan[k] as number)
    const lag = decodeHistogram(part().histograms.lag_ms as string)
    expect(lag.totalCount).toBe(20)
    expect(lag.maxValue).toBeLessThan(300_000)
  })

  it('reports instants in their order, verified bodies, and what the answer says of the segment', async () => {
    const edge = await edgeThat()
    const player = new Planned(soon(1, 0))
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player, 12))
    await player.allAnswered
    const [outcome] = player.outcomes
    expect(outcome).toMatchObject({ result: 200, bodyBytes: 2_000, request: 1 })
    expect(outcome!.sentMs).toBeLessThanOrEqual(outcome!.firstByteMs)
    expect(outcome!.firstByteMs).toBeLessThanOrEqual(outcome!.lastByteMs)
    expect(edge.seen[0]?.id).toBe('p12-1')
    const { counts, segments } = part()
    expect(counts).toMatchObject({
      requests: 1,
      'requests.segment': 1,
      'responses.status.200': 1,
      bytes_received: 2_000,
      'cache_status.hit': 1,
      'cache_status.detail.hit': 1,
    })
    const publishedMs = event.startMs + 7 * event.segmentMs + event.publishDelayMs
    expect(segments).toEqual([{ rendition: 'v1', number: 7, site: '', publishedMs }])
  })

  it('tells a wrong body from a right one over the wire', async () => {
    const address = { kind: 'segment', event: 'final', rendition: 'v1', number: 7 } as const
    const right = bodyOf(address)
    const flipped = Uint8Array.from(right, (byte, at) => (at === 1_500 ? byte ^ 1 : byte))
    const answers = [right, flipped, bodyOf({ ...address, number: 8 }), right.subarray(0, 900)]
    const edge = await edgeThat((_request, response) => {
      response.end(answers.shift())
      return true
    })
    const player = new Planned(soon(4, 60))
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player))
    await player.allAnswered
    expect(player.outcomes.map(({ result }) => result)).toEqual([200, 'wrong-body', 'wrong-body', 'wrong-body'])
    expect(part().counts).toMatchObject({
      wrong_bodies: 3,
      'wrong_bodies.checksum': 1,
      'wrong_bodies.another-segment': 1,
      'wrong_bodies.length': 1,
    })
  })

  it('reports a connection that breaks inside a body as reset', async () => {
    const edge = await edgeThat((_request, response) => {
      response.writeHead(200, { 'content-length': 5_000 })
      response.write('x'.repeat(100), () => response.destroy())
      return true
    })
    const player = new Planned(soon(1, 0))
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player))
    await player.allAnswered
    expect(player.outcomes[0]?.result).toBe('reset')
    expect(part().counts).toMatchObject({ 'failures.reset': 1 })
  })

  it("gives a request up when the player's patience ends, and goes on", async () => {
    let silent = true
    const edge = await edgeThat(() => silent)
    const [first, second] = [new Planned(soon(1, 0), 120), new Planned([], 120)]
    const { storm, part } = stormOn([edge.url], { connections: 'per-player' })
    storm.add(seated(first))
    await first.allAnswered
    const [outcome] = first.outcomes
    expect(outcome?.result).toBe('timeout')
    expect((outcome!.lastByteMs as number) - (outcome!.sentMs as number)).toBeGreaterThan(90)
    silent = false
    const next = new Planned(soon(1, 0))
    storm.add(seated(second, 1))
    storm.add(seated(next, 2))
    await next.allAnswered
    expect(next.outcomes[0]?.result).toBe(200)
    expect(part().counts['failures.timeout']).toBe(1)
  })

  it('goes to the next edge of the site when a connection is refused', async () => {
    const edge = await edgeThat()
    const gone = createServer()
    await listen(gone, 0, '127.0.0.1')
    const goneUrl = urlOf(gone)
    await new Promise(done => gone.close(done))
    const players = Array.from({ length: 8 }, () => new Planned(soon(3, 50)))
    const { storm, part } = stormOn([goneUrl, edge.url])
    for (const [k, player] of players.entries()) storm.add({ ...seated(player, k), edgeFraction: k / 8 })
    await Promise.all(players.map(player => player.allAnswered))
    const results = players.map(player => player.outcomes.map(({ result }) => result))
    const moved = results.filter(([first]) => first === 'refused')
    expect(moved.length).toBeGreaterThan(0)
    for (const [, ...later] of results) expect(later).toEqual([200, 200])
    expect(part().counts['failures.refused']).toBe(moved.length)
  })

  // Upon a refused connection undici fails all that waits in its client and asserts that nothing is left: a request that
  // was begun meanwhile, by who had waited for the connection, once ended the whole fleet.
  it('lets those who wait for a connection have it after a refusal', async () => {
    const gone = createServer()
    await listen(gone, 0, '127.0.0.1')
    const goneUrl = urlOf(gone)
    await new Promise(done => gone.close(done))
    const player = new Planned(soon(20, 0))
    const { storm } = stormOn([goneUrl], { connections: 'per-player' })
    storm.add(seated(player))
    await player.allAnswered
    expect(new Set(player.outcomes.map(({ result }) => result))).toEqual(new Set(['refused']))
  })

  it('counts a 404 as early when the request left after the capture, and when the last one came', async () => {
    const edge = await edgeThat((_request, response) => {
      response.writeHead(404).end()
      return true
    })
    const player = new Planned(soon(2, 30))
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player))
    await player.allAnswered
    const { counts, segments, timeline } = part()
    expect(counts).toMatchObject({ early_404_seen: 2, 'responses.status.404': 2 })
    expect(segments[0]?.last404Ms).toBe(player.outcomes[1]?.lastByteMs)
    expect(Object.values(timeline.status_404 ?? {}).reduce((a, b) => a + b)).toBe(2)
  })

  it("lets an answer through the player's own link at its speed", async () => {
    const edge = await edgeThat()
    const player = new Planned(soon(2, 0))
    const { storm } = stormOn([edge.url], { bitsPerSecond: 160_000 })
    storm.add(seated(player))
    await player.allAnswered
    const [first, second] = player.outcomes.map(({ lastByteMs }) => lastByteMs as number)
    expect(first! - (player.outcomes[0]!.firstByteMs as number)).toBeGreaterThanOrEqual(99)
    expect(second! - first!).toBeGreaterThanOrEqual(99)
  })

  it('shares connections among players, or gives each its own', async () => {
    for (const [connections, ports] of [
      ['pooled', 1],
      ['per-player', 3],
    ] as const) {
      const edge = await edgeThat()
      const { storm } = stormOn([edge.url], { connections })
      for (const index of [0, 1, 2]) {
        const player = new Planned(soon(1, 0))
        storm.add(seated(player, index))
        await player.allAnswered
      }
      expect(new Set(edge.seen.map(({ port }) => port)).size).toBe(ports)
    }
  })

  it('counts a request for which no connection was free as never sent, and its wait as lag', async () => {
    const edge = await edgeThat(() => true)
    // The seventh gives up before the others do: none of their connections can come free for it.
    const player = new Planned(soon(7, 0), request => (request === 7 ? 200 : 1_000))
    const { storm, part } = stormOn([edge.url], { connections: 'per-player' })
    storm.add(seated(player))
    await player.allAnswered
    const { counts, histograms } = part()
    expect(counts).toMatchObject({ requests: 6, requests_never_sent: 1, 'failures.timeout': 6 })
    expect(decodeHistogram(histograms.lag_ms as string).maxValue).toBeGreaterThanOrEqual(199_000)
  })

  it('gives up what is in flight when everybody leaves, and counts none of it', async () => {
    const edge = await edgeThat(() => true)
    const player = new Planned(soon(3, 0))
    const { storm, part } = stormOn([edge.url])
    storm.add(seated(player))
    await edge.seenAtLeast(3)
    expect(storm.inFlight).toBe(3)
    storm.stop()
    await storm.over
    expect(storm.players).toBe(0)
    expect(player.outcomes).toEqual([])
    expect(Object.keys(part().counts).filter(name => name.startsWith('failures.'))).toEqual([])
  })

  it('notes each answer for the decision log', async () => {
    const edge = await edgeThat()
    const lines: object[] = []
    const log = { write: (entry: object) => void lines.push(entry), close: async () => {} }
    const plan = soon(1, 0)
    const player = new Planned(plan)
    const { storm } = stormOn([edge.url], { log })
    storm.add(seated(player))
    await player.allAnswered
    expect(lines).toMatchObject([
      {
        note: 'response',
        id: 'p0-1',
        path: '/live/final/v1/7.m4s',
        target: edge.url,
        plannedMs: plan[0],
        status: 200,
        bytes: 2_000,
        cacheStatus: 'fake;hit;ttl-ms=1000;detail=hit',
      },
    ])
  })
})
