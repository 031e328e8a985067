import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import { fleetConfigSchema } from '../../loadgen/http/config.ts'
import { runHere } from '../../loadgen/http/fleet-here.ts'
import type { RunningFleet } from '../../loadgen/http/running-fleet.ts'
import { clockEnvironment, now } from '../../process/clock.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'

// npm run bench:fleet: how many players one core carries. Real players (dash.js, one rendition, one request every 2 s for
// a segment of 100 KB) drive the fleet's real driver against a server in a process of its own; every body is verified.
// The fleet grows until the generator's lag, a failure or its core forbids it.

export interface FleetBenchOptions {
  readonly bodyBytes: number
  /** Where the search begins. */
  readonly players: number
  /** Where it ends at the latest. */
  readonly maxPlayers: number
  /** Over which the players of a step that are added come. */
  readonly rampMs: number
  /** After that, for what they fetch at once when they join. */
  readonly settleMs: number
  readonly measureMs: number
  /** After this time no further step begins. */
  readonly longestMs: number
}

const usual: FleetBenchOptions = {
  bodyBytes: 100_000,
  players: 8_000,
  maxPlayers: 64_000,
  rampMs: 3_500,
  settleMs: 1_000,
  measureMs: 3_000,
  longestMs: 66_000,
}

/** A run holds when the lag's p99 stays below this, nothing fails, and no more than one core is used. */
const lagLimitMs = 20
const segmentMs = 2_000
/** Of the segments that so many players must ask for, this share came in the time measured: the rest fell on its ends. */
const leastServed = 0.95

interface Step {
  readonly players: number
  readonly holds: boolean
  readonly lagMsP99: number
  readonly cpuShare: number
  readonly verified: number
}

/** Searches for the largest fleet; `tell` is given a line for people after each step. */
export async function benchFleet(
  options: FleetBenchOptions,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const event = benchEvent(now())
  const server = await startServer(event, options.bodyBytes)
  const fleet = await runHere(planFor(event, server.url, options), { index: 0, of: 1 })
  try {
    const best = await search(options, async players => {
      await fleet.resize(players)
      await wait(options.rampMs)
      return measureUntilHeld(fleet, players, options, tell)
    })
    return {
      players_per_core: best?.players ?? 0,
      lag_ms_p99: best?.lagMsP99 ?? 0,
      client_cpu_share: best?.cpuShare ?? 0,
      verified_bodies: best?.verified ?? 0,
    }
  } finally {
    await fleet.stop()
    server.process.kill()
  }
}

/**
 * Grows while it holds, in smaller steps the more of the core is used: a fleet that is overloaded by a step too large has
 * fallen behind, must catch up, and says nothing of smaller ones any more. So the first number that fails ends the search.
 */
async function search(
  { players, maxPlayers, longestMs }: FleetBenchOptions,
  attempt: (players: number) => Promise<Step>,
): Promise<Step | undefined> {
  const untilMs = (now() as number) + longestMs
  let best: Step | undefined
  let next = players
  do {
    const step = await attempt(next)
    if (!step.holds && best !== undefined) break
    if (step.holds) best = step
    next = step.holds ? Math.min(maxPlayers, Math.round((next * growth(step.cpuShare)) / 100) * 100) : next / 2
  } while ((now() as number) < untilMs && next >= fewestPlayers && next > (best?.players ?? 0))
  return best
}

/** Something else on the machine may have had the core for a moment: only what fails every time has failed. */
async function measureUntilHeld(
  fleet: RunningFleet,
  players: number,
  options: FleetBenchOptions,
  tell: (line: string) => void,
): Promise<Step> {
  for (let left = tries; ; left--) {
    const step = await measure(fleet, players, options)
    tell(inWords(step))
    if (step.holds || left === 1) return step
  }
}

const tries = 3
const fewestPlayers = 100
const growth = (cpuShare: number): number => (cpuShare < 0.3 ? 1.5 : cpuShare < 0.45 ? 1.25 : 1.1)

