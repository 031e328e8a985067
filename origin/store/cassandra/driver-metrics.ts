import { metrics } from 'cassandra-driver'
import type { StoreObserver } from '../segment-store.ts'
import type { HedgeDelay } from './hedge-delay.ts'

// What the driver sees of single requests, under the names of docs/processes.md.

type Names = 'hedges' | 'timeouts' | 'connection_errors' | 'unavailable' | 'server_errors' | 'failovers'

export class DriverMetrics extends metrics.DefaultMetrics {
  readonly #count: (name: Names) => void
  readonly #hedgeDelay: HedgeDelay

  constructor(observer: StoreObserver, hedgeDelay: HedgeDelay) {
    super()
    this.#count = name => observer.count(`store.cassandra.${name}`)
    this.#hedgeDelay = hedgeDelay
  }

  override onSpeculativeExecution(): void {
    this.#count('hedges')
  }
  override onClientTimeoutError(): void {
    this.#count('timeouts')
  }
  override onReadTimeoutError(): void {
    this.#count('timeouts')
  }
  override onWriteTimeoutError(): void {
    this.#count('timeouts')
  }
  override onConnectionError(): void {
    this.#count('connection_errors')
  }
  override onUnavailableError(): void {
    this.#count('unavailable')
  }
  override onOtherError(): void {
    this.#count('server_errors')
  }
  override onUnavailableRetry(): void {
    this.#count('failovers')
  }
  override onOtherErrorRetry(): void {
    this.#count('failovers')
  }
  override onSuccessfulResponse(latency: number[]): void {
    const [seconds = 0, nanoseconds = 0] = latency
    this.#hedgeDelay.learn(seconds * 1e3 + nanoseconds / 1e6)
  }
}
