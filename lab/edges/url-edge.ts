import { HarnessError } from '../harness-error.ts'
import type { Edges } from './edges.ts'

const notOurs = 'the edge behind a URL is not ours to end, and has no control listener of ours'

/** An edge that runs already: every place of the scenario is this one URL, and nothing of it is started or stopped. */
export class UrlEdge implements Edges {
  readonly cannot = { 'flush-edge': notOurs, 'kill-edge': notOurs, 'restart-edge': notOurs }
  /** Nobody watches it: what it fails to answer, the players count. */
  readonly death = new Promise<HarnessError>(() => undefined)
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  async start(): Promise<void> {}

  url(): string {
    return this.#url
  }

  isAlive(): boolean {
    return true
  }

  async kill(edge: string): Promise<void> {
    throw new HarnessError(`${edge} cannot be ended: ${notOurs}`)
  }

  async introduce(): Promise<void> {}

  async stop(): Promise<void> {}
}
