import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseRecord } from '../../results/record/read.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { scenarioHash } from '../../scenarios/load.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { HarnessError } from '../harness-error.ts'
import type { OnProgress } from '../progress.ts'
import { runScenario } from '../run.ts'
import type { LevelOptions } from './level.ts'
import { overSeeds, runTakesMs } from './scenarios-here.ts'

// The real runs that simulations are held against. Each is made once: by scenario, seed and who stands in the edges, for
// the life of this process, and for longer in a folder of records, where it stands by the code of the processes too.

export interface RealRun {
  readonly record: RunRecord
  /** Where the record and its decision logs are. */
  readonly folder: string
}

/** A real run and what was run. */
export interface Ran extends RealRun {
  readonly scenario: Scenario
}

export interface Stormed {
  readonly scenario: Scenario
  /** Edges in place of the scenario's policies. */
  readonly edges?: readonly string[]
}

/** Names a folder in which the records of real runs are kept from one validation to the next. */
export const recordsVariable = 'TIDEGATE_VALIDATION_RECORDS'

export class RealRuns {
  readonly #folder: string
  readonly #made = new Map<string, Promise<RealRun>>()
  #code: string | undefined

  /** @param records where records are kept; absent: until this process ends */
  constructor(records?: string) {
    if (records !== undefined) {
      mkdirSync(records, { recursive: true })
      this.#folder = records
      return
    }
    const folder = mkdtempSync(join(tmpdir(), 'tidegate-validation-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    this.#folder = folder
  }

  /** Whether the run is there, and need not be made. */
  has(stormed: Stormed): boolean {
    return this.#made.has(this.#folderOf(stormed)) || this.#kept(stormed) !== undefined
  }

  /** The run, made where it is not there. Throws HarnessError for one that did not come to its end. */
  of(stormed: Stormed, onProgress?: OnProgress, signal?: AbortSignal): Promise<RealRun> {
    const name = this.#folderOf(stormed)
    const known = this.#made.get(name)
    if (known !== undefined) return known
    const run = this.#make(stormed, name, onProgress, signal)
    this.#made.set(name, run)
    run.catch(() => this.#made.delete(name))
    return run
  }

  async #make(stormed: Stormed, out: string, onProgress?: OnProgress, signal?: AbortSignal): Promise<RealRun> {
    const kept = this.#kept(stormed)
    if (kept !== undefined) return { record: recordIn(kept) as RunRecord, folder: kept }
    const { scenario, edges } = stormed
    const who = edges === undefined ? {} : { edges }
    const { record, recordFile, remarks } = await runScenario(scenario, {
      ...who,
      out,
      rehearse: true,
      onProgress,
      signal,
      command: `tidegate validate (${scenario.name})`,
    })
    if (record.partial) throw new HarnessError(`the run of ${scenario.name} did not come to its end: ${remarks}`)
    return { record, folder: dirname(recordFile) }
  }

  /** The folder of an earlier run that came to its end. */
  #kept(stormed: Stormed): string | undefined {
    const folder = this.#folderOf(stormed)
    if (!existsSync(folder)) return undefined
    return readdirSync(folder)
      .sort()
      .map(name => join(folder, name))
      .findLast(run => recordIn(run)?.partial === false)
  }

  #folderOf({ scenario, edges }: Stormed): string {
    this.#code ??= codeOfProcesses()
    const short = (text: string) => text.slice(0, 8)
    const who = edges === undefined ? [] : [edges.join('+').replaceAll(/[^\w.+-]/g, '-')]
    const parts = [scenario.name, ...who, scenario.seed, short(scenarioHash(scenario)), short(this.#code)]
    return join(this.#folder, parts.join('-'))
  }
}

/** The runs of `scenario` over `seeds`, one after the other; says of each that has to be made how long it takes. */
export async function ranOver(
  scenario: Scenario,
  seeds: number,
  runs: RealRuns,
  { say, signal }: Pick<LevelOptions, 'say' | 'signal'>,
): Promise<Ran[]> {
  const ran: Ran[] = []
  for (const seeded of overSeeds(scenario, seeds)) {
    if (!runs.has({ scenario: seeded })) {
      say(`${seeded.name}, seed ${seeded.seed}: a real run of ${Math.ceil(runTakesMs(seeded) / 1_000)} s`)
    }
    ran.push({ scenario: seeded, ...(await runs.of({ scenario: seeded }, undefined, signal)) })
  }
  return ran
}

/** Undefined where a run was ended before it wrote one. */
function recordIn(folder: string): RunRecord | undefined {
  const file = join(folder, 'record.json')
  return existsSync(file) ? parseRecord(readFileSync(file, 'utf8'), file) : undefined
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
/** What real processes run; a change of the simulator leaves their records as they are. */
const rooms = ['live', 'edge', 'origin', 'loadgen', 'process', 'services']

function codeOfProcesses(): string {
  const hash = createHash('sha256')
  for (const room of rooms) {
    for (const file of globSync('**/*.{ts,js,conf,vcl}', { cwd: join(root, room) }).sort()) {
      if (!/\.(test|fixture)\.ts$/.test(file)) hash.update(file).update(readFileSync(join(root, room, file)))
    }
  }
  return hash.digest('hex')
}
