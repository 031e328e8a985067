import { relative } from 'node:path'
import { Command } from 'commander'
import { allHeld } from '../results/checks.ts'
import { renderTerminal } from '../results/render/terminal.ts'
import { type Latencies, withLatencies } from '../sim/calibration.ts'
import { defaultCalibration } from '../sim/default-calibration.ts'
import { readCalibration } from '../sim/node/calibration-file.ts'
import { type SimulateOutcome, simulateScenario } from '../sim/node/simulate-scenario.ts'
import { exitCodes } from './errors.ts'
import { latency, repeated, type ScenarioFlags, scenarioWith, setting } from './flags.ts'
import { interruptSignal } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import { progressView } from './progress-view.ts'

interface Flags extends ScenarioFlags {
  readonly policy?: string[]
  readonly calibration?: string
  readonly json?: boolean
  readonly out?: string
  readonly latency?: Latencies
  readonly memory?: number
  readonly quiet?: boolean
}

const help = `
The same scenario file as 'tidegate run', the same cores, the same figures and checks; every player is simulated as
itself. Times come from a calibration: the one of this repository, or one of this machine ('tidegate calibrate').
The same scenario, seed and commit give the same record, whatever the machine; 'decisions' in it is a hash of everything
that every core decided.

Examples:
  tidegate sim kickoff
  tidegate sim kickoff --policy oca --players 100000
  tidegate sim kickoff --set topology.sites.0.edges=6 --latency edgeOrigin=40
  tidegate sim ./my-event.yaml --calibration results/calibration.json --json > record.json

Exit codes: 0 all checks held, 1 it was ended before its time, 2 bad scenario or usage, 3 a check failed.`

/** `tidegate sim`. */
export const simCommand = (): Command =>
  new Command('sim')
    .description('simulate a scenario in virtual time, every player by itself, and compare policies')
    .argument('<scenario>', "a scenario's name, or the path of a file")
    .option('--policy <policy>', "instead of the scenario's own; can be repeated", repeated)
    .option('--calibration <file>', 'service times and latencies measured by tidegate calibrate')
    .option('--json', 'print the record alone on standard output')
    .option('--out <folder>', "make the run's folder here instead of in results/runs")
    .option('--players <number>', "instead of the scenario's own", wholeNumber)
    .option('--seed <number>', "instead of the scenario's own", wholeNumber)
    .option('--set <field=value>', 'one field of the scenario, as topology.sites.0.edges=3; can be repeated', setting)
    .option('--latency <way=ms>', 'one way, as edgeOrigin=40, instead of the calibrated; can be repeated', latency)
    .option('--memory <MiB>', 'how much memory it may take by its own estimate (default: 3072)', wholeNumber)
    .option('--quiet', 'show no progress')
    .addHelpText('after', help)
    .action(async (name: string, flags: Flags) => {
      process.exitCode = await simulate(name, flags)
    })

async function simulate(name: string, flags: Flags): Promise<number> {
  const scenario = scenarioWith(name, flags)
  const given = flags.calibration === undefined ? defaultCalibration : readCalibration(flags.calibration)
  const calibration = flags.latency === undefined ? given : withLatencies(given, flags.latency)
  const view = progressView(flags.quiet ?? false)
  let outcome: SimulateOutcome
  try {
    outcome = await simulateScenario(scenario, {
      policies: flags.policy,
      calibration,
      memoryBytes: flags.memory === undefined ? undefined : flags.memory * 1024 * 1024,
      out: flags.out,
      command: ['tidegate', ...process.argv.slice(2)].join(' '),
      onProgress: view.show,
      signal: interruptSignal('ending the simulation and keeping what was simulated'),
    })
  } finally {
    view.end()
  }
  const { record, recordFile } = outcome
  const file = relative(process.cwd(), recordFile as string)
  process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : renderTerminal(record, { recordFile: file }))
  if (record.partial) return exitCodes.harnessFailed
  return allHeld(record.variants) ? exitCodes.held : exitCodes.checkFailed
}
