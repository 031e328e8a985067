import type { ServerResponse } from 'node:http'
import { limits } from '../../live/limits.ts'

// Server-sent events to everybody who watches. Each message is made into text once; a page that does not take what it
// gets is dropped, and comes back by itself.

/** A browser asks again this much later. */
const againMs = 500

export class EventStreams {
  readonly #open = new Set<ServerResponse>()

  get count(): number {
    return this.#open.size
  }

  get isFull(): boolean {
    return this.#open.size >= limits.demoWatchers
  }

  /** Begins a stream with `messages`. */
  add(response: ServerResponse, messages: readonly string[]): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(`retry: ${againMs}\n\n${messages.map(eventOf).join('')}`)
    this.#open.add(response)
    response.once('close', () => this.#open.delete(response))
  }

  tell(message: string): void {
    const event = eventOf(message)
    for (const response of this.#open) {
      response.write(event)
      if (response.writableLength > limits.demoWaitingBytes) response.destroy()
    }
  }

  close(): void {
    for (const response of this.#open) response.end()
  }
}

const eventOf = (message: string): string => `data: ${message}\n\n`
