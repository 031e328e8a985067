import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { segmentPath } from '../../live/address.ts'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import { liveEdge } from '../../live/template.ts'
import { now } from '../../process/clock.ts'
import { HarnessError } from '../harness-error.ts'
import { type Cell, drive } from './edge-load.ts'
import { type BenchServer, type ServerPlan, startOther, startOwn } from './edge-servers.ts'
import { median } from './hold.ts'

// What hits cost: Tidegate's edge and other caches answer the same stored segments, each on one core, wrk on another, in
// turn within each round. One request more is asked of an edge as soon as one is answered, so the rate is what the pair
// of server and client can do; near the top of the client's share it says more about the client.
//
// Every ratio `…_vs_PEER` is the median over the rounds of the ratio within a round, ours to theirs:
// - `hits_SIZE_vs_PEER`: hits a second, one core for each server, whoever was the limit.
// - `cpu_hits_SIZE_vs_PEER`: hits for one second of server CPU (edge-load.ts says what that is). It does not depend on
//   whether the client was the limit, nor on how long a server waited.
// - `cpu_per_gbit_1mb_vs_PEER`: server CPU for one gigabit of bodies.
// Beside them, as medians over the rounds: `rate_SIZE.EDGE` (hits a second), `cpu_us_SIZE.EDGE` (server CPU for one
// hit), `total_cpu_us_SIZE.EDGE` (of both cores) and `client_share_SIZE.EDGE`. `client_share` is the largest of the
// last, and `client_saturated` the share of cells in which wrk used over 95 % of its core.

export interface EdgeBenchOptions {
  readonly rounds: number
  /** Of one cell; wrk counts in whole seconds. */
  readonly seconds: number
  /** Without it the first round is not driven once before in vain: only for tests. */
  readonly warmUp: boolean
  readonly sizes: readonly Size[]
  /** Tidegate's own is always there. */
  readonly peers: readonly string[]
}

const peerNames = ['nginx', 'nginx_best', 'varnish', 'haproxy'] as const

const own = 'oca'
/** Tidegate's edge with every request through node:http. */
const ownWithoutFastPath = 'node_http'

const sizes = { '1kb': 1_024, '100kb': 100 * 1_024, '1mb': 1_024 * 1_024 } as const
type Size = keyof typeof sizes
const sizeNames = Object.keys(sizes) as Size[]
/** Enough that no server waits for wrk. More large answers at once would only fill the buffers between the two. */
const connections: Readonly<Record<Size, number>> = { '1kb': 32, '100kb': 32, '1mb': 8 }
const defaults: EdgeBenchOptions = { rounds: 6, seconds: 1, warmUp: true, sizes: sizeNames, peers: peerNames }
/** The rendition whose segments have a size: names may not begin with a hyphen, but with a digit. */
const renditionOf = (size: Size): string => `s${size}`

/** One round: the cell of each edge and size. */
export type Round = Readonly<Record<string, Readonly<Partial<Record<Size, Cell>>>>>

const saturatedShare = 0.95
const run = promisify(execFile)

/** Runs the benchmark and resolves with its figures. */
export async function benchEdge(options: EdgeBenchOptions): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-edge-'))
  const stops: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })]
  try {
    const event = benchEvent()
    const origin = await startOrigin(event, stops)
    const servers = await startServers({ origin, event: event.event, folder }, options.peers, stops)
    const path = (size: Size) => segmentPath(event.event, renditionOf(size), liveEdge(event, event.startMs + agedMs))
    const askedBefore = await fillAll(servers, path, origin)
    const rounds: Round[] = []
    // In the round before the first, code is compiled and buffers grow.
    for (let number = options.warmUp ? -1 : 0; number < options.rounds; number++) {
      const round = await driveRound(rotated(servers, number + 1), path, options)
      if (number >= 0) rounds.push(round)
      process.stderr.write(`edge: round ${number + 1} of ${options.rounds}${summaryOf(round)}\n`)
    }
    const askedMeanwhile = (await askedOf(origin)) - askedBefore
    if (askedMeanwhile > 0) throw new HarnessError(`the origin was asked ${askedMeanwhile} times while only hits count`)
    return figuresOf(rounds)
  } finally {
    for (const stop of stops.reverse()) await stop()
  }
}

/** How long before now the event began: the segment that is asked for was published in its middle. */
const agedMs = 60_000

const benchEvent = (): LiveEvent => ({
  ...eventDefaults,
  event: 'bench',
  startMs: (now() as number) - 2 * agedMs,
  dvrWindowMs: 3_600_000,
  renditions: sizeNames.map(size => ({
    name: renditionOf(size),
    kind: 'video',
    bitsPerSecond: (sizes[size] * 8_000) / eventDefaults.segmentMs,
    codecs: 'avc1',
    timescale: 90_000,
  })),
})

