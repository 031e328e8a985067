import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findPeer, peerKinds, startPeer } from '../edge/peers/peer.ts'
import { now } from '../process/clock.ts'
import { explain } from '../results/explain/explain.ts'
import { type RunRecord, recordSchema, type Variant } from '../results/record/record.ts'
import { renderTerminal } from '../results/render/terminal.ts'
import { type Scenario, scenarioSchema } from '../scenarios/schema.ts'
import { contendersOf } from './contenders.ts'
import { PeerEdges } from './edges/peer-edges.ts'
import { eventOf } from './event-of.ts'
import { type RunOptions, runScenario } from './run.ts'
import { nothingShared } from './storage/run-storage.ts'
import { World } from './world.ts'

// Other edges in the place of ours, in storms of three seconds.

const [nginx, varnish] = [await findPeer('nginx'), await findPeer('varnish')]
for (const peer of [nginx, varnish]) if ('absent' in peer) process.stderr.write(`NOT TESTED: ${peer.absent}\n`)

const folder = mkdtempSync(join(tmpdir(), 'tidegate-other-edges-'))

/** A storm of a few players; its sites have one edge each, so that a fill by site is a fill by edge. */
const tiny = (more: object = {}): Scenario =>
  scenarioSchema.parse({
    name: 'tiny',
    shows: 'another edge in the place of ours',
    durationMs: 4_000,
    event: { segmentMs: 500, publishDelayMs: 200, longestHoldMs: 500, clockSlackMs: 200, backlogSegments: 6 },
    topology: {
      sites: [
        { name: 'a', edges: 1 },
        { name: 'b', edges: 1 },
      ],
    },
    fleet: { players: 6, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 200, share: 1 }] },
    checks: [
      { policy: '*', figure: 'wrong_bodies', equals: 0 },
      { policy: 'oca', figure: 'players', equals: 99 },
    ],
    ...more,
  })

const run = (scenario: Scenario, options: RunOptions) => runScenario(scenario, { out: folder, ...options })

const variantOf = ({ variants }: RunRecord, name: string): Variant => {
  const found = variants.find(variant => variant.name === name)
  if (found === undefined) throw new Error(`no variant ${name} among ${variants.map(variant => variant.name)}`)
  return found
}

/** What a variant must show whichever edge it was: measured at origin and players. */
function expectMeasured({ figures, checks }: Variant): void {
  expect(figures).toMatchObject({ players: 6, wrong_bodies: 0, player_failures: 0 })
  expect(figures.segments_counted).toBeGreaterThan(0)
  expect(figures.fills_per_segment).toBeGreaterThanOrEqual(1)
  expect(figures.publication_to_first_byte_ms_p50).toBeGreaterThan(0)
  expect(figures.hit_share).toBeGreaterThan(0)
  for (const unknown of ['collapsed_share', 'refused_share', 'hold_over_bound', 'hit_share.a1']) {
    expect(figures).not.toHaveProperty(unknown)
  }
  expect(checks.map(check => check.outcome)).toEqual(['held'])
}

/** A port that was free a moment ago. */
const freePort = (): Promise<number> =>
  new Promise(done => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })

