import { z } from 'zod'
import { definitionOf } from '../figure-definitions.ts'
import type { RunRecord } from '../record/record.ts'
import { isJudged } from './direction.ts'
import { type FigureComparison, GateError } from './outcome.ts'

// The rolling history beside a baseline: a line of NDJSON for each run whose gate held. It has what drift is seen by:
// the counts as they were, and of the times the ratio that the pairs showed.

const historySchemaName = 'tidegate-history/1'

const intervalSchema = z.strictObject({ estimate: z.number(), low: z.number(), high: z.number() })

const lineSchema = z.strictObject({
  schema: z.literal(historySchemaName),
  /** ISO 8601. */
  at: z.string(),
  commit: z.string(),
  /** SHA-256 of the scenario: lines of another form of it are not compared. */
  scenario: z.string(),
  /** Set where a baseline was updated: what came before is accepted, and drift counts from here on. */
  because: z.string().optional(),
  counts: z.record(z.string(), z.record(z.string(), z.number())),
  ratios: z.record(z.string(), z.record(z.string(), intervalSchema)),
})
export type HistoryLine = z.infer<typeof lineSchema>

/** Reads `text`; `file` is for the message. Throws GateError that names the line. */
export function parseHistory(text: string, file: string): HistoryLine[] {
  const lines = text.split('\n')
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return []
    const read = lineSchema.safeParse(parsed(line))
    if (read.success) return [read.data]
    throw new GateError(
      `${file}:${i + 1} is no line of a history (${historySchemaName}): remove the line, or the file to begin anew`,
    )
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // No JSON is no line of a history, which the schema says.
  }
}

/** What a run adds to the history. */
export function historyLine(record: RunRecord, comparisons: readonly FigureComparison[], at: string): HistoryLine {
  const ratios: HistoryLine['ratios'] = {}
  for (const { variant, figure, ratio } of comparisons) {
    if (ratio === undefined) continue
    ratios[variant] = { ...ratios[variant], [figure]: ratio }
  }
  const counts = record.variants.map(({ name, figures }) => [
    name,
    Object.fromEntries(
      Object.entries(figures).filter(([figure]) => isJudged(figure) && definitionOf(figure)?.kind !== 'timed'),
    ),
  ])
  const { commit, scenario } = record
  return {
    schema: historySchemaName,
    at,
    commit,
    scenario: scenario.sha256,
    counts: Object.fromEntries(counts),
    ratios,
  }
}

/** The line that a new baseline leaves: drift counts from here on. */
export const historyMark = (scenario: string, commit: string, because: string, at: string): HistoryLine => ({
  schema: historySchemaName,
  at,
  commit,
  scenario,
  because,
  counts: {},
  ratios: {},
})

/** `lines` and the new one, the oldest ones dropped beyond `limit`. */
export const rolled = (lines: readonly HistoryLine[], line: HistoryLine, limit: number): HistoryLine[] =>
  [...lines, line].slice(-limit)
