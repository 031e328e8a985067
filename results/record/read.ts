import { partSchemaName } from './part.ts'
import { type RunRecord, recordSchema, recordSchemaName } from './record.ts'

// From text to a record, or to a message that says what it is instead and what to do.

/** Printed without a stack: the file is not what was asked for. */
export class RecordError extends Error {}

/** The record in `text`; `file` is for messages. Throws RecordError. */
export function parseRecord(text: string, file: string): RunRecord {
  const value = jsonIn(text, file, 'record')
  const schema = schemaOf(value)
  if (schema === partSchemaName) {
    throw new RecordError(`${file} is one process's part of a record (${schema}): give the record.json of a run`)
  }
  mustBeSchema(schema, recordSchemaName, file, 'record')
  const read = recordSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const where = issue?.path.join('.') || 'the whole'
  throw new RecordError(
    `${file} says that it is a record (${recordSchemaName}) and is not: ${where}: ${issue?.message}; was it changed by hand? Run the scenario again`,
  )
}

/** The JSON in `text`, which is to be a `what`. Throws RecordError that tells a file that was cut from one of another kind. */
export function jsonIn(text: string, file: string, what: string): unknown {
  if (text.trim() === '') throw new RecordError(`${file} is empty, no ${what}: was its writer ended before it wrote?`)
  try {
    return JSON.parse(text)
  } catch (error) {
    const cut = /^\s*[{[]/.test(text) && !/[}\]]\s*$/.test(text)
    throw new RecordError(
      cut
        ? `${file} ends in the middle after ${text.length} characters: it was truncated; write it again`
        : `${file} is no ${what} and no JSON: ${(error as Error).message}`,
    )
  }
}

/** What `value` says of itself, where it says something. */
export const schemaOf = (value: unknown): unknown => (value as { schema?: unknown } | null)?.schema

/** Throws RecordError when `schema` is not `wanted`; another version of it is told as such. */
export function mustBeSchema(schema: unknown, wanted: string, file: string, what: string): void {
  if (schema === wanted) return
  const [family] = wanted.split('/')
  if (typeof schema === 'string' && schema.startsWith(`${family}/`)) {
    throw new RecordError(
      `${file} has the schema ${schema}, and this Tidegate reads ${wanted}: read it with the version that wrote it, or make it again with this one`,
    )
  }
  const instead = typeof schema === 'string' ? `its schema is ${JSON.stringify(schema)}` : 'it names no schema'
  throw new RecordError(`${file} is no ${what} (${wanted}): ${instead}`)
}
