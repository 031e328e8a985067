import { Pool } from 'undici'
import { limits } from '../../live/limits.ts'
import { SiblingHealth } from '../core/sibling-health.ts'
import { failureOf } from './upstream.ts'

// Asks siblings and origins whether they live: a small question every 250 ms. What the answers mean:
// edge/core/sibling-health.ts.

export interface HeartbeatOptions {
  readonly everyMs?: number
  readonly timeoutMs?: number
  /** What is asked for: `/healthz` of a process that need only live, `/readyz` of one that must be able to serve. */
  readonly path?: '/healthz' | '/readyz'
  /** Called when one dies or comes back. Everyone begins alive. */
  readonly changed: (name: string, alive: boolean) => void
}

/** Whom to ask, and where. */
export interface Watchable {
  readonly name: string
  readonly url: string
}

interface Watched extends Watchable {
  readonly pool: Pool
  readonly health: SiblingHealth
  timer?: NodeJS.Timeout
}

export class Heartbeats {
  readonly #options: Required<HeartbeatOptions>
  readonly #watched = new Map<string, Watched>()

  constructor(options: HeartbeatOptions) {
    const { heartbeatMs: everyMs, heartbeatTimeoutMs: timeoutMs } = limits
    this.#options = { everyMs, timeoutMs, path: '/healthz', ...options }
  }

  /** Watches exactly these from now on; one that was watched at the same URL keeps its state. */
  watch(all: readonly Watchable[]): void {
    const wanted = new Map(all.map(({ name, url }) => [name, url]))
    for (const watched of [...this.#watched.values()]) {
      if (wanted.get(watched.name) === watched.url) wanted.delete(watched.name)
      else this.#forget(watched)
    }
    for (const [name, url] of wanted) {
      const watched: Watched = { name, url, pool: new Pool(url, { connections: 1 }), health: new SiblingHealth() }
      this.#watched.set(name, watched)
      this.#beat(watched)
    }
  }

  /** A request met a refused connection: it is dead until it answers again. */
  refused(name: string): void {
    const watched = this.#watched.get(name)
    if (watched) this.#refused(watched)
  }

  /** Everyone by name, and whether it lives. */
  state(): Record<string, boolean> {
    return Object.fromEntries([...this.#watched.values()].map(({ name, health }) => [name, health.alive]))
  }

  stop(): void {
    for (const watched of [...this.#watched.values()]) this.#forget(watched)
  }

  #beat(watched: Watched): void {
    const startedMs = performance.now()
    this.#ask(watched).finally(() => {
      if (this.#watched.get(watched.name) !== watched) return
      const nextMs = Math.max(0, startedMs + this.#options.everyMs - performance.now())
      watched.timer = setTimeout(() => this.#beat(watched), nextMs)
    })
  }

  async #ask(watched: Watched): Promise<void> {
    try {
      const signal = AbortSignal.timeout(this.#options.timeoutMs)
      const { statusCode, body } = await watched.pool.request({ method: 'GET', path: this.#options.path, signal })
      await body.dump()
      if (statusCode === 200) this.#answered(watched)
      else this.#missed(watched)
    } catch (error) {
      if (failureOf(error as Error) === 'refused') this.#refused(watched)
      else this.#missed(watched)
    }
  }

  #answered(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.answered()) this.#options.changed(watched.name, true)
  }

  #missed(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.missed()) this.#options.changed(watched.name, false)
  }

  #refused(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.refused()) this.#options.changed(watched.name, false)
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(watched.name) === watched
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched.name)
    clearTimeout(watched.timer)
    // A destroyed pool reports its end to the question under way, which then finds itself forgotten.
    watched.pool.destroy().catch(() => undefined)
  }
}
