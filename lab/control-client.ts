import { HarnessError } from './harness-error.ts'

// Speaks to control listeners (docs/processes.md).

const answerWithinMs = 10_000

export class ControlClient {
  readonly #url: string
  readonly #token: string

  constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  /** Throws HarnessError when the listener does not answer, or not with 200. */
  get(path: string): Promise<unknown> {
    return this.#ask('GET', path)
  }

  /** Carries out a command. Throws HarnessError as `get` does. */
  post(path: string, body: object = {}): Promise<unknown> {
    return this.#ask('POST', path, JSON.stringify(body))
  }

  async #ask(method: string, path: string, body?: string): Promise<unknown> {
    let response: Response
    let text: string
    try {
      response = await fetch(`${this.#url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        signal: AbortSignal.timeout(answerWithinMs),
        ...(body === undefined ? {} : { body }),
      })
      text = await response.text()
    } catch (error) {
      const { message, cause } = error as Error
      const why = cause instanceof Error ? cause.message : message
      throw new HarnessError(`${method} ${this.#url}${path} got no answer: ${why}`)
    }
    if (!response.ok) {
      const sent = body === undefined ? '' : ` ${body}`
      throw new HarnessError(`${method} ${this.#url}${path}${sent} was answered ${response.status}: ${text}`)
    }
    return JSON.parse(text)
  }
}
