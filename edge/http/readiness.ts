// Whether an edge should get requests: its listeners are open, and it knows the events that it was told of.

export class Readiness {
  readonly #learn: (event: string) => Promise<unknown>
  readonly #unknown: Set<string>
  readonly #asking = new Set<string>()
  #open = false

  /** `learn` asks the origin for an event and rejects when it could not be had. */
  constructor(events: readonly string[], learn: (event: string) => Promise<unknown>) {
    this.#unknown = new Set(events)
    this.#learn = learn
  }

  /** Learns `event`, which counts as known from then on. Rejects when it could not be had. */
  async learn(event: string): Promise<void> {
    await this.#learn(event)
    this.#unknown.delete(event)
  }

  /** All listeners are open. */
  opened(): void {
    this.#open = true
  }

  /**
   * What stands in the way; undefined: nothing. Where that is an event, the origin is asked for it again: an edge that
   * gets no requests before it is ready would otherwise never learn it.
   */
  notReady(): string | undefined {
    if (!this.#open) return 'starting'
    if (this.#unknown.size === 0) return undefined
    for (const event of this.#unknown) this.#askAgain(event)
    return `the origin has not said yet what these events are: ${[...this.#unknown].join(', ')}`
  }

  #askAgain(event: string): void {
    if (this.#asking.has(event)) return
    this.#asking.add(event)
    // A failure is what the next probe is told anyway.
    this.learn(event).then(
      () => this.#asking.delete(event),
      () => this.#asking.delete(event),
    )
  }
}
