import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ExplainError } from './explain-error.ts'

// A decision log, line by line (docs/processes.md, "Decision log").

/** A call into a core: what it was given (the instant last) and what it gave. */
export interface CallLine {
  readonly call: string
  readonly with: readonly unknown[]
  readonly gives: unknown
}

export type NoteLine = { readonly note: string } & Readonly<Record<string, unknown>>

export interface LogReader {
  /** A call, and the instant at which it was made, where its last input is one. */
  readonly call?: (line: CallLine, atMs: number | undefined) => void
  readonly note?: (line: NoteLine) => void
}

/** Reads `file` to its end; gives whether it is complete: not cut by its byte limit, nor torn by a killed process. */
export async function readLog(file: string, reader: LogReader): Promise<boolean> {
  let complete = true
  const stream = createReadStream(file)
  const failed = new Promise<never>((_, fail) => {
    stream.once('error', error => {
      fail(new ExplainError(`the decision log ${file} cannot be read: ${error.message}; was it moved from the record?`))
    })
  })
  const lines = createInterface({ input: stream, crlfDelay: Infinity })[Symbol.asyncIterator]()
  for (;;) {
    const { value, done } = await Promise.race([lines.next(), failed])
    if (done) return complete
    const line = parseLine(value)
    if (line === undefined || line.log === 'cut' || line.log === 'sampled') complete = false
    else if (isCall(line)) reader.call?.(line, timeOf(line))
    else if (typeof line.note === 'string') reader.note?.(line as NoteLine)
  }
}

/** A killed process leaves half a line behind: that is no line. */
function parseLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const isCall = (line: object): line is CallLine => 'call' in line && 'with' in line && Array.isArray(line.with)

function timeOf(line: CallLine): number | undefined {
  const last = line.with.at(-1)
  return typeof last === 'number' ? last : undefined
}

export type LoggedEffect = { readonly do: string } & Readonly<Record<string, unknown>>

/** The effects that a call gave, wherever its answer carries them. */
export function effectsOf(gives: unknown): readonly LoggedEffect[] {
  if (Array.isArray(gives)) return gives as LoggedEffect[]
  if (typeof gives !== 'object' || gives === null) return []
  const { effects, admission } = gives as { effects?: unknown; admission?: unknown }
  return effectsOf(effects ?? admission ?? [])
}
