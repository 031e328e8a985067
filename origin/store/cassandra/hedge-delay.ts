import type { Client, policies } from 'cassandra-driver'
import type { Ms } from '../../../live/units.ts'

// When a request is sent a second time, to another node (a hedge): when it has taken longer than all but a few of the
// last ones did. A fixed delay would be too long on a quick day, and would double the load on a slow one.

/** Answers that the delay is taken from. */
const remembered = 256
/** One in twenty: the most that hedging may add to the load. */
const share = 0.95
/** Below this a second request costs more than it saves. */
const shortestMs = 20
/** Before enough is known. */
const firstMs = 100
const enough = 32

export class HedgeDelay implements policies.speculativeExecution.SpeculativeExecutionPolicy {
  readonly #longestMs: number
  readonly #latencies: number[] = []
  #next = 0
  #delayMs = firstMs
  #client: Client | undefined

  readonly #dataCentre: string

  /** Never waits longer than a quarter of `budgetMs`, so that a hedge and its answer still have time. */
  constructor(dataCentre: string, budgetMs: Ms) {
    this.#dataCentre = dataCentre
    this.#longestMs = Math.max(shortestMs, (budgetMs as number) / 4)
  }

  get delayMs(): Ms {
    return Math.min(this.#longestMs, Math.max(shortestMs, this.#delayMs))
  }

  /** Learns from an answer that took `latencyMs`. */
  learn(latencyMs: Ms): void {
    this.#latencies[this.#next] = latencyMs as number
    this.#next = (this.#next + 1) % remembered
    if (this.#latencies.length < enough || this.#next % enough !== 0) return
    const sorted = this.#latencies.toSorted((a, b) => a - b)
    this.#delayMs = sorted[Math.floor(sorted.length * share)] as number
  }

  /** Called by session.ts: the driver itself does not. */
  init(client: Client): void {
    this.#client = client
  }

  /** One hedge a request, where there is another node of this data centre to send it to. */
  newPlan(): { nextExecution: () => Ms } {
    let hedges = this.#hasAnotherNode() ? 1 : 0
    return { nextExecution: () => (hedges-- > 0 ? this.delayMs : -1) }
  }

  #hasAnotherNode(): boolean {
    const hosts = this.#client?.hosts.values() ?? []
    return hosts.filter(host => host.datacenter === this.#dataCentre && host.isUp()).length > 1
  }

  getOptions(): Map<string, object> {
    return new Map()
  }

  shutdown(): void {}
}
