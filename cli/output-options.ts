import { appendFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type OutputName, outputs } from '../results/render/outputs.ts'
import type { Told } from '../results/render/told.ts'

// Options of `run` and `gate` that write a record in other forms beside what they print.

export type OutputFlags = Partial<Record<Exclude<OutputName, 'json'>, string>>

/** Adds an option for each form. */
export const withOutputOptions = (command: Command): Command =>
  command
    .option('--junit <file>', 'write JUnit XML there: a case for each check')
    .option('--markdown <file>', 'add a Markdown summary to that file (in a CI service: its summary file)')
    .option('--ndjson <file>', 'add a line of JSON to that file')
    .option('--prometheus <file>', 'write Prometheus text there')

/** Writes what was asked for. Summaries and lines are added to what the file has; documents replace it. */
export async function writeOutputs(told: Told, flags: OutputFlags): Promise<void> {
  if (flags.junit) writeFileSync(flags.junit, outputs.junit(told))
  if (flags.markdown) appendFileSync(flags.markdown, outputs.markdown(told))
  if (flags.ndjson) appendFileSync(flags.ndjson, outputs.ndjson(told))
  if (flags.prometheus) writeFileSync(flags.prometheus, await outputs.prometheus(told))
}
