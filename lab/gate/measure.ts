import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Measurement, needsConfirmation } from '../../results/gate/gate.ts'
import { comparePairs, type PairRule } from '../../results/gate/in-pairs.ts'
import { GateError } from '../../results/gate/outcome.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { scenarioSchema } from '../../scenarios/schema.ts'
import { invocationOf } from './invocation.ts'
import { measurePairs } from './measure-pairs.ts'
import { commandSide, installedSide, type Side, type Work } from './side.ts'
import { commitNamed, worktreeOf } from './worktree.ts'

// The times of a record's code against another's: both run again, in pairs, and once more where one is worse.

const own = fileURLToPath(new URL('../../cli/tidegate.mjs', import.meta.url))
/** What a variant may take beside its storm: every process starts, and one that hangs is given up. */
const variantOverheadMs = 120_000

export interface MeasureOptions {
  readonly record: RunRecord
  readonly recordFile: string
  /** A git ref of this repository, or a command that writes a record. */
  readonly against: string
  readonly pairs: number
  readonly rule: PairRule
  readonly signal: AbortSignal
  readonly tell: (doing: string) => void
}

/** Measures in pairs. Throws GateError for what cannot be paired, HarnessError for a run that fails. */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { record, recordFile, against, signal, tell } = options
  const { cwd, run, work, side: candidate } = thisCode(record, recordFile)
  const commit = await commitNamed(against, cwd, signal)
  if (commit === undefined && !/[\s/]/.test(against)) {
    throw new GateError(
      `there is no commit '${against}' here (git fetch it), and a command has a space or a path in it`,
    )
  }
  if (commit === undefined) return measureSides(commandSide(against, cwd, work), candidate, options)
  tell(`making a checkout of ${against} and installing it`)
  await using worktree = await worktreeOf(commit, cwd, signal)
  const title = `${against} (${commit.slice(0, 12)})`
  return await measureSides(installedSide(title, worktree.tidegate, run, work), candidate, options)
}

/** This code, for a run of what `recordFile` shows, and what such a run is. Throws GateError for what cannot be repeated. */
export function thisCode(record: RunRecord, recordFile: string) {
  const cwd = process.cwd()
  const scenarioFile = join(dirname(recordFile), 'scenario.json')
  const run = invocationOf(record, scenarioFile)
  const work = workOf(record, scenarioFile)
  const side = installedSide('this code', { command: process.execPath, args: [own], cwd }, run, work)
  return { cwd, run, work, side }
}

/** The measurement itself: what is worse in the first pairs is measured once more. */
export async function measureSides(
  against: Side,
  candidate: Side,
  { pairs, rule, signal, tell }: Pick<MeasureOptions, 'pairs' | 'rule' | 'signal' | 'tell'>,
): Promise<Measurement> {
  const first = await measurePairs({ against, candidate }, pairs, { signal, tell })
  const worse = needsConfirmation(comparePairs(first, rule))
  const again = (doing: string) => tell(`confirming, ${doing}`)
  const confirming = worse ? await measurePairs({ against, candidate }, pairs, { signal, tell: again }) : []
  return { against: against.title, first, confirming }
}

function workOf({ scenario, seed, variants, environment }: RunRecord, scenarioFile: string): Work {
  if (!existsSync(scenarioFile)) {
    throw new GateError(`${scenarioFile} is missing: --against runs the record's scenario again and needs it beside it`)
  }
  const read = scenarioSchema.safeParse(JSON.parse(readFileSync(scenarioFile, 'utf8')))
  if (!read.success) throw new GateError(`${scenarioFile} is no scenario: ${read.error.issues[0]?.message}`)
  return {
    scenarioHash: scenario.sha256,
    seed,
    rehearsed: environment.rehearsed ?? false,
    withinMs: variants.length * (read.data.durationMs + variantOverheadMs),
  }
}
