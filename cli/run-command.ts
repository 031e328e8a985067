import { relative } from 'node:path'
import { Command } from 'commander'
import { type RunOutcome, runScenario } from '../lab/run.ts'
import { allHeld } from '../results/checks.ts'
import { renderTerminal } from '../results/render/terminal.ts'
import { exitCodes } from './errors.ts'
import { repeated, type ScenarioFlags, scenarioWith, setting } from './flags.ts'
import { interruptSignal } from './interrupt.ts'
import { atLeastOne, wholeNumber } from './numbers.ts'
import { type OutputFlags, withOutputOptions, writeOutputs } from './output-options.ts'
import { progressView } from './progress-view.ts'

interface Flags extends OutputFlags, ScenarioFlags {
  readonly policy?: string[]
  readonly edge?: string[]
  readonly iOwnThisTarget?: boolean
  readonly budget?: number
  readonly originPort?: number
  readonly originHost: string
  readonly json?: boolean
  readonly out?: string
  readonly quiet?: boolean
  readonly log: boolean
  readonly rehearsal: boolean
}

const help = `
A policy is a preset, with single behaviours put off or on: oca, nginx, none, oca-wakeOnFill,
none+proxy_cache+proxy_cache_lock. 'tidegate list' names the scenarios.

An edge stands where ours do: oca (ours), nginx, varnish, trafficserver, haproxy (stock), nginx:tuned, a configuration
of your own with the placeholders of edge/peers/nginx/stock.conf (nginx:./my.conf; an nginx.conf needs none, it stands
as it is deployed), or a URL. Its variant is called 'edge:' and that, so that the policy nginx, which imitates nginx,
and edge:nginx, which is nginx, can stand side by side.
An edge given by its URL fills from an origin of its own, which has /live/SCENARIO/event.json; or, with --origin-port,
from ours, at which you point it.

Examples:
  tidegate run kickoff
  tidegate run kickoff --policy oca --edge nginx --edge varnish:tuned --edge nginx:./my.conf
  tidegate run kickoff --edge https://staging.example.com --i-own-this-target --budget 5000
  tidegate run kickoff --policy oca --policy oca-designatedFill
  tidegate run kickoff --policy oca --players 1200 --json > record.json
  tidegate run ./my-event.yaml --out /tmp/runs

Exit codes: 0 all checks held, 1 the harness failed or was ended, 2 bad scenario or usage, 3 a check failed.`

/** `tidegate run`. */
export const runCommand = (): Command =>
  withOutputOptions(new Command('run'))
    .description('run a scenario as real processes, for each policy in turn, and compare')
    .argument('<scenario>', "a scenario's name, or the path of a file")
    .option('--policy <policy>', "instead of the scenario's own; can be repeated", repeated)
    .option('--edge <edge>', 'another edge in place of ours, or a URL; can be repeated', repeated)
    .option('--i-own-this-target', 'a URL that is not on this machine is yours to storm')
    .option('--budget <requests>', 'what players may send to a URL, then the storm ends (default: 10000)', atLeastOne)
    .option(
      '--origin-port <port>',
      'for a URL: start our origin at this port, and wait until the edge fills from it',
      atLeastOne,
    )
    .option('--origin-host <address>', 'the address that this origin listens on', '127.0.0.1')
    .option('--json', 'print the record alone on standard output')
    .option('--out <folder>', "make the run's folder here instead of in results/runs")
    .option('--players <number>', "instead of the scenario's own", wholeNumber)
    .option('--seed <number>', "instead of the scenario's own", wholeNumber)
    .option('--set <field=value>', 'one field of the scenario, as topology.sites.0.edges=3; can be repeated', setting)
    .option('--no-rehearsal', 'storm processes that have just begun, not warm ones (docs/decisions/044-rehearsal.md)')
    .option('--no-log', 'keep no decision logs; explain then has nothing to read')
    .option('--quiet', 'show no progress')
    .addHelpText('after', help)
    .action(async (name: string, flags: Flags) => {
      process.exitCode = await run(name, flags)
    })

async function run(name: string, flags: Flags): Promise<number> {
  const scenario = scenarioWith(name, flags)
  const interrupted = interruptSignal('ending the run and keeping what was measured')
  const view = progressView(flags.quiet ?? false)
  let outcome: RunOutcome
  try {
    outcome = await runScenario(scenario, {
      policies: flags.policy,
      edges: flags.edge,
      ownsTarget: flags.iOwnThisTarget,
      requestBudget: flags.budget,
      origin: flags.originPort === undefined ? undefined : { host: flags.originHost, port: flags.originPort },
      out: flags.out,
      command: ['tidegate', ...process.argv.slice(2)].join(' '),
      decisionLogs: flags.log,
      rehearse: flags.rehearsal,
      onProgress: view.show,
      signal: interrupted,
    })
  } finally {
    view.end()
  }
  const { record, remarks } = outcome
  const recordFile = relative(process.cwd(), outcome.recordFile)
  process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : renderTerminal(record, { recordFile }))
  await writeOutputs({ record }, flags)
  for (const remark of remarks) process.stderr.write(`tidegate: ${remark}\n`)
  if (record.partial) return exitCodes.harnessFailed
  return allHeld(record.variants) ? exitCodes.held : exitCodes.checkFailed
}