async function startOrigin(event: LiveEvent, stops: (() => Promise<unknown>)[]): Promise<URL> {
  const bodyBytes = Object.fromEntries(sizeNames.map(size => [renditionOf(size), sizes[size]]))
  const child = fork(join(import.meta.dirname, 'edge-origin.ts'), [JSON.stringify({ event, bodyBytes })], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  stops.push(async () => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  return new URL((JSON.parse(String(line)) as { listen: { delivery: string } }).listen.delivery)
}

async function startServers(
  plan: ServerPlan,
  peers: readonly string[],
  stops: (() => Promise<unknown>)[],
): Promise<BenchServer[]> {
  const servers: BenchServer[] = []
  const add = (server: BenchServer | undefined) => {
    if (!server) return
    servers.push(server)
    stops.push(() => server.stop())
  }
  add(await startOwn(own, true, plan))
  add(await startOwn('node-http', false, plan).then(server => ({ ...server, name: ownWithoutFastPath })))
  for (const name of peers) add(await startOther(name, name === 'nginx_best' ? 'nginx' : (name as 'nginx'), plan))
  return servers
}

/** Lets every edge store every segment, and gives how often the origin was asked for that. */
async function fillAll(servers: readonly BenchServer[], path: (size: Size) => string, origin: URL): Promise<number> {
  for (const { url, name } of servers) {
    for (const size of sizeNames) {
      for (let time = 0; time < 2; time++) {
        const response = await fetch(url + path(size))
        const { byteLength } = await response.arrayBuffer()
        if (response.status !== 200 || byteLength !== sizes[size]) {
          throw new HarnessError(`${name} answers ${path(size)} with ${response.status} and ${byteLength} bytes`)
        }
      }
    }
  }
  return askedOf(origin)
}

const askedOf = async (origin: URL): Promise<number> =>
  ((await (await fetch(new URL('/asked', origin))).json()) as { asked: number }).asked

const rotated = <Item>(items: readonly Item[], by: number): Item[] => {
  const at = by % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

async function driveRound(
  servers: readonly BenchServer[],
  path: (size: Size) => string,
  { seconds, sizes: driven }: EdgeBenchOptions,
): Promise<Round> {
  const round: Record<string, Partial<Record<Size, Cell>>> = {}
  for (const size of driven) {
    for (const { name, url, group } of servers) {
      const load = { url: url + path(size), bodyBytes: sizes[size], connections: connections[size], seconds, group }
      round[name] = { ...round[name], [size]: await drive(load) }
    }
  }
  return round
}

const summaryOf = (round: Round): string =>
  drivenIn(round)
    .map(size => {
      const cells = Object.keys(round).map(name => `${name} ${cellOf(round, name, size).serverCpuUs.toFixed(1)}`)
      return `\n  ${size}, µs of server CPU a hit: ${cells.sort().join(', ')}`
    })
    .join('')

const drivenIn = (round: Round | undefined): Size[] => Object.keys(round?.[own] ?? {}) as Size[]
const cellOf = (round: Round, name: string, size: Size): Cell => round[name]?.[size] as Cell

/** The benchmark's figures (see above). */
export function figuresOf(rounds: readonly Round[]): Record<string, number> {
  const driven = drivenIn(rounds[0])
  const names = Object.keys(rounds[0] ?? {})
  const figures = Object.assign({}, ...driven.map(size => figuresOfSize(rounds, size, names))) as Record<string, number>
  const cells = rounds.flatMap(round => driven.flatMap(size => names.map(name => cellOf(round, name, size))))
  const saturated = cells.filter(({ clientShare }) => clientShare > saturatedShare)
  const shares = Object.entries(figures).filter(([name]) => name.startsWith('client_share_'))
  figures.client_share = Math.max(...shares.map(([, share]) => share))
  figures.client_saturated = saturated.length / cells.length
  figures.edge_rounds = rounds.length
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1_000) / 1_000]))
}

function figuresOfSize(rounds: readonly Round[], size: Size, names: readonly string[]): Record<string, number> {
  const figures: Record<string, number> = {}
  const gbit = (sizes[size] * 8) / 1e9
  for (const name of names) {
    const over = (value: (theirs: Cell, ours: Cell) => number): number =>
      median(rounds.map(round => value(cellOf(round, name, size), cellOf(round, own, size))))
    figures[`rate_${size}.${name}`] = over(({ hitsPerS }) => hitsPerS)
    figures[`cpu_us_${size}.${name}`] = over(({ serverCpuUs }) => serverCpuUs)
    figures[`total_cpu_us_${size}.${name}`] = over(({ totalCpuUs }) => totalCpuUs)
    figures[`client_share_${size}.${name}`] = over(({ clientShare }) => clientShare)
    if (name === own) continue
    figures[`hits_${size}_vs_${name}`] = over((theirs, ours) => ours.hitsPerS / theirs.hitsPerS)
    figures[`cpu_hits_${size}_vs_${name}`] = over((theirs, ours) => theirs.serverCpuUs / ours.serverCpuUs)
    if (size !== '1mb') continue
    figures[`cpu_per_gbit_1mb_vs_${name}`] = over(
      (theirs, ours) => ours.serverCpuUs / gbit / (theirs.serverCpuUs / gbit),
    )
  }
  return figures
}

/** Why the benchmark cannot be run here; undefined: it can. */
export async function missing(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'it reads CPU time from /proc, which Linux has'
  if (availableParallelism() < 2) return 'server and client need a core each'
  for (const [tool, flag] of [
    ['wrk', '-v'],
    ['taskset', '--version'],
  ] as const) {
    const error = await run(tool, [flag]).then(
      () => undefined,
      (failure: NodeJS.ErrnoException) => failure,
    )
    // wrk answers -v with its usage and exit code 1.
    if (error?.code === 'ENOENT')
      return `${tool} is not installed: apt-get install ${tool === 'wrk' ? tool : 'util-linux'}`
  }
  return undefined
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      size: { type: 'string', multiple: true },
      peer: { type: 'string', multiple: true },
    },
  })
  const why = await missing()
  if (why !== undefined) {
    process.stderr.write(`edge: the benchmark cannot be run: ${why}\n`)
    process.exit(1)
  }
  const figures = await benchEdge({
    ...defaults,
    rounds: Number(values.rounds ?? defaults.rounds),
    seconds: Number(values.seconds ?? defaults.seconds),
    sizes: sizeNames.filter(size => values.size?.includes(size) ?? true),
    peers: values.peer ?? defaults.peers,
  })
  process.stderr.write(`edge: load average ${loadavg().map(load => load.toFixed(2))}\n`)
  process.stdout.write(`${JSON.stringify({ bench: 'edge', figures })}\n`)
}
