import { Command } from 'commander'
import { exitCodes, tellError } from './errors.ts'

// The `tidegate` command. A subcommand's code is loaded when it is called: a process of a run must start in a moment,
// and an edge has no use for the lab.

interface Subcommand {
  readonly name: string
  readonly description: string
  readonly load: () => Promise<Command>
}

const subcommands: readonly Subcommand[] = [
  {
    name: 'run',
    description: 'run a scenario as real processes, for each policy in turn, and compare',
    load: async () => (await import('./run-command.ts')).runCommand(),
  },
  {
    name: 'sim',
    description: 'simulate a scenario in virtual time, every player by itself, and compare policies',
    load: async () => (await import('./sim-command.ts')).simCommand(),
  },
  {
    name: 'calibrate',
    description: 'measure this machine for tidegate sim: service times, latencies, generator overhead',
    load: async () => (await import('./calibrate-command.ts')).calibrateCommand(),
  },
  {
    name: 'plan',
    description: 'predict what every tier has to bear, for any number of viewers and edges',
    load: async () => (await import('./plan-command.ts')).planCommand(),
  },
  {
    name: 'validate',
    description: 'hold the simulator against closed forms, decision logs, real runs and the real nginx',
    load: async () => (await import('./validate-command.ts')).validateCommand(),
  },
  {
    name: 'list',
    description: 'list the scenarios that come with Tidegate',
    load: async () => (await import('./list-command.ts')).listCommand(),
  },
  {
    name: 'explain',
    description: 'say of each origin request over the ideal why it was made, or follow one request',
    load: async () => (await import('./explain-command.ts')).explainCommand(),
  },
  {
    name: 'demo',
    description: 'show two policies beside each other as they run, on a page with switches',
    load: async () => (await import('./demo-command.ts')).demoCommand(),
  },
  {
    name: 'report',
    description: 'write one self-contained page that shows what a run, or several, did',
    load: async () => (await import('./report-command.ts')).reportCommand(),
  },
  {
    name: 'gate',
    description: 'hold a record against a baseline, and its times against another commit or command',
    load: async () => (await import('./gate-command.ts')).gateCommand(),
  },
  {
    name: 'baseline',
    description: 'keep what later runs are held against',
    load: async () => (await import('./baseline-command.ts')).baselineCommand(),
  },
  {
    name: 'compare',
    description: 'set records side by side, in the terminal and as a page',
    load: async () => (await import('./compare-command.ts')).compareCommand(),
  },
  {
    name: 'render',
    description: 'write a record as JUnit XML, Markdown, JSON, a line of JSON, or Prometheus text',
    load: async () => (await import('./render-command.ts')).renderCommand(),
  },
  {
    name: 'init',
    description: 'write a scenario, a gate and a workflow for CI into this repository',
    load: async () => (await import('./init-command.ts')).initCommand(),
  },
  {
    name: 'merge',
    description: 'join records, or parts of records, of shards without loss',
    load: async () => (await import('./merge-command.ts')).mergeCommand(),
  },
  {
    name: 'origin',
    description: 'run one origin: a delivery side and a publish side, apart from each other',
    load: async () => (await import('../origin/http/main.ts')).originCommand(),
  },
  {
    name: 'edge',
    description: 'run one edge cache in front of an origin',
    load: async () => (await import('../edge/http/main.ts')).edgeCommand(),
  },
  {
    name: 'fleet',
    description: 'run one fleet of players, or a shard of it',
    load: async () => (await import('../loadgen/http/main.ts')).fleetCommand(),
  },
  {
    name: 'pipeline',
    description: 'run one regional pipeline: feed, encoder, packager',
    load: async () => (await import('../origin/pipeline/main.ts')).pipelineCommand(),
  },
]

const help = `
Examples:
  tidegate run kickoff                      the storm, under every policy of the scenario
  tidegate run kickoff --policy oca --json  one policy, the record alone on standard output
  tidegate run my-event.yaml                a scenario of your own
  tidegate explain results/runs/20260131-180000-kickoff/record.json

Exit codes: 0 all checks held, 1 the harness failed, 2 bad scenario or usage, 3 a check failed.`

async function program(called: string | undefined): Promise<Command> {
  const root = new Command('tidegate')
    .description('A live-streaming origin, edge caches and player fleets that storm them, on one laptop.')
    .addHelpText('after', help)
    .showHelpAfterError('(tidegate --help, and tidegate COMMAND --help, say more)')
    .exitOverride()
  for (const { name, description, load } of subcommands) {
    const command = name === called ? await load() : new Command(name).description(description)
    root.addCommand(command.copyInheritedSettings(root))
    for (const nested of command.commands) nested.copyInheritedSettings(root)
  }
  return root
}

const helpFor = process.argv[2] === 'help' ? process.argv[3] : process.argv[2]
try {
  await (await program(helpFor)).parseAsync()
} catch (error) {
  process.exitCode = tellError(error) || exitCodes.held
}
