import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GateError } from '../../results/gate/outcome.ts'
import { parseRecord } from '../../results/record/read.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { HarnessError } from '../harness-error.ts'
import { type CommandPlan, finish } from './command.ts'

// One side of a pair: a command that leaves a record, once for each run.

export interface Side {
  /** For people. */
  readonly title: string
  run(signal: AbortSignal): Promise<RunRecord>
}

/** A Tidegate that is started with `command` and `args`, in `cwd`. */
export interface Installed {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
}

/** What both sides must be runs of, and how long one may take. */
export interface Work {
  readonly scenarioHash: string
  readonly seed: number
  /** Whether processes rehearse before: warm ones and others are not the same work. */
  readonly rehearsed: boolean
  readonly withinMs: number
}

/** 0: all checks held; 3: one did not, and the record is whole all the same. */
const wholeCodes: readonly (number | null)[] = [0, 3]

/** `tidegate run` of an installed Tidegate. */
export function installedSide(
  title: string,
  { command, args, cwd }: Installed,
  run: readonly string[],
  work: Work,
): Side {
  return {
    title,
    async run(signal) {
      const out = mkdtempSync(join(tmpdir(), 'tidegate-pair-'))
      const options = ['--json', '--quiet', '--no-log', '--out', out]
      try {
        return await recordOf(title, { command, args: [...args, ...run, ...options], cwd, signal }, work)
      } finally {
        await rm(out, { recursive: true, force: true })
      }
    },
  }
}

/** A command of the user's that writes a record to standard output, or to the file that TIDEGATE_RECORD names. */
export function commandSide(line: string, cwd: string, work: Work): Side {
  return {
    title: line,
    async run(signal) {
      const folder = mkdtempSync(join(tmpdir(), 'tidegate-pair-'))
      const recordFile = join(folder, 'record.json')
      try {
        const plan = { command: line, cwd, signal, environment: { TIDEGATE_RECORD: recordFile } }
        return await recordOf(line, plan, work, recordFile)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

async function recordOf(
  title: string,
  plan: Omit<CommandPlan, 'withinMs'>,
  work: Work,
  recordFile?: string,
): Promise<RunRecord> {
  const { code, stdout, lastWords } = await finish({ ...plan, withinMs: work.withinMs })
  if (!wholeCodes.includes(code)) {
    throw new HarnessError(`${title} ended with exit code ${code} and left no record. It said last:\n${lastWords}`)
  }
  const written = recordFile === undefined ? undefined : readIfThere(recordFile)
  const record = parseRecord(written ?? stdout, `what ${title} wrote`)
  if (record.partial) throw new HarnessError(`${title} left a partial record`)
  if (record.scenario.sha256 !== work.scenarioHash || record.seed !== work.seed) {
    throw new GateError(
      `${title} ran another scenario or seed (${record.scenario.name}, seed ${record.seed}): only the same work makes a pair`,
    )
  }
  const rehearsed = record.environment.rehearsed ?? false
  if (rehearsed !== work.rehearsed) {
    const [was, wants] = rehearsed ? ['had', 'a run without it'] : ['had not', 'a run with it']
    throw new GateError(
      `${title} stormed processes that ${was} rehearsed, and the record that is gated is of ${wants}: only the same work makes a pair (tidegate run --no-rehearsal runs without)`,
    )
  }
  return record
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined // It wrote to standard output.
    throw error
  }
}
