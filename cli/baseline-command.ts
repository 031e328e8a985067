import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { HarnessError } from '../lab/harness-error.ts'
import { presetNames } from '../lab/policies.ts'
import { runScenario } from '../lab/run.ts'
import { figureDefinitions } from '../results/figure-definitions.ts'
import { type Baseline, baselineOf, fewestRuns } from '../results/gate/baseline.ts'
import { historyMark } from '../results/gate/history.ts'
import { GateError } from '../results/gate/outcome.ts'
import type { RunRecord } from '../results/record/record.ts'
import { loadScenario } from '../scenarios/load.ts'
import { appendHistory, historyFileOf, readBaselineIfThere, writeBaseline } from './baseline-file.ts'
import { interruptSignal } from './interrupt.ts'
import { atLeastOne } from './numbers.ts'
import { readRecord } from './read-record.ts'

interface Flags {
  readonly because: string
  readonly file?: string
  readonly scenario?: string
  readonly runs: number
  readonly policy?: string[]
  readonly edge?: string[]
}

/** So many that the band of `results/gate/band.ts` is as narrow as it gets. */
const usualRuns = 10

const help = `
A baseline says what runs of the code as it is count, and why that is right. It is made from repeated runs: records
that are there, or runs that are made now (--scenario). The band of a count comes from the spread of these runs: the
fewer there are, the wider it is. The reason stays in the file, with those before it. The history beside the file
(FILE without .json, .history.ndjson), where there is one, begins anew: what had drifted until now is accepted.

Examples:
  tidegate baseline update --scenario smoke --because "the first one"
  tidegate baseline update --scenario tidegate/live.yaml --edge nginx:./nginx.conf --because "the lock is on now"
  tidegate baseline update run1/record.json run2/record.json run3/record.json --because "players ask twice"`

/** `tidegate baseline`. */
export const baselineCommand = (): Command =>
  new Command('baseline')
    .description('keep what later runs are held against')
    .addHelpText('after', help)
    .addCommand(updateCommand())

const updateCommand = (): Command =>
  new Command('update')
    .description('make a baseline from repeated runs, with the reason in it')
    .argument('[records...]', `records of repeated runs, ${fewestRuns} or more`)
    .requiredOption('--because <reason>', 'why what these runs count is right')
    .option('--file <file>', 'the baseline (default: results/baselines/SCENARIO.json)')
    .option('--scenario <scenario>', 'run this now instead of reading records')
    .option('--runs <number>', 'how often', atLeastOne, usualRuns)
    .option('--policy <policy>', 'for --scenario, as tidegate run has it; can be repeated', repeated)
    .option('--edge <edge>', 'for --scenario, as tidegate run has it; can be repeated', repeated)
    .addHelpText('after', help)
    .action(async (files: string[], flags: Flags) => {
      const records =
        flags.scenario === undefined ? files.map(readRecord) : await recordsNow(flags.scenario, files, flags)
      update(records, flags)
    })

function update(records: readonly RunRecord[], flags: Flags): void {
  const name = records[0]?.scenario.name ?? 'none'
  const file = flags.file ?? join('results', 'baselines', `${name}.json`)
  const at = new Date().toISOString()
  const because = flags.because.trim()
  if (because === '') throw new GateError('--because wants a reason that the next reader understands')
  const baseline = baselineOf(records, { because, at, before: readBaselineIfThere(file) })
  writeBaseline(file, baseline)
  const history = historyFileOf(file)
  const { sha256 } = baseline.scenario
  if (existsSync(history)) appendHistory(history, historyMark(sha256, records[0]?.commit ?? 'unknown', because, at))
  process.stdout.write(`${file}: ${sizeOf(baseline)} from ${baseline.runs} runs, because ${because}\n`)
}

const sizeOf = ({ variants }: Baseline): string => {
  const figures = Object.values(variants).reduce((sum, of) => sum + Object.keys(of).length, 0)
  return `${figures} figures of ${Object.keys(variants).join(', ')}`
}

async function recordsNow(name: string, files: readonly string[], { runs, policy, edge }: Flags): Promise<RunRecord[]> {
  if (files.length > 0) throw new GateError('give either records or --scenario, not both')
  if (runs < fewestRuns) throw new GateError(`a band is made from the spread of ${fewestRuns} runs or more`)
  const scenario = loadScenario(name, { policies: presetNames, figures: figureDefinitions.map(({ name }) => name) })
  const signal = interruptSignal('ending the runs; no baseline is written')
  const out = mkdtempSync(join(tmpdir(), 'tidegate-baseline-'))
  const records: RunRecord[] = []
  try {
    for (let run = 1; run <= runs; run++) {
      process.stderr.write(`tidegate: run ${run} of ${runs} of ${scenario.name}\n`)
      const { record, remarks } = await runScenario(scenario, {
        policies: policy,
        edges: edge,
        out,
        decisionLogs: false,
        rehearse: true,
        signal,
        command: ['tidegate', ...process.argv.slice(2)].join(' '),
      })
      if (record.partial)
        throw new HarnessError(['a run was cut short, and no baseline is written', ...remarks].join('; '))
      records.push(record)
    }
  } finally {
    await rm(out, { recursive: true, force: true })
  }
  return records
}

function repeated(one: string, before: string[] = []): string[] {
  return [...before, one]
}
