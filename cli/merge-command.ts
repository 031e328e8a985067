import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { mergeRecords, refuseRepeatedShards } from '../results/merge-records.ts'
import { MergeError, mergeParts } from '../results/record/merge.ts'
import { partSchema, partSchemaName } from '../results/record/part.ts'
import { recordSchema, recordSchemaName } from '../results/record/record.ts'
import { readJson } from './read-json.ts'

const help = `
Takes either parts, as processes hand them in (tidegate fleet --shard 1/2 … > part1.json), or whole records of shards
of one run. Histograms are merged and counts added; figures and checks of records are made anew.

Examples:
  tidegate merge part1.json part2.json -o part.json
  tidegate merge shard1/record.json shard2/record.json > record.json`

/** `tidegate merge`. */
export const mergeCommand = (): Command =>
  new Command('merge')
    .description('join records, or parts of records, of shards without loss')
    .argument('<files...>', 'parts or records, all of one kind')
    .option('-o, --output <file>', 'write the result here instead of to standard output')
    .addHelpText('after', help)
    .action((files: string[], { output }: { output?: string }) => {
      const text = `${JSON.stringify(mergeFiles(files))}\n`
      if (output === undefined) process.stdout.write(text)
      else writeFileSync(output, text)
    })

/** The merge of all `files`. Throws MergeError. */
export function mergeFiles(files: readonly string[]): object {
  const given = files.map(file => ({ file, value: readJson(file, MergeError) }))
  const kinds = new Set(given.map(({ value }) => (value as { schema?: unknown } | null)?.schema))
  if (kinds.size > 1) throw new MergeError('parts and whole records do not merge with each other')
  const [kind] = kinds
  if (kind === recordSchemaName) return mergeRecords(given.map(one => read(one, recordSchema)))
  if (kind === partSchemaName) {
    const parts = given.map(one => read(one, partSchema))
    refuseRepeatedShards(parts)
    return mergeParts(parts)
  }
  throw new MergeError(`${files[0]} is neither a record (${recordSchemaName}) nor a part (${partSchemaName})`)
}

type Schema<Value> = { safeParse(value: unknown): { success: true; data: Value } | { success: false; error: Error } }

function read<Value>({ file, value }: { file: string; value: unknown }, schema: Schema<Value>): Value {
  const result = schema.safeParse(value)
  if (!result.success) throw new MergeError(`${file} is not what its schema says: ${result.error.message}`)
  return result.data
}
