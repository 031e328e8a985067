import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { limits } from '../live/limits.ts'
import { type AccessLogFormat, cutMark, type EndedEntry, formatEntry } from './access-log-format.ts'
import { ConfigurationError } from './configuration.ts'

// An access log as a file. Requests never wait for it: lines are gathered and written in the background, and what a slow
// or full disk does not take is dropped, counted, and said once.

/** The field `accessLog` of a process's configuration. */
export const accessLogSchema = z.strictObject({
  /** Written to at its end, as other servers do it. */
  file: z.string().min(1),
  format: z.enum(['combined', 'json']).default('combined'),
  /** How long the file may get; what is in it already counts. */
  limitBytes: z.number().int().min(1_024).default(limits.accessLogBytes),
})
export type AccessLogConfig = z.infer<typeof accessLogSchema>

/** The field that the flags `--access-log` and `--access-log-format` set. Throws ConfigurationError. */
export function accessLogOf(file: string | undefined, format: string | undefined): object {
  if (file !== undefined) return { accessLog: format === undefined ? { file } : { file, format } }
  if (format !== undefined) throw new ConfigurationError('--access-log-format goes with --access-log FILE')
  return {}
}

/** A line waits no longer than this for others to be written with it. */
const gatherMs = 100
const gatherBytes = 64 * 1_024
/** After a failed write the log rests for so long, as nginx does with a full disk; lines of that time are dropped. */
const restMs = 1_000

/** Opens the log of process `name`. Throws ConfigurationError when it cannot be opened. */
export async function openAccessLog(config: AccessLogConfig, name: string): Promise<AccessLog> {
  try {
    const file = await open(config.file, 'a')
    const stat = await file.stat()
    return new AccessLog(file, config, name, stat.isFile() ? stat.size : 0)
  } catch (error) {
    throw new ConfigurationError(`the access log ${config.file} cannot be written: ${(error as Error).message}`)
  }
}

export class AccessLog {
  readonly #file: FileHandle
  readonly #format: AccessLogFormat
  readonly #config: AccessLogConfig
  readonly #name: string
  #lines: string[] = []
  #gatheredBytes = 0
  #inWriteBytes = 0
  /** Of the file, with all that will be written to it. */
  #bytes: number
  #cut = false
  #torn = false
  #dropped = 0
  #complained = false
  #restUntilMs = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  constructor(file: FileHandle, config: AccessLogConfig, name: string, bytes: number) {
    this.#file = file
    this.#format = config.format
    this.#config = config
    this.#name = name
    this.#bytes = bytes
  }

  /** Lines that are not in the file: its limit was met, or the disk did not take them. */
  get droppedLines(): number {
    return this.#dropped
  }

  /** One request that has ended. */
  write(ended: EndedEntry): void {
    const waitingBytes = this.#gatheredBytes + this.#inWriteBytes
    if (this.#cut || waitingBytes > limits.accessLogWaitingBytes || performance.now() < this.#restUntilMs) {
      this.#dropped++
      return
    }
    this.#gather(this.#withinLimit(`${formatEntry(this.#format, ended)}\n`))
  }

  /** Writes what waits and closes the file. */
  async close(): Promise<void> {
    this.#cut = true
    clearTimeout(this.#timer)
    await this.#writing
    await this.#write()
    await this.#file.close().catch((error: Error) => this.#complain(error))
  }

  /** `line`, or the mark that ends the log when there is no room for both (nothing, when there is none for that). */
  #withinLimit(line: string): string {
    const { limitBytes, file } = this.#config
    const mark = `${cutMark(this.#format, limitBytes)}\n`
    if (this.#bytes + Buffer.byteLength(line) + mark.length <= limitBytes) return line
    this.#cut = true
    this.#dropped++
    process.stderr.write(`tidegate: ${this.#name}: the access log ${file} has met its ${limitBytes} bytes: cut\n`)
    return this.#bytes + mark.length <= limitBytes ? mark : ''
  }

  #gather(line: string): void {
    const bytes = Buffer.byteLength(line)
    this.#lines.push(line)
    this.#gatheredBytes += bytes
    this.#bytes += bytes
    if (this.#writing) return
    if (this.#gatheredBytes >= gatherBytes || this.#cut) this.#begin()
    else this.#timer ??= setTimeout(() => this.#begin(), gatherMs).unref()
  }

  #begin(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      if (this.#lines.length > 0) this.#begin()
    })
  }

  async #write(): Promise<void> {
    const lines = this.#lines
    if (lines.length === 0) return
    // After a write that went half way: its last line must not run into the next one.
    const batch = Buffer.from((this.#torn ? '\n' : '') + lines.join(''))
    if (this.#torn) this.#bytes++
    this.#lines = []
    this.#gatheredBytes = 0
    this.#inWriteBytes = batch.length
    let written = 0
    try {
      while (written < batch.length) written += (await this.#file.write(batch, written)).bytesWritten
      this.#torn = false
    } catch (error) {
      this.#torn ||= written > 0
      this.#bytes -= batch.length - written
      this.#dropped += lines.length
      this.#restUntilMs = performance.now() + restMs
      this.#complain(error as Error)
    }
    this.#inWriteBytes = 0
  }

  #complain(error: Error): void {
    if (this.#complained) return
    this.#complained = true
    process.stderr.write(
      `tidegate: ${this.#name}: the access log ${this.#config.file} cannot be written (${error.message}): ` +
        'lines are dropped until it can; this is said once\n',
    )
  }
}
