import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { limits } from '../live/limits.ts'
import { type Baseline, baselineSchema, baselineSchemaName } from '../results/gate/baseline.ts'
import { type HistoryLine, parseHistory, rolled } from '../results/gate/history.ts'
import { GateError } from '../results/gate/outcome.ts'
import { jsonIn, mustBeSchema, RecordError, schemaOf } from '../results/record/read.ts'
import { readText } from './read-record.ts'

// Baselines and histories as files.

/** The baseline in `file`. Throws RecordError that says what it is instead, or what to do. */
export function readBaseline(file: string): Baseline {
  const value = jsonIn(readText(file), file, 'baseline')
  mustBeSchema(schemaOf(value), baselineSchemaName, file, 'baseline')
  const read = baselineSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new RecordError(
    `${file} says that it is a baseline and is not: ${issue?.path.join('.')}: ${issue?.message}; make it again (tidegate baseline update)`,
  )
}

/** The same; undefined where there is no file yet. */
export const readBaselineIfThere = (file: string): Baseline | undefined =>
  textIfThere(file) === undefined ? undefined : readBaseline(file)

export const writeBaseline = (file: string, baseline: Baseline): void => replace(file, formatBaseline(baseline))

/** A figure a line, so that a change of it is read in a review. */
function formatBaseline(baseline: Baseline): string {
  const text = JSON.stringify(baseline, null, 2)
  return `${text.replaceAll(/\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g, (_, values: string) => `[${values.replaceAll(/\s+/g, ' ')}]`)}\n`
}

/** The history in `file`; empty where there is none yet. Throws GateError. */
export const readHistory = (file: string): HistoryLine[] => parseHistory(textIfThere(file) ?? '', file)

/** Adds `line` to the history in `file`; the oldest lines go when there are more than `limits.historyLines`. */
export function appendHistory(file: string, line: HistoryLine): void {
  const lines = rolled(readHistory(file), line, limits.historyLines)
  replace(file, lines.map(one => `${JSON.stringify(one)}\n`).join(''))
}

/** Where the history of a baseline lies: beside it. */
export const historyFileOf = (baselineFile: string): string => `${baselineFile.replace(/\.json$/, '')}.history.ndjson`

function textIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new GateError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** Whole or not at all: a command that is ended while it writes leaves the old file. */
function replace(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}
