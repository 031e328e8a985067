import { type ClientRequest, request } from 'node:http'
import { limits } from '../../live/limits.ts'
import type { Ms } from '../../live/units.ts'
import { describeZodError } from '../../process/control.ts'
import { type FeedLine, feedLineSchema } from './feed-lines.ts'

// The following end of the feed: reads lines for as long as there are any, and begins anew when it ends.

const firstBackoffMs = 50

export interface FeedClientParts {
  /** The control listener of the process that is followed. */
  readonly url: string
  readonly token: string
  /** Takes a line; what it throws ends the connection, with its message as the reason. */
  readonly take: (line: FeedLine) => void
  /** The feed has ended, or did not begin; `isFirst` for the first time since it last lived. */
  readonly lost: (why: string, isFirst: boolean) => void
}

export class FeedClient {
  readonly #parts: FeedClientParts
  #request: ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #backoffMs = firstBackoffMs
  #isLost = false
  #isClosed = false

  constructor(parts: FeedClientParts) {
    this.#parts = parts
  }

  /** Asks for the feed, and again whenever it is lost. */
  start(): void {
    const { url, token } = this.#parts
    const headers = { authorization: `Bearer ${token}` }
    const asked = request(`${url}/feed`, { headers, agent: false, timeout: limits.feedSilenceMs })
    this.#request = asked
    let why = 'it was closed'
    asked.on('timeout', () => asked.destroy(new Error(`it was silent for ${limits.feedSilenceMs} ms`)))
    asked.on('error', error => {
      why = error.message
    })
    asked.on('close', () => this.#ended(why))
    asked.on('response', response => {
      response.setEncoding('utf8')
      response.on('error', error => {
        why = error.message
      })
      const lines = new LineReader(line => this.#take(line))
      response.on('data', (text: string) => {
        try {
          if (response.statusCode !== 200) throw new Error(`it was answered ${response.statusCode}: ${text.trim()}`)
          lines.read(text)
        } catch (error) {
          why = (error as Error).message
          asked.destroy()
        }
      })
    })
    asked.end()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#request?.destroy()
  }

  #take(text: string): void {
    const parsed = feedLineSchema.safeParse(JSON.parse(text))
    if (!parsed.success) throw new Error(`a line is not right: ${describeZodError(parsed.error)}`)
    this.#parts.take(parsed.data)
    if (parsed.data.say !== 'live') return
    this.#backoffMs = firstBackoffMs
    this.#isLost = false
  }

  #ended(why: string): void {
    if (this.#isClosed) return
    this.#parts.lost(why, !this.#isLost)
    this.#isLost = true
    // Followers that lost the same process must not come back as one.
    const pauseMs: Ms = this.#backoffMs * (0.5 + Math.random() / 2)
    this.#backoffMs = Math.min(2 * this.#backoffMs, limits.feedBackoffMs)
    this.#timer = setTimeout(() => this.start(), pauseMs as number)
  }
}

/** Cuts a stream of text into lines of a bounded length. */
class LineReader {
  readonly #take: (line: string) => void
  #rest = ''

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  /** Throws RangeError for a line that is too long, and what the taker throws. */
  read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() as string
    if (this.#rest.length > limits.feedLineBytes) throw new RangeError(`a line is longer than ${limits.feedLineBytes}`)
    for (const line of lines) this.#take(line)
  }
}
