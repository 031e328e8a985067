import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import type { ControlClient } from './control-client.ts'

/** How long a look waits for an answer; a busy process answers later, and whoever watches is not kept waiting. */
const waitMs = 120

/** The state of one process, for somebody who looks several times a second: the newest that it has given. */
export class Watched<Schema extends z.ZodType> {
  readonly #control: () => ControlClient
  readonly #schema: Schema
  #known: z.infer<Schema> | undefined
  #asking: Promise<void> | undefined

  /** @param control gives its control listener, or throws when it does not live */
  constructor(control: () => ControlClient, schema: Schema) {
    this.#control = control
    this.#schema = schema
  }

  /** Undefined when it does not live, or has never answered. */
  async look(): Promise<z.infer<Schema> | undefined> {
    let control: ControlClient
    try {
      control = this.#control()
    } catch {
      // It is gone; what it said last is of another life.
      this.#known = undefined
      return undefined
    }
    this.#asking ??= this.#ask(control).finally(() => {
      this.#asking = undefined
    })
    await Promise.race([this.#asking, sleep(waitMs, undefined, { ref: false })])
    return this.#known
  }

  async #ask(control: ControlClient): Promise<void> {
    try {
      this.#known = this.#schema.parse(await control.get('/state'))
    } catch (error) {
      if (error instanceof Error && error.name === 'ZodError') throw error
      // It ended while it was asked: the next look finds it gone.
    }
  }
}
