import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { ConfigurationError, readConfiguration, secretFromEnvironment } from '../../process/configuration.ts'
import { type Life, live } from '../../process/lifecycle.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { type FleetConfig, fleetConfigSchema } from './config.ts'
import { startFleet } from './start.ts'

export { type FleetProcess, startFleet } from './start.ts'

// `tidegate fleet`: one fleet process, or one shard of a fleet.

interface Flags {
  config?: string
  target?: string[]
  scenario?: string
  event?: string
  players?: number
  duration?: number
  shard?: string
  workers?: number
  seed?: number
  replay?: string
  fromLog?: string
  speed?: number
  metricsPort?: number
  connections?: string
  decisionLog?: string
  controlPort?: number
  name?: string
  out?: string
}

const help = `
Examples:
  One hundred players for half a minute, the part of the record as one line on standard output:
    tidegate fleet --target http://127.0.0.1:8081 --event show --out -

  The second of eight shards of a scenario's fleet, on any machine; 'tidegate merge' joins the parts:
    tidegate fleet --shard 2/8 --scenario kickoff --event kickoff --target http://10.0.0.7:8081 --out part2.json

  A recorded request log again, twice as fast:
    tidegate fleet --replay requests.ndjson --speed 2 --target http://127.0.0.1:8081 --event show

  The access log of an nginx again, twice as fast:
    tidegate fleet --from-log access.log --speed 2 --target http://127.0.0.1:8081

An access log has whole seconds of each request's end: the requests of one second are spread evenly over it, in the
order of the log, the same every time; where the line has rt= ($request_time) it is taken off, and with msec= ($msec) as
well the instant is exact. Only GET and HEAD are sent again. Lines that are no such request are counted and the first
ones named. Each is sent at its instant, whatever the answers are; bodies of live addresses are verified where the target
knows their event (the log's most frequent one, or that of --event).

Several targets are the edges of one site. What player k does depends on scenario, seed and k only.
The control token is taken from TIDEGATE_CONTROL_TOKEN; without it a fresh one is made and printed.`

/** The command `tidegate fleet`. */
export function fleetCommand(): Command {
  return new Command('fleet')
    .description('Run a fleet of players, or one shard of it, against running edges')
    .option('--target <url...>', 'base URL of an edge; several are the edges of one site')
    .option('--scenario <name or file>', 'take players, arrivals, seed and duration from a scenario')
    .option('--event <name>', 'the live event to watch (default: live)')
    .option('--players <count>', 'players of the whole fleet (default: 100)', Number)
    .option('--duration <seconds>', 'length of the storm (default: 30)', Number)
    .option('--shard <i/n>', 'only every n-th player, beginning with the i-th (default: 1/1)')
    .option('--workers <count>', 'threads', Number)
    .option('--seed <number>', 'seed of the fleet', Number)
    .option('--connections <how>', 'pooled or per-player')
    .option('--replay <file>', 'send a recorded request log (NDJSON) again in place of players')
    .option('--from-log <file>', "send the requests of an access log again, nginx's combined format or ours (.gz too)")
    .option('--metrics-port <port>', 'where Prometheus asks for /metrics; 0 for any free port', Number)
    .option('--speed <factor>', 'how much faster than recorded', Number)
    .option('--decision-log <file>', 'write down how each request ended')
    .option('--control-port <port>', 'port of the control listener, 0 for any', Number)
    .option('--name <name>', 'name of this process')
    .option('--out <file>', 'where to write the part of the record; - for standard output')
    .option('--config <file>', 'configuration, JSON or YAML; - for standard input; flags win over it')
    .addHelpText('after', help)
    .action((flags: Flags) => live(flags, given => begin(configurationOf(given), flags.out)))
}

