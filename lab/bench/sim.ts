import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { ExactWorld } from '../../sim/exact/world.ts'
import { syntheticMedia } from '../../sim/media.ts'
import { prepareEngine } from '../../sim/node/engine.ts'
import { eventOf } from '../event-of.ts'
import { parsePolicy } from '../policies.ts'

// npm run bench:sim: how many requests of players a core simulates, what a player takes in memory, and whether a larger
// fleet is slower for each request. The network model and the hash of decisions are on. Time is the CPU time of this
// process, all of its threads together (the garbage collector has its own): what else runs on the machine has no say, but
// for the caches that it shares. The small fleet is measured before the large one and after it.
//
// Fleets of different sizes are compared by what their requests cost, so that their players must do the same: each is
// measured when it has settled, and has as many edges, and as many cores of the origin, as it needs. One core for the
// fills of every site keeps the players of many sites waiting at each publication, and a request that waits is another one
// than a hit. Memory is measured well before time is: a whole collection of garbage takes from the compiler what it knew
// of the world before, and a small fleet would be measured while it learns again.
// The figures of bulk mode come from lab/bench/sim-bulk.ts, which takes real time on one core.

export interface ExactBenchOptions {
  readonly players: number
  /** Fleets whose time for each request is compared. */
  readonly smallPlayers: number
  readonly largePlayers: number
  /** Over which players come; then for what they fetch at once when they join; then until time is measured. */
  readonly rampMs: number
  readonly joinedMs: number
  readonly settleMs: number
  /** Measured for so much simulated time: whole segments. */
  readonly measureMs: number
  /** How often, one after the other; of the small fleet that often before the large one and that often after it. */
  readonly repetitions: number
  readonly smallRepetitions: number
  /** Of the large fleet, which takes longer than all others together. */
  readonly largeRepetitions: number
}

const usual: ExactBenchOptions = {
  players: 100_000,
  smallPlayers: 10_000,
  largePlayers: 1_000_000,
  rampMs: 2_000,
  joinedMs: 2_000,
  settleMs: 4_000,
  measureMs: 4_000,
  repetitions: 3,
  smallRepetitions: 10,
  largeRepetitions: 1,
}
const segmentMs = 2_000
const playersAnEdge = 2_500
/** Of a small site; of a large one, because a scenario has no more than `mostSites`. */
const edgesASite = 4
const edgesALargeSite = 8
const mostSites = 64
const bornMs = 1_800_000_000_000
/** While a fleet comes: whether there is something to tell is looked at so often, ms of the storm; then, ms. */
const comeStepMs = 50
const tellEveryMs = 5_000

interface Measured {
  /** Of CPU, in each repetition. */
  readonly requestsPerS: readonly number[]
  readonly bytesPerPlayer: number
}

/** Takes a line for people. */
type Tell = (line: string) => void

/** Runs the fleets of `options`; `tell` is given lines for people meanwhile. */
export function benchExact(options: ExactBenchOptions, tell: Tell): Record<string, number> {
  const measured = (players: number, repetitions: number): Measured => {
    const one = measure(players, options, repetitions, tell)
    tell(`${players} players: ${Math.round(medianOf(one.requestsPerS))} requests a second of CPU`)
    return one
  }
  prepareEngine()
  measure(1_000, options, 1, () => {}) // until the compiler has seen it all
  const before = measured(options.smallPlayers, options.smallRepetitions)
  const usualFleet = measured(options.players, options.repetitions)
  const large = measured(options.largePlayers, options.largeRepetitions)
  const after = measured(options.smallPlayers, options.smallRepetitions)
  const small = medianOf([...before.requestsPerS, ...after.requestsPerS])
  const ofLarge = medianOf(large.requestsPerS)
  return {
    exact_requests_per_s: medianOf(usualFleet.requestsPerS),
    exact_requests_per_s_10k: small,
    exact_requests_per_s_1m: ofLarge,
    slowdown_1m_vs_10k: small / ofLarge,
    bytes_per_player: usualFleet.bytesPerPlayer,
    bytes_per_player_1m: large.bytesPerPlayer,
    exact_memory_bytes: process.resourceUsage().maxRSS * 1_024,
  }
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

/** A fleet comes, and is measured when it has settled. */
function measure(players: number, options: ExactBenchOptions, repetitions: number, tell: Tell): Measured {
  const { rampMs, joinedMs, settleMs, measureMs } = options
  const before = memoryNow()
  const world = worldOf(players, rampMs, rampMs + joinedMs + settleMs + measureMs * repetitions)
  const cameMs = (world.startMs as number) + rampMs + joinedMs
  const fromMs = cameMs + settleMs
  comeTo(world, cameMs, done => tell(`${players} players come, ${Math.round(done * 100)} %`))
  const bytesPerPlayer = (memoryNow() - before) / players
  world.run(fromMs)
  const requestsPerS = Array.from({ length: repetitions }, (_, i) => {
    const requests = world.fleet.tally.requests
    const cpu = process.cpuUsage()
    world.run(fromMs + (i + 1) * measureMs)
    const { user, system } = process.cpuUsage(cpu)
    return (world.fleet.tally.requests - requests) / ((user + system) / 1e6)
  })
  return { bytesPerPlayer, requestsPerS }
}

/** What comes before anything is measured; of a large fleet it takes most of the time. */
function comeTo(world: ExactWorld, fromMs: number, tell: (done: number) => void): void {
  const startMs = world.startMs as number
  let saidMs = performance.now()
  for (let atMs = startMs; atMs <= fromMs; atMs += comeStepMs) {
    world.run(atMs)
    if (performance.now() - saidMs < tellEveryMs) continue
    saidMs = performance.now()
    tell((atMs - startMs) / (fromMs - startMs))
  }
  world.run(fromMs)
}

function worldOf(players: number, rampMs: number, durationMs: number): ExactWorld {
  const sites = sitesFor(players)
  const scenario: Scenario = scenarioSchema.parse({
    name: 'bench',
    shows: 'a large fleet at the live edge',
    durationMs,
    event: { backlogSegments: 15, segmentMs },
    store: { is: 'memory' },
    topology: { sites },
    fleet: { players, arrivals: [{ is: 'ramp', fromMs: 0, toMs: rampMs, share: 1 }] },
  })
  const event = eventOf(scenario, bornMs)
  const { policy } = parsePolicy('oca')
  const calibration = { ...defaultCalibration, cores: { ...defaultCalibration.cores, origin: sites.length } }
  return new ExactWorld({ scenario, policy, event, media: syntheticMedia(event), calibration, bornMs })
}

/** As many edges as the players need: what a saturated edge does is another question. */
function sitesFor(players: number): { name: string; edges: number }[] {
  const edges = Math.ceil(players / playersAnEdge)
  const each = edges <= mostSites * edgesASite ? edgesASite : edgesALargeSite
  return Array.from({ length: Math.ceil(edges / each) }, (_, i) => ({ name: `s${i}x`, edges: each }))
}

function memoryNow(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bulk mode in a process of its own: neither its memory nor what the compiler has learnt of the cores may mix with ours. */
function benchBulkApart(): Record<string, number> {
  const file = join(import.meta.dirname, 'sim-bulk.ts')
  const said = execFileSync(process.execPath, [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  return (JSON.parse(said) as { figures: Record<string, number> }).figures
}

if (import.meta.main) {
  const exact = benchExact(usual, line => process.stderr.write(`bench:sim: ${line}\n`))
  const figures = { ...exact, ...benchBulkApart() }
  process.stdout.write(`${JSON.stringify({ bench: 'sim', figures })}\n`)
}
