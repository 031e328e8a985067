import { Agent, request } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCacheStatus } from '../../live/said-cache-status.ts'
import {
  findPeer,
  type PeerName,
  type PeerVariant,
  peerNames,
  peerVariants,
  type RunningPeer,
  startPeer,
} from './peer.ts'
import { type ScriptedOrigin, startScriptedOrigin } from './scripted-origin.fixture.ts'

// Real software from its packages, in both variants, in front of a scripted origin.

const found = new Map(await Promise.all(peerNames.map(async name => [name, await findPeer(name)] as const)))
for (const peer of found.values()) if ('absent' in peer) process.stderr.write(`NOT TESTED: ${peer.absent}\n`)
const isPresent = (name: PeerName): boolean => 'binary' in (found.get(name) ?? {})

const loopback = { host: '127.0.0.1', port: 0 }
const askers = 20
/** Requests that reach the origin when 20 ask at once for a new object that takes a while. */
const requestsOfHerd: Record<PeerName, Record<PeerVariant, { min: number; max: number }>> = {
  nginx: { stock: { min: 1, max: 1 }, tuned: { min: 1, max: 1 } },
  varnish: { stock: { min: 1, max: 1 }, tuned: { min: 1, max: 1 } },
  trafficserver: { stock: { min: 2, max: askers }, tuned: { min: 1, max: 1 } },
  haproxy: { stock: { min: askers, max: askers }, tuned: { min: askers, max: askers } },
}

/** Stock Traffic Server lets the herd wait for about a second before it lets all of it through. */
const holdMs: Record<PeerName, number> = { nginx: 300, varnish: 300, trafficserver: 1_500, haproxy: 300 }

let origin: ScriptedOrigin
const agent = new Agent({ connections: 200, pipelining: 1 })

const running = new Map<string, RunningPeer>()
const peerOf = (kind: PeerName, variant: PeerVariant): RunningPeer => running.get(`${kind} ${variant}`) as RunningPeer
const start = (kind: PeerName, variant: PeerVariant): Promise<RunningPeer> =>
  startPeer({ kind, variant, upstream: origin, listen: loopback, edge: 'a1', site: 'a' })

beforeAll(async () => {
  origin = await startScriptedOrigin()
  const wanted = peerNames.filter(isPresent).flatMap(kind => peerVariants.map(variant => [kind, variant] as const))
  await Promise.all(
    wanted.map(async ([kind, variant]) => running.set(`${kind} ${variant}`, await start(kind, variant))),
  )
})
afterAll(async () => {
  await Promise.all([...running.values()].map(peer => peer.stop()))
  await Promise.all([agent.close(), origin.close()])
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  readonly atMs: number
}
const get = async (peer: RunningPeer, path: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const answer = await request(`${peer.url}${path}`, { dispatcher: agent, headers })
  const body = await answer.body.text()
  return { status: answer.statusCode, headers: answer.headers, body, atMs: performance.now() }
}
/** Asks until the origin has been asked `times` for `path`; gives the answers. */
const askUntilAsked = async (peer: RunningPeer, path: string, times: number): Promise<Answer[]> => {
  const answers: Answer[] = []
  for (const endMs = performance.now() + 3_000; origin.asked(path).length < times && performance.now() < endMs; ) {
    answers.push(await get(peer, path))
  }
  return answers
}

for (const kind of peerNames) {
  for (const variant of peerVariants) {
    describe.skipIf(!isPresent(kind))(`${kind}, ${variant}`, () => {
      it('fetches what can be kept once, says who asks, and says hit or miss', async () => {
        const peer = peerOf(kind, variant)
        const path = `/live/e/v/${kind}-${variant}-1.m4s`
        origin.script(path, { headers: { 'cache-control': 'max-age=60' }, body: 'x'.repeat(5_000) })
        const first = await get(peer, path, { 'x-request-id': 'p1-1' })
        const second = await get(peer, path, { 'x-request-id': 'p2-1' })
        expect([first.status, second.status, second.body.length]).toEqual([200, 200, 5_000])
        expect(origin.asked(path)).toHaveLength(1)
        expect(origin.asked(path)[0]?.headers).toMatchObject({ 'live-edge': '"a1";site="a"', 'x-request-id': 'p1-1' })
        expect([first, second].map(({ headers }) => readCacheStatus(headers).hit)).toEqual([false, true])
      })

      it('lets as many of a herd through as is known of it', async () => {
        const peer = peerOf(kind, variant)
        const path = `/live/e/v/${kind}-${variant}-2.m4s`
        origin.script(path, { headers: { 'cache-control': 'max-age=60' }, delayMs: holdMs[kind] })
        const answers = await Promise.all(Array.from({ length: askers }, () => get(peer, path)))
        expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(askers).fill('200 media'))
        const { min, max } = requestsOfHerd[kind][variant]
        expect(origin.asked(path).length).toBeGreaterThanOrEqual(min)
        expect(origin.asked(path).length).toBeLessThanOrEqual(max)
      })
    })
  }
}

describe.skipIf(!isPresent('varnish'))('tuned Varnish', () => {
  it('keeps a 404 for its exact milliseconds', async () => {
    const peer = peerOf('varnish', 'tuned')
    const path = '/live/e/v/early.m4s'
    origin.script(path, {
      status: 404,
      headers: { 'cache-control': 'max-age=0', 'cdn-cache-control': 'max-age=0, max-age-ms=300' },
    })
    await askUntilAsked(peer, path, 2)
    const [first, second] = origin.asked(path)
    const keptMs = second!.atMs - first!.atMs
    expect(keptMs).toBeGreaterThan(295)
    expect(keptMs).toBeLessThan(450)
  })

  it('asks once more for everybody when the fill fails, then shares the failure', async () => {
    const peer = peerOf('varnish', 'tuned')
    const path = '/live/e/v/broken.m4s'
    origin.script(path, { status: 503, delayMs: 100 })
    const answers = await Promise.all(Array.from({ length: askers }, () => get(peer, path)))
    expect(answers.map(({ status }) => status)).toEqual(Array(askers).fill(503))
    expect(origin.asked(path)).toHaveLength(2)
  })

  it('does not stop collapsing what has no lifetime', async () => {
    const peer = peerOf('varnish', 'tuned')
    const path = '/live/e/v/overdue.m4s'
    origin.script(path, { status: 404, headers: { 'cache-control': 'max-age=0' }, delayMs: 50 })
    await Promise.all(Array.from({ length: askers }, () => get(peer, path)))
    expect(origin.asked(path)).toHaveLength(1)
  })
})

describe.skipIf(!isPresent('haproxy'))('tuned HAProxy', () => {
  it('remembers a 404 for 250 ms, and no longer', async () => {
    const peer = peerOf('haproxy', 'tuned')
    const path = '/live/e/v/early-h.m4s'
    origin.script(path, { status: 404, headers: { 'cdn-cache-control': 'max-age=1, max-age-ms=1300' } })
    const answers = await askUntilAsked(peer, path, 2)
    const [first, second] = origin.asked(path)
    expect(second!.atMs - first!.atMs).toBeGreaterThan(245)
    expect(second!.atMs - first!.atMs).toBeLessThan(400)
    expect(answers.every(({ status }) => status === 404)).toBe(true)
  })
})
