import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RunRecord, recordSchemaName, type Variant } from '../results/record/record.ts'
import { scenarioHash } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { contendersOf } from './contenders.ts'
import { commitNow, environmentNow } from './environment.ts'
import type { Listening } from './origins.ts'
import type { OnProgress } from './progress.ts'
import { type RunStorage, startRunStorage } from './storage/run-storage.ts'
import { runVariant } from './variant.ts'

// A scenario as real processes: one variant for each policy and each other edge, in turn, and the record of all of them.

export interface RunOptions {
  /** Policies to run instead of the scenario's own. */
  readonly policies?: readonly string[] | undefined
  /** Edges as `--edge` names them, behind the policies that were asked for, or in place of the scenario's own. */
  readonly edges?: readonly string[] | undefined
  /** A URL among `edges` that is not on this machine is the user's own. */
  readonly ownsTarget?: boolean | undefined
  /** How many requests players may send to an edge that is given by its URL; 10,000 when absent. */
  readonly requestBudget?: number | undefined
  /** Our origin, there, for an edge that is given by its URL; absent: that edge has an origin of its own. */
  readonly origin?: Listening | undefined
  /** Where the run's folder is made; `results/runs` when absent. */
  readonly out?: string | undefined
  /** For the record: the command that was given. */
  readonly command?: string | undefined
  /** Decision logs are kept unless this is false. */
  readonly decisionLogs?: boolean | undefined
  /** The processes of each variant play a short storm before, so that they are warm (lab/rehearsal.ts); false when absent. */
  readonly rehearse?: boolean | undefined
  readonly onProgress?: OnProgress | undefined
  /** Ends the run early; what was measured by then is kept, marked as partial. */
  readonly signal?: AbortSignal | undefined
}

export interface RunOutcome {
  readonly record: RunRecord
  readonly recordFile: string
  /** What the reader must know of how the record came about. */
  readonly remarks: readonly string[]
}

const defaultRequestBudget = 10_000
const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** In the clone; where Tidegate is a package, in the folder that it was called in. */
const runsFolder = join(root.includes('node_modules') ? process.cwd() : root, 'results', 'runs')

/**
 * Runs `scenario` and writes `record.json` with everything beside it. Throws ConfigurationError for a policy or
 * an edge that does not exist or may not be stormed, and HarnessError when a process fails; finished variants are then in a record that is marked as partial.
 */
export async function runScenario(scenario: Scenario, options: RunOptions = {}): Promise<RunOutcome> {
  const { edges = [], ownsTarget = false } = options
  const policies = options.policies ?? (edges.length > 0 ? [] : scenario.policies)
  const { contenders, absent, changes } = await contendersOf({ policies, edges, ownsTarget })
  const signal = options.signal ?? new AbortController().signal
  const startedAt = new Date()
  const folder = join(options.out ?? runsFolder, `${stamp(startedAt)}-${scenario.name}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'scenario.json'), `${JSON.stringify(scenario, null, 2)}\n`)
  const rehearsed = options.rehearse ? { rehearsed: true as const } : {}
  const environment = { ...environmentNow(startedAt, options.command ?? `tidegate run ${scenario.name}`), ...rehearsed }
  const recordFile = join(folder, 'record.json')
  const variants: Variant[] = []
  const remarks: string[] = [...absent, ...changes]
  const recordSoFar = (partial: boolean): RunRecord => {
    const record: RunRecord = {
      schema: recordSchemaName,
      world: 'real',
      partial,
      scenario: { name: scenario.name, shows: scenario.shows, sha256: scenarioHash(scenario) },
      seed: scenario.seed,
      commit: commitNow(),
      variants,
      environment,
    }
    writeFileSync(recordFile, `${JSON.stringify(record)}\n`)
    return record
  }
  let partial = false
  let runStorage: RunStorage | undefined
  try {
    const tell = (doing: string) =>
      options.onProgress?.({ variant: 'storage', index: 0, of: contenders.length, doing, done: 0 })
    runStorage = await startRunStorage(scenario, { folder, tell, signal })
    for (const [index, contender] of contenders.entries()) {
      if (signal.aborted) break
      const outcome = await runVariant(scenario, contender, {
        folder,
        signal,
        origin: options.origin,
        requestBudget: options.requestBudget ?? defaultRequestBudget,
        decisionLogs: options.decisionLogs ?? true,
        rehearse: options.rehearse ?? false,
        runStorage,
        tell: (doing, done) =>
          options.onProgress?.({ variant: contender.name, index, of: contenders.length, doing, done }),
      })
      variants.push(outcome.variant)
      partial ||= outcome.partial || outcome.missing.length > 0
      remarks.push(...outcome.remarks)
    }
  } catch (error) {
    if (variants.length > 0) recordSoFar(true)
    if (!signal.aborted) throw error
  } finally {
    await runStorage?.stop()
  }
  return { record: recordSoFar(partial || variants.length < contenders.length), recordFile, remarks }
}

/** `20260131-180000`: folders sort by time. */
const stamp = (at: Date): string => at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
