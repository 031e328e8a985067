import { dirname } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { measure, thisCode } from '../lab/gate/measure.ts'
import { explain } from '../results/explain/explain.ts'
import { ExplainError } from '../results/explain/explain-error.ts'
import { compareWithBaseline, needsRerun } from '../results/gate/against-baseline.ts'
import type { Baseline } from '../results/gate/baseline.ts'
import { type GateResult, holdGate } from '../results/gate/gate.ts'
import { fewestPairs, usualPairRule, usualPairs } from '../results/gate/in-pairs.ts'
import { GateError } from '../results/gate/outcome.ts'
import type { RunRecord } from '../results/record/record.ts'
import { renderGate } from '../results/render/gate-text.ts'
import { outputs } from '../results/render/outputs.ts'
import { appendHistory, readBaseline, readHistory } from './baseline-file.ts'
import { exitCodes } from './errors.ts'
import { interruptSignal } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import { type OutputFlags, withOutputOptions, writeOutputs } from './output-options.ts'
import { readRecord } from './read-record.ts'

interface Flags extends OutputFlags {
  readonly baseline: string
  readonly against?: string
  readonly pairs: number
  readonly floor: number
  readonly history?: string
  readonly rerun: boolean
  readonly json?: boolean
  readonly quiet?: boolean
}

const help = `
Counts are compared with the baseline: exact ones must be equal, banded ones lie in the band of the baseline's runs.
Where a banded one left its band, the scenario runs once more, and must say the same.
Times are compared only with --against: the record's scenario runs again with this code and with the other, in pairs,
interleaved A B B A; "worse" needs the whole interval of the paired ratio beyond the floor, and a second measurement
that says the same. With --history, slow drift is seen as well. docs/gate.md has the statistics in plain words.

--against takes a git ref (a checkout of it is made, installed and run) or a command that writes a record to standard
output, or to the file that TIDEGATE_RECORD names.

Examples:
  tidegate gate record.json --baseline results/baselines/smoke.json
  tidegate gate record.json --baseline results/baselines/smoke.json --against origin/main
  tidegate gate record.json --baseline base.json --against "docker run edge-of-last-week" --junit junit.xml

Exit codes: 0 the gate held, 1 the harness failed, 2 bad record, baseline or usage, 3 the gate failed.`

/** `tidegate gate`. */
export const gateCommand = (): Command =>
  withOutputOptions(
    new Command('gate')
      .description('hold a record against a baseline, and its times against another commit or command')
      .argument('<record>', 'a record.json, with its scenario.json and decision logs beside it')
      .requiredOption('--baseline <file>', "made by 'tidegate baseline update'")
      .option('--against <ref or command>', 'measure times in pairs with this')
      .option('--pairs <number>', `pairs of one measurement, ${fewestPairs} or more`, pairCount, usualPairs)
      .option('--floor <share>', 'a smaller change of a time is nobody’s concern', share, usualPairRule.floor)
      .option('--history <file>', 'look for drift in this history, and add the run to it where the gate holds'),
  )
    .option('--no-rerun', 'take a count outside its band as worse without a second run')
    .option('--json', 'print the outcome alone, as JSON')
    .option('--quiet', 'show no progress')
    .addHelpText('after', help)
    .action(async (file: string, flags: Flags) => {
      process.exitCode = await gate(file, flags)
    })

async function gate(file: string, flags: Flags): Promise<number> {
  const record = readRecord(file)
  const baseline = readBaseline(flags.baseline)
  const history = flags.history === undefined ? [] : readHistory(flags.history)
  const at = new Date().toISOString()
  const rule = { ...usualPairRule, floor: flags.floor }
  const signal = interruptSignal('ending the gate')
  const tell = (doing: string): unknown => flags.quiet || process.stderr.write(`tidegate: ${doing}\n`)
  const rerun = flags.rerun ? await secondRun(record, file, baseline, signal, tell) : undefined
  const { against, pairs } = flags
  const measurement =
    against === undefined ? undefined : await measure({ record, recordFile: file, against, pairs, rule, signal, tell })
  const result = holdGate({ record, baseline, rerun, history, rule, at, measurement })
  const told = { record, gate: result }
  process.stdout.write(flags.json ? outputs.json(told) : await textOf(record, result, file))
  await writeOutputs(told, flags)
  if (result.outcome === 'failed') return exitCodes.checkFailed
  if (flags.history !== undefined) appendHistory(flags.history, result.line)
  return exitCodes.held
}

/** What the record shows, once more, where a count left its band; what is wrong with the two is thrown before that. */
async function secondRun(
  record: RunRecord,
  file: string,
  baseline: Baseline,
  signal: AbortSignal,
  tell: (doing: string) => unknown,
): Promise<RunRecord | undefined> {
  if (!needsRerun(compareWithBaseline(record, baseline)) || record.world === 'simulated') return undefined
  try {
    const { side } = thisCode(record, file)
    tell('a count left its band: running the scenario once more')
    return await side.run(signal)
  } catch (error) {
    if (!(error instanceof GateError)) throw error
    tell(`no second run: ${error.message}`)
    return undefined
  }
}

/** What `tidegate explain` shows of a variant that got worse. */
const explainedRows = 10

async function textOf(record: RunRecord, result: GateResult, file: string): Promise<string> {
  const worse = result.comparisons.filter(({ outcome, by }) => outcome === 'worse' && by !== 'pairs')
  const failed = record.variants.filter(({ checks }) => checks.some(({ outcome }) => outcome === 'failed'))
  const names = new Set([...worse.map(({ variant }) => variant), ...failed.map(({ name }) => name)])
  const explanations = await Promise.all([...names].map(policy => explained(record, file, policy)))
  return [renderGate(record, result), ...explanations].join('\n')
}

async function explained(record: RunRecord, file: string, policy: string): Promise<string> {
  try {
    return await explain(record, dirname(file), { policy, rows: explainedRows })
  } catch (error) {
    // The gate's outcome stands without it.
    if (error instanceof ExplainError) return `${policy} is not explained: ${error.message}\n`
    throw error
  }
}

function pairCount(text: string): number {
  const value = wholeNumber(text)
  if (value < fewestPairs) throw new InvalidArgumentError(`${fewestPairs} or more are wanted.`)
  return value
}

function share(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('a share between 0 and 1 is wanted, such as 0.05.')
  return value
}