describe.concurrent('another cache in the edge’s place', { timeout: 90_000 }, () => {
  test.skipIf('absent' in nginx)(
    'nginx, and the user’s own nginx, through an action that only ours can do',
    async () => {
      const own = join(folder, 'my.conf')
      const stock = readFileSync(peerKinds.nginx.variants.stock, 'utf8')
      writeFileSync(own, stock.replace('proxy_cache_lock on;', 'proxy_cache_lock on;\nadd_header X-Mine yes;'))
      const actions = [
        { atMs: 500, do: 'flush-edge' },
        { atMs: 1_000, do: 'restart-edge', edge: 'a1', downMs: 100 },
      ]
      // Beside the other tests it once took a nginx three seconds until it was back: the storm must outlast that.
      const storm = tiny({ actions, durationMs: 10_000 })
      const { record, recordFile, remarks } = await run(storm, { edges: ['nginx', `nginx:${own}`] })
      expect(recordSchema.parse(JSON.parse(readFileSync(recordFile, 'utf8')))).toEqual(
        JSON.parse(JSON.stringify(record)),
      )
      expect(record.variants.map(({ name }) => name)).toEqual(['edge:nginx', 'edge:nginx:my.conf'])
      for (const variant of record.variants) {
        const { figures, actions } = variant
        expect(figures).toMatchObject({ players: 6, wrong_bodies: 0 })
        expect(figures.fills_per_segment).toBeGreaterThanOrEqual(1)
        expect(actions.map(({ action }) => [action.do, typeof action.skipped])).toEqual([
          ['flush-edge', 'string'],
          ['restart-edge', 'undefined'],
          ['revive-edge', 'undefined'],
        ])
      }
      expect(remarks).toContain(
        'under edge:nginx, flush-edge at 500 ms is not possible with this edge: it has no control listener of ours',
      )
      const sites = variantOf(record, 'edge:nginx').parts.find(part => part.role === 'origin')?.segments
      expect(new Set(sites?.map(({ site }) => site))).toEqual(new Set(['a', 'b']))
      expect(await explain(record, dirname(recordFile), { rows: 3, policy: 'edge:nginx' })).toContain('edge:nginx: ')
      expect(renderTerminal(record, { recordFile })).toMatch(/collapsed +│ +– │ +– │/)
    },
  )

  test.skipIf('absent' in varnish)('Varnish beside our edge', async () => {
    const { record, remarks } = await run(tiny(), { edges: ['varnish:tuned'], policies: ['oca'], decisionLogs: false })
    expect(remarks).toEqual([])
    expectMeasured(variantOf(record, 'edge:varnish:tuned'))
    expect(variantOf(record, 'edge:varnish:tuned').policy).toMatchObject({ edge: 'varnish', variant: 'tuned' })
    // The check of our own policy was made of that alone.
    expect(variantOf(record, 'oca').checks).toHaveLength(2)
  })

  test.skipIf('absent' in nginx)('a cache that dies fails the run, with what became of it', async () => {
    const { contenders } = await contendersOf({ policies: [], edges: ['nginx'], ownsTarget: false })
    const [contender] = contenders
    if (contender?.is !== 'peer') throw new Error('nginx is a peer')
    const edges = new PeerEdges(contender, () => 'http://127.0.0.1:9')
    try {
      await edges.start({ edge: 'a1', site: 'a' }, 0, new AbortController().signal)
      await edges.start({ edge: 'b1', site: 'b' }, 0, new AbortController().signal)
      await edges.kill('b1')
      expect([edges.isAlive('a1'), edges.isAlive('b1')]).toEqual([true, false])
      process.kill(edges.all[0]?.pid as number, 'SIGKILL')
      expect((await edges.death).message).toBe('edge:nginx, standing as a1, ended by itself: ended by SIGKILL')
    } finally {
      await edges.stop()
    }
  })

  test.skipIf('absent' in nginx)('a configuration that the software refuses is told with its own words', async () => {
    const wrong = join(folder, 'wrong.conf')
    writeFileSync(
      wrong,
      readFileSync(peerKinds.nginx.variants.stock, 'utf8').replace('proxy_cache_lock on', 'proxy_lok on'),
    )
    await expect(run(tiny(), { edges: [`nginx:${wrong}`] })).rejects.toThrow(/edge:nginx:wrong\.conf: .*proxy_lok/s)
  })
})

describe.concurrent('an edge that runs already', { timeout: 60_000 }, () => {
  test('is stormed within its budget, and seen by the players alone', async () => {
    const scenario = tiny({ durationMs: 20_000, actions: [{ atMs: 0, do: 'raise-version' }] })
    const [contender] = (await contendersOf({ policies: ['oca'], edges: [], ownsTarget: false })).contenders
    const theirs = new World({
      scenario,
      contender: contender as NonNullable<typeof contender>,
      event: eventOf(scenario, now()),
      origin: { host: '127.0.0.1', port: 0 },
      runStorage: nothingShared,
      folder: mkdtempSync(join(folder, 'theirs-')),
      decisionLogs: false,
    })
    try {
      await theirs.start(() => undefined, new AbortController().signal)
      const url = theirs.processes.child('a1').url('players')
      const { record, remarks } = await run(scenario, { edges: [url], requestBudget: 120 })
      const { figures, parts } = variantOf(record, `edge:${new URL(url).host}`)
      expect(figures).toMatchObject({ player_requests: 120, wrong_bodies: 0, player_failures: 0 })
      expect(figures.hit_share).toBeGreaterThan(0)
      expect(parts.map(part => part.role)).toEqual(['fleet'])
      for (const unknown of ['origin_requests', 'fills_per_segment', 'segments_counted', 'hold_over_bound']) {
        expect(figures).not.toHaveProperty(unknown)
      }
      expect(remarks).toEqual([
        expect.stringMatching(
          /raise-version at 0 ms is not possible with this edge: this edge has an origin of its own/,
        ),
        expect.stringMatching(/the budget of 120 requests was spent after [\d.]+ s, and the storm ended there/),
      ])
      expect(record.partial).toBe(false)
      expect(renderTerminal(record, { recordFile: 'x' })).toMatch(
        /^Seen by the players alone, edge:.* got 120 requests/,
      )
    } finally {
      await theirs.stop()
    }
  })

  test('without an event behind it is refused with what to do', async () => {
    const port = await freePort()
    await expect(run(tiny(), { edges: [`http://127.0.0.1:${port}`] })).rejects.toThrow(
      /does not answer \/live\/tiny\/event\.json with a live event .*--origin-port/,
    )
  })

  test.skipIf('absent' in nginx)('that is pointed at our origin has that origin’s figures too', async () => {
    const port = await freePort()
    const peer = await startPeer({
      kind: 'nginx',
      variant: 'stock',
      upstream: { host: '127.0.0.1', port },
      listen: { host: '127.0.0.1', port: 0 },
      edge: 'x1',
      site: 'x',
    })
    try {
      const told: string[] = []
      const { record } = await run(tiny(), {
        edges: [peer.url],
        origin: { host: '127.0.0.1', port },
        onProgress: ({ doing }) => told.push(doing),
      })
      expectMeasured(variantOf(record, `edge:${new URL(peer.url).host}`))
      expect(told).toContain(
        `waiting until ${peer.url} fills from the origin at http://127.0.0.1:${port}: point it there`,
      )
    } finally {
      await peer.stop()
    }
  })
})
