import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { defaultCalibration } from '../../sim/default-calibration.ts'
import { ExactWorld } from '../../sim/exact/world.ts'
import { syntheticMedia } from '../../sim/media.ts'
import { eventOf } from '../event-of.ts'
import { parsePolicy } from '../policies.ts'

// npm run bench:sim: how many requests of players a core simulates, what a player takes in memory, and whether a larger
// fleet is slower for each request. The network model and the hash of decisions are on. Time is the CPU time of this
// process, all of its threads together (the garbage collector has its own): what else runs on the machine has no say.
// The figures of bulk mode come from lab/bench/sim-bulk.ts, which takes real time on one core.

export interface ExactBenchOptions {
  readonly players: number
  /** Fleets whose time for each request is compared. */
  readonly smallPlayers: number
  readonly largePlayers: number
  /** Over which players come; then for what they fetch at once when they join. */
  readonly rampMs: number
  readonly settleMs: number
  /** Measured for so much simulated time, or as much shorter as the fleet is larger: whole segments, at least one. */
  readonly measureMs: number
  readonly repetitions: number
}

const usual: ExactBenchOptions = {
  players: 100_000,
  smallPlayers: 10_000,
  largePlayers: 1_000_000,
  rampMs: 2_000,
  settleMs: 2_000,
  measureMs: 8_000,
  repetitions: 3,
}
const segmentMs = 2_000
const playersAnEdge = 4_000
const edgesASite = 4
const bornMs = 1_800_000_000_000

interface Step {
  readonly requestsPerS: number
  readonly bytesPerPlayer: number
}

/** Runs the fleets of `options`; `tell` is given a line for people after each. */
export function benchExact(options: ExactBenchOptions, tell: (line: string) => void): Record<string, number> {
  const measured = (players: number, repetitions: number): Step => {
    const step = measure(players, options, repetitions)
    tell(
      `${players} players: ${Math.round(step.requestsPerS)} requests a second of CPU, ` +
        `${Math.round(step.bytesPerPlayer)} bytes a player`,
    )
    return step
  }
  measure(1_000, options, 1) // until the compiler has seen it all
  const small = measured(options.smallPlayers, options.repetitions)
  const usualFleet = measured(options.players, options.repetitions)
  const large = measured(options.largePlayers, 1)
  return {
    exact_requests_per_s: usualFleet.requestsPerS,
    bytes_per_player: usualFleet.bytesPerPlayer,
    exact_slowdown_1m_vs_10k: small.requestsPerS / large.requestsPerS,
  }
}

function measure(players: number, options: ExactBenchOptions, repetitions: number): Step {
  const { rampMs, settleMs, measureMs } = options
  const wantedMs = Math.min(measureMs, (measureMs * options.players) / players)
  const stepMs = Math.max(1, Math.round(wantedMs / segmentMs)) * segmentMs
  const before = memoryNow()
  const world = worldOf(players, rampMs, rampMs + settleMs + stepMs * repetitions)
  const fromMs = (world.startMs as number) + rampMs + settleMs
  world.run(fromMs)
  const bytesPerPlayer = (memoryNow() - before) / players
  const rates = Array.from({ length: repetitions }, (_, i) => {
    const requests = world.fleet.tally.requests
    const cpu = process.cpuUsage()
    world.run(fromMs + (i + 1) * stepMs)
    const { user, system } = process.cpuUsage(cpu)
    return (world.fleet.tally.requests - requests) / ((user + system) / 1e6)
  })
  return { bytesPerPlayer, requestsPerS: rates.sort((a, b) => a - b)[rates.length >> 1] as number }
}

function worldOf(players: number, rampMs: number, durationMs: number): ExactWorld {
  const scenario: Scenario = scenarioSchema.parse({
    name: 'bench',
    shows: 'a large fleet at the live edge',
    durationMs,
    event: { backlogSegments: 15, segmentMs },
    store: { is: 'memory' },
    topology: { sites: sitesFor(players) },
    fleet: { players, arrivals: [{ is: 'ramp', fromMs: 0, toMs: rampMs, share: 1 }] },
  })
  const event = eventOf(scenario, bornMs)
  const { policy } = parsePolicy('oca')
  const plan = { scenario, policy, event, media: syntheticMedia(event), calibration: defaultCalibration }
  return new ExactWorld({ ...plan, bornMs })
}

/** As many edges as the players need: what a saturated edge does is another question. */
function sitesFor(players: number): { name: string; edges: number }[] {
  const sites = Math.ceil(players / (playersAnEdge * edgesASite))
  return Array.from({ length: sites }, (_, i) => ({ name: `s${i}x`, edges: edgesASite }))
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
