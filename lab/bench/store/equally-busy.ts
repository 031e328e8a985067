import type { Ms } from '../../../live/units.ts'
import type { StormPlan } from './worker-commands.ts'

// How much a plain load must spin so that its core is as busy as a storm's: found from turn to turn, because nobody
// knows beforehand what a storm costs.

export class EquallyBusy {
  readonly #reads: number
  readonly #turnMs: number
  readonly #storms: number[] = []
  readonly #quiets: number[] = []
  #spinMs = 0

  constructor({ readsPerS, forMs }: Pick<StormPlan, 'readsPerS' | 'forMs'>) {
    this.#turnMs = forMs as number
    this.#reads = (readsPerS * this.#turnMs) / 1_000
  }

  /** For each read of the next plain turn. */
  get spinMs(): Ms {
    return this.#spinMs
  }

  /** A storm had its core busy for this share of the turn. */
  stormed(share: number): void {
    this.#storms.push(share)
  }

  /** A plain turn had it busy for this share. */
  quiet(share: number): void {
    this.#quiets.push(share)
    // Before the first storm there is nothing new to follow.
    if (this.#storms.length === 0) return
    const missing = mean(this.#storms) - share
    this.#spinMs = Math.max(0, this.#spinMs + (missing * this.#turnMs) / this.#reads)
  }

  /** Of the turns of each kind. */
  shares(): { readonly storm: number; readonly quiet: number } {
    return { storm: mean(this.#storms), quiet: mean(this.#quiets) }
  }

  /** What has been found stays; the shares begin anew. */
  begin(): void {
    this.#storms.length = 0
    this.#quiets.length = 0
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
