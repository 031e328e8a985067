import { readFileSync } from 'node:fs'
import { parseRecord, RecordError } from '../results/record/read.ts'
import type { RunRecord } from '../results/record/record.ts'

/** The text of `file`; `-` is standard input. Throws RecordError. */
export function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new RecordError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** The record in `file`. Throws RecordError that says what it is instead and what to do. */
export const readRecord = (file: string): RunRecord => parseRecord(readText(file), file)
