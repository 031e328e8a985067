import { z } from 'zod'
import { type Comparison, isExceeded, isLarge, levels } from './comparison.ts'
import { scenariosOf, summaryOf, tableOf } from './render.ts'
import type { LevelOutcome, Validation } from './validation.ts'

// What validation has found, level by level, as it is kept in the repository (results/validation.json): pages are written
// from it, so that one level can be run anew without the others.

const schemaName = 'tidegate-validation/1'

const comparisonSchema = z.strictObject({
  level: z.enum(levels),
  scenario: z.string(),
  variant: z.string().optional(),
  figure: z.string(),
  kind: z.enum(['count', 'p50_wait', 'p99_wait', 'mean_wait']),
  trusted: z.number(),
  predicted: z.number(),
  goal: z.number().min(0),
  spread: z.number().min(0),
  n: z.number().min(0),
  interval: z.tuple([z.number(), z.number()]).optional(),
  note: z.string().optional(),
})

const keptSchema = z.strictObject({
  schema: z.literal(schemaName),
  levels: z.array(
    z.strictObject({
      level: z.enum(levels),
      /** With what code, when, where, over how many seeds. */
      commit: z.string(),
      startedAt: z.string(),
      machine: z.string(),
      seeds: z.number().int(),
      comparisons: z.array(comparisonSchema),
    }),
  ),
})
export type Kept = z.infer<typeof keptSchema>

export const nothingKept: Kept = { schema: schemaName, levels: [] }

/** Reads what was kept. Throws a ZodError that names the field that is wrong. */
export const parseKept = (json: unknown): Kept => keptSchema.parse(json)

/** `before` with the levels that `validation` has run to their end in the place of their older ones. */
export function keep(before: Kept, { outcomes, commit, environment, seeds }: Validation): Kept {
  const { startedAt, cpu, cores, node, platform } = environment
  const machine = `${cpu}, ${cores} cores, ${platform}, Node ${node}`
  const whole = outcomes.filter(isWhole)
  const kept = before.levels.filter(({ level }) => !whole.some(outcome => outcome.level === level))
  const added = whole.map(({ level, comparisons }) => ({
    level,
    commit,
    startedAt,
    machine,
    seeds,
    comparisons: comparisons.map(comparison => comparisonSchema.parse(comparison)),
  }))
  return { schema: schemaName, levels: [...kept, ...added].sort((a, b) => (a.level < b.level ? -1 : 1)) }
}

const isWhole = ({ missing, partial }: LevelOutcome): boolean => missing === undefined && !partial

/** What docs/validation.md shows: each level's table, and where it comes from. */
export const pageOf = (kept: Kept): string =>
  kept.levels
    .map(({ level, commit, startedAt, machine, seeds, comparisons }) => {
      const over =
        level === 'V2' || level === 'V3' || level === 'V4' ? `, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}` : ''
      const head = `### ${level}\n${startedAt.slice(0, 10)}, commit ${commit.slice(0, 10)}, ${machine}${over}.`
      return `${head}\n\n${readable(comparisons as Comparison[])}`
    })
    .join('\n\n')

/** More rows than that are no table that somebody reads. */
const mostRows = 300

/** All of few comparisons; of many what each scenario came to, and those that are exceeded. */
function readable(comparisons: readonly Comparison[]): string {
  if (comparisons.length <= mostRows) return tableOf(comparisons)
  return [scenariosOf(comparisons), 'Exceeded:', tableOf(comparisons.filter(isExceeded))].join('\n\n')
}

/** What README shows. */
export const summaryOfKept = (kept: Kept): string =>
  summaryOf(kept.levels.flatMap(({ comparisons }) => comparisons as Comparison[]))

/** How far apart a plan's figures may be, by kind: sim/plan/validation-error.json. */
export interface PlannedErrors {
  readonly schema: string
  readonly source: string
  readonly count: number
  readonly bytes: number
  readonly peak: number
  readonly held: number
}

const comparedWithRuns: ReadonlySet<string> = new Set(['V2', 'V3', 'V4'])
const kindOf = (figure: string): 'count' | 'bytes' | 'peak' | 'held' => {
  if (/bytes/.test(figure)) return 'bytes'
  if (/held|waiters/.test(figure)) return 'held'
  return /_max$|peak/.test(figure) ? 'peak' : 'count'
}

const fewestSeeds = 3

/** What plans predict: requests, fills, bytes, held requests. */
const isPlanned = ({ kind, figure }: Comparison): boolean =>
  kind === 'count' && /requests|fills|bytes|held/.test(figure)

/**
 * Of each kind of figure the largest error that noise does not explain, or the goal where there is none; a count of a few
 * is no measure of a plan's millions. A kind that nothing was compared of stays as `before` has it; all of them do until
 * real runs over several seeds were compared: of one run alone nobody knows by how much the next one differs.
 */
export function plannedErrorsOf(kept: Kept, before: PlannedErrors): PlannedErrors {
  const compared = kept.levels
    .filter(({ level }) => comparedWithRuns.has(level))
    .flatMap(({ comparisons }) => comparisons as Comparison[])
    .filter(isPlanned)
  const runs = kept.levels.find(({ level }) => level === 'V2')
  if (runs === undefined || runs.seeds < fewestSeeds || compared.length === 0) return before
  const worst = (kind: ReturnType<typeof kindOf>): number => {
    const own = compared.filter(({ figure }) => kindOf(figure) === kind)
    if (own.length === 0) return before[kind]
    const errors = own.map(one => Math.max(one.goal, isLarge(one) && isExceeded(one) ? errorOfMore(one) : 0))
    return Number(Math.max(...errors).toPrecision(3))
  }
  return {
    ...before,
    source: `tidegate validate, ${compared.length} comparisons of ${[...comparedWithRuns].join(', ')}: the largest error that noise does not explain, or the goal`,
    count: worst('count'),
    bytes: worst('bytes'),
    peak: worst('peak'),
    held: worst('held'),
  }
}

/** Of what is predicted, so that a band around a prediction holds what is true. */
const errorOfMore = ({ trusted, predicted }: Comparison): number =>
  Math.abs(trusted - predicted) / Math.max(1, Math.min(Math.abs(trusted), Math.abs(predicted)))