async function begin(config: FleetConfig, out: string | undefined): Promise<Life> {
  const fleet = await startFleet(config, secretFromEnvironment('TIDEGATE_CONTROL_TOKEN'))
  // In a lab the part is fetched by its parent, which then ends the life.
  const reported = config.lab ? fleet.done : fleet.done.then(part => report(part, out))
  const { controlUrl: control, metricsUrl: metrics } = fleet
  return {
    ready: 'fleet',
    name: config.name,
    listen: metrics === undefined ? { control } : { control, metrics },
    over: config.lab ? undefined : reported.then(() => undefined),
    async close() {
      await fleet.close()
      await reported
    },
  }
}

function report(part: Part, out: string | undefined): void {
  const text = `${JSON.stringify(part)}\n`
  if (out === '-') process.stdout.write(text)
  else if (out !== undefined) writeFileSync(out, text)
  process.stderr.write(`${summary(part)}\n`)
}

/** What a person wants to know at the end, in a line. */
function summary({ counts, histograms }: Part): string {
  const failures = Object.entries(counts).filter(([name]) => name.startsWith('failures.'))
  const failed = failures.map(([name, count]) => `${count} ${name.slice('failures.'.length)}`).join(', ') || 'none'
  const lag = histograms.lag_ms === undefined ? 0 : decodeHistogram(histograms.lag_ms).getValueAtPercentile(99) / 1_000
  return [
    `tidegate: ${counts.players_joined ?? 0} players, ${counts.requests ?? 0} requests`,
    `failed: ${failed}`,
    `wrong bodies: ${counts.wrong_bodies ?? 0}`,
    `early 404s: ${counts.early_404_seen ?? 0}`,
    `generator lag p99: ${lag.toFixed(1)} ms`,
  ].join('; ')
}

const ms = 1_000
const defaultPlayers = 100
/** Without a scenario all players come within this time. */
const defaultRampMs = 5_000

/** The configuration that file, scenario and flags give together. Throws ConfigurationError. */
export function configurationOf(flags: Flags): FleetConfig {
  const scenario = flags.scenario === undefined ? undefined : loadScenario(flags.scenario)
  const ownFleet = flags.config === undefined || scenario !== undefined
  const fleet = {
    ...(scenario?.fleet ?? { arrivals: [{ is: 'ramp', fromMs: 0, toMs: defaultRampMs, share: 1 }] }),
    players: flags.players ?? scenario?.fleet.players ?? defaultPlayers,
    ...given('connections', flags.connections),
  }
  if (!ownFleet && (flags.players !== undefined || flags.connections !== undefined)) {
    throw new ConfigurationError(
      '--players and --connections go with --scenario or alone: with --config, set fleet there',
    )
  }
  return readConfiguration(fleetConfigSchema, flags.config, {
    ...(ownFleet ? { fleet } : {}),
    ...given('seed', flags.seed ?? scenario?.seed),
    ...given('durationMs', flags.duration === undefined ? scenario?.durationMs : flags.duration * ms),
    ...given('workers', flags.workers ?? scenario?.fleet.workers),
    ...given('sites', flags.target === undefined ? undefined : [{ site: 'site1', edges: flags.target }]),
    ...given('eventName', flags.event),
    ...given('shard', flags.shard === undefined ? undefined : shardOf(flags.shard)),
    ...given('replayLog', flags.replay),
    ...given('fromLog', flags.fromLog),
    ...given('metricsPort', flags.metricsPort),
    ...given('replaySpeed', flags.speed),
    ...given('decisionLog', flags.decisionLog),
    ...given('controlPort', flags.controlPort),
    ...given('name', flags.name),
  })
}

const given = (name: string, value: unknown): Record<string, unknown> => (value === undefined ? {} : { [name]: value })

function shardOf(text: string): FleetConfig['shard'] {
  const match = /^([0-9]+)\/([0-9]+)$/.exec(text)
  if (match === null) throw new ConfigurationError(`--shard ${text}: I/N is wanted, for example 2/8`)
  return { index: Number(match[1]), of: Number(match[2]) }
}
