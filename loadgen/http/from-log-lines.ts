import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { limits } from '../../live/limits.ts'
import { ConfigurationError } from '../../process/configuration.ts'

/** A line of a log without its end; undefined where it is longer than a line may be. */
export type Line = string | undefined

const newline = 10

/**
 * The lines of the first `bytes` of `file` in batches, a file ending in `.gz` unpacked. However long a line is, no more of it is held than
 * `limits.accessLogLineBytes`. Throws ConfigurationError.
 */
export async function* lineBatchesOf(file: string, bytes: number): AsyncGenerator<Line[]> {
  if (bytes === 0) return
  const cutter = new LineCutter()
  try {
    for await (const chunk of opened(file, bytes) as AsyncIterable<Buffer>) yield cutter.cut(chunk)
    yield cutter.rest()
  } catch (error) {
    throw new ConfigurationError(`the log ${file} cannot be read: ${(error as Error).message}`)
  }
}

function opened(file: string, bytes: number): Readable {
  const packed = createReadStream(file, { end: bytes - 1 })
  // An error of the file ends the unpacking with it, where the reader hears of it.
  return file.endsWith('.gz') ? pipeline(packed, createGunzip(), () => {}) : packed
}

class LineCutter {
  #kept: Buffer[] = []
  #keptBytes = 0
  #tooLong = false

  /** The lines that end in `chunk`. */
  cut(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let from = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, end))
      lines.push(this.#take())
      from = end + 1
    }
    this.#keep(Buffer.from(chunk.subarray(from)))
    return lines
  }

  /** What came after the last line's end. */
  rest(): Line[] {
    return this.#keptBytes > 0 || this.#tooLong ? [this.#take()] : []
  }

  #keep(piece: Buffer): void {
    this.#keptBytes += piece.length
    this.#tooLong ||= this.#keptBytes > limits.accessLogLineBytes
    if (this.#tooLong) this.#kept = []
    else if (piece.length > 0) this.#kept.push(piece)
  }

  #take(): Line {
    const line = this.#tooLong ? undefined : Buffer.concat(this.#kept).toString('utf8')
    this.#kept = []
    this.#keptBytes = 0
    this.#tooLong = false
    return line?.endsWith('\r') ? line.slice(0, -1) : line
  }
}