async function measure(fleet: RunningFleet, players: number, options: FleetBenchOptions): Promise<Step> {
  const { settleMs, measureMs } = options
  await wait(settleMs)
  await fleet.reset()
  const cpuBefore = process.cpuUsage()
  const fromMs = now() as number
  await wait(measureMs)
  const { user, system } = process.cpuUsage(cpuBefore)
  const tookMs = (now() as number) - fromMs
  const part = await fleet.record()
  const cpuShare = (user + system) / 1_000 / tookMs
  const lagMsP99 = percentileMs(part, 'lag_ms', 99)
  const verified = part.counts['responses.status.200'] ?? 0
  const served = verified >= leastServed * players * (tookMs / segmentMs)
  return {
    players,
    lagMsP99,
    cpuShare,
    verified,
    holds: lagMsP99 < lagLimitMs && cpuShare <= 1 && served && !bad(part),
  }
}

const inWords = ({ players, holds, lagMsP99, cpuShare, verified }: Step): string =>
  `${players} players: ${holds ? 'held' : 'not held'}; lag p99 ${lagMsP99.toFixed(1)} ms, ` +
  `${cpuShare.toFixed(2)} of a core, ${verified} bodies verified`

const bad = ({ counts }: Part): boolean =>
  Object.keys(counts).some(name => /^(failures\.|wrong_bodies|requests_never_sent|responses\.status\.[45])/.test(name))

const percentileMs = (part: Part, name: string, percentile: number): number => {
  const encoded = part.histograms[name]
  return encoded === undefined ? Infinity : decodeHistogram(encoded).getValueAtPercentile(percentile) / 1_000
}

/** One video rendition, long under way; players stand right behind the live edge, so that joining is a few requests. */
const benchEvent = (at: number): LiveEvent => ({
  ...eventDefaults,
  body: 'synthetic',
  invalidations: [],
  pipelines: ['a'],
  event: 'bench',
  startMs: Math.floor(at / segmentMs) * segmentMs - 600_000,
  segmentMs,
  suggestedDelayMs: 4_000,
  renditions: [{ name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1.42c01e', timescale: 90_000 }],
})

/** Clocks that are off by up to a segment's length spread the requests evenly, so that every second is alike. */
const planFor = (event: LiveEvent, url: string, { rampMs }: FleetBenchOptions) => ({
  ...fleetConfigSchema.parse({
    fleet: {
      players: 0,
      profiles: { 'dash.js': 1 },
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: rampMs, share: 1 }],
      clockError: { is: 'uniform', lowMs: -segmentMs / 2, highMs: segmentMs / 2 },
    },
    sites: [{ site: 'bench', edges: [url] }],
  }),
  event,
  startMs: now(),
  durationMs: 600_000,
})

async function startServer(event: LiveEvent, bodyBytes: number): Promise<{ url: string; process: ChildProcess }> {
  const entry = fileURLToPath(new URL('./fleet-server.ts', import.meta.url))
  const child = spawn(process.execPath, [entry, JSON.stringify({ event, bodyBytes })], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...clockEnvironment() },
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error("the benchmark's server has ended before it was ready"))),
  ])) as [string]
  const { listen } = JSON.parse(line) as { listen: { players: string } }
  return { url: listen.players, process: child }
}

/** Above what else runs on the machine, where that is allowed: the benchmark asks what a core carries, not who else has it. */
function raisePriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_ABOVE_NORMAL)
  } catch {
    process.stderr.write('bench:fleet: the priority cannot be raised; on a busy machine the figures will be lower\n')
  }
}

if (import.meta.main) {
  raisePriority(process.pid) // the server inherits it
  const figures = await benchFleet(usual, line => process.stderr.write(`bench:fleet: ${line}\n`))
  process.stdout.write(`${JSON.stringify({ bench: 'fleet', figures })}\n`)
}
