import { createWriteStream, readFileSync, statSync, type WriteStream } from 'node:fs'
import { limits } from '../../live/limits.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import { type Message, recordingSchemaName } from './update.ts'

// A session as a file: NDJSON, every message as the page got it, so that a replay shows what was shown.

/** The last line of a recording that has met its limit. */
const cut = { is: 'cut', limitBytes: limits.demoRecordingBytes } as const

export class Recording {
  readonly file: string
  readonly #limitBytes: number
  readonly #stream: WriteStream
  #bytes = 0
  #ended = false

  constructor(file: string, limitBytes: number = limits.demoRecordingBytes) {
    this.file = file
    this.#limitBytes = limitBytes
    this.#stream = createWriteStream(file)
    this.#stream.on('error', error => {
      if (!this.#ended) process.stderr.write(`tidegate: the session is not recorded: ${file}: ${error.message}\n`)
      this.#ended = true
    })
  }

  /** Takes one message, as JSON. */
  add(message: string): void {
    if (this.#ended) return
    this.#bytes += message.length + 1
    this.#ended = this.#bytes > this.#limitBytes
    this.#stream.write(`${this.#ended ? JSON.stringify(cut) : message}\n`)
  }

  close(): Promise<void> {
    this.#ended = true
    return new Promise(done => {
      if (this.#stream.errored) done()
      else this.#stream.end(() => done())
    })
  }
}

/** The messages of a recording, in order. Throws ConfigurationError that says what the file is instead. */
export function readRecording(file: string): Message[] {
  let text: string
  try {
    if (statSync(file).size > 2 * limits.demoRecordingBytes) {
      throw new ConfigurationError(
        `${file} is larger than any recording of a session (${limits.demoRecordingBytes} bytes)`,
      )
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`the recording ${file} cannot be read: ${(error as Error).message}`)
  }
  const lines = text.split('\n').filter(line => line !== '')
  const messages = lines.flatMap((line, i) => parsed(line, i === lines.length - 1, file, i + 1))
  // Before it there is only how the processes were started.
  const opening = messages.find(message => message.is === 'opening')
  if (opening === undefined) {
    throw new ConfigurationError(`${file} is no recording of a session: tidegate demo writes one, session.ndjson`)
  }
  if (opening.schema !== recordingSchemaName) {
    throw new ConfigurationError(
      `${file} is a recording of ${opening.schema}, and this Tidegate plays ${recordingSchemaName}`,
    )
  }
  return messages
}

/** One line; a killed process leaves half of its last one behind, which is left out. */
function parsed(line: string, isLast: boolean, file: string, number: number): Message[] {
  try {
    const message = JSON.parse(line) as Message | typeof cut
    return message.is === 'opening' || message.is === 'update' ? [message] : []
  } catch {
    if (isLast && number > 1) return []
    throw new ConfigurationError(`${file} is no recording of a session: its line ${number} is not JSON`)
  }
}
