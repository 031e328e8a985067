import { z } from 'zod'
import { definitionOf } from '../figure-definitions.ts'
import type { RunRecord } from '../record/record.ts'
import { isJudged } from './direction.ts'
import { GateError } from './outcome.ts'

// A baseline: what several runs of the same scenario and code counted, and why that is what later runs are held
// against. It has no times: those are compared in pairs measured in one go, never with what was measured another day.

export const baselineSchemaName = 'tidegate-baseline/1'

/** Fewer runs show too little of how far counts race. A simulated run is the same to the byte: one is enough. */
export const fewestRuns = 3
/** Reasons that a file keeps, the newest first. */
const keptReasons = 50

const machineSchema = z.strictObject({
  platform: z.string(),
  cpu: z.string(),
  cores: z.number().int(),
  memoryBytes: z.number(),
})
export type Machine = z.infer<typeof machineSchema>

const reasonSchema = z.strictObject({ because: z.string().min(1), at: z.string(), commit: z.string() })

export const baselineSchema = z.strictObject({
  schema: z.literal(baselineSchemaName),
  /** Why it is as it is; the newest first. */
  reasons: z.array(reasonSchema).min(1),
  scenario: z.strictObject({ name: z.string(), sha256: z.string() }),
  seed: z.number().int(),
  world: z.enum(['real', 'simulated']),
  machine: machineSchema,
  runs: z.number().int().positive(),
  /** By variant and figure: a value for each run. */
  variants: z.record(z.string(), z.record(z.string(), z.array(z.number()).min(1))),
})
export type Baseline = z.infer<typeof baselineSchema>

export const machineOf = ({ environment }: RunRecord): Machine => ({
  platform: environment.platform,
  cpu: environment.cpu,
  cores: environment.cores,
  memoryBytes: environment.memoryBytes,
})

export const isSameMachine = (a: Machine, b: Machine): boolean =>
  a.platform === b.platform && a.cpu === b.cpu && a.cores === b.cores && a.memoryBytes === b.memoryBytes

export interface BaselineReason {
  readonly because: string
  /** ISO 8601. */
  readonly at: string
  /** The baseline before it, whose reasons are kept. */
  readonly before?: Baseline | undefined
}

/** The baseline of `records`: repeated runs of one scenario. Throws GateError for too few and for mixed ones. */
export function baselineOf(records: readonly RunRecord[], { because, at, before }: BaselineReason): Baseline {
  const [first] = records
  const wanted = first?.world === 'simulated' ? 1 : fewestRuns
  if (first === undefined || records.length < wanted) {
    throw new GateError(
      `a band is made from the spread of repeated runs: ${wanted} or more are wanted, here are ${records.length}`,
    )
  }
  for (const other of records) mustBeRepetition(first, other)
  return {
    schema: baselineSchemaName,
    reasons: [{ because, at, commit: first.commit }, ...(before?.reasons ?? [])].slice(0, keptReasons),
    scenario: { name: first.scenario.name, sha256: first.scenario.sha256 },
    seed: first.seed,
    world: first.world,
    machine: machineOf(first),
    runs: records.length,
    variants: Object.fromEntries(first.variants.map(({ name }) => [name, countsOf(records, name)])),
  }
}

function mustBeRepetition(first: RunRecord, other: RunRecord): void {
  const namesOf = (record: RunRecord) => record.variants.map(({ name }) => name).join(', ')
  const differs: [what: string, a: unknown, b: unknown][] = [
    ['scenario', first.scenario.sha256, other.scenario.sha256],
    ['seed', first.seed, other.seed],
    ['world', first.world, other.world],
    ['commit', first.commit, other.commit],
    ['set of variants', namesOf(first), namesOf(other)],
  ]
  for (const [what, a, b] of differs) {
    if (a !== b) throw new GateError(`these are no repeated runs of one thing: the ${what} differs (${a}, ${b})`)
  }
  if (other.partial) throw new GateError('a run that was ended before its time is no measure for others')
}

/** Every count that all runs emitted: what only some have is no measure for the others. */
function countsOf(records: readonly RunRecord[], name: string): Record<string, number[]> {
  const runs = records.map(record => record.variants.find(variant => variant.name === name)?.figures ?? {})
  const names = Object.keys(runs[0] ?? {}).filter(figure => {
    const kind = definitionOf(figure)?.kind
    return (kind === 'exact' || kind === 'banded') && isJudged(figure) && runs.every(run => figure in run)
  })
  return Object.fromEntries(names.map(figure => [figure, runs.map(run => run[figure] as number)]))
}
