import { Pool } from 'undici'
import { limits } from '../../live/limits.ts'
import { SiblingHealth } from '../core/sibling-health.ts'
import type { SiteEdge } from './config.ts'
import { failureOf } from './upstream.ts'

// Asks siblings whether they live: a small question every 250 ms. What the answers mean: edge/core/sibling-health.ts.

export interface HeartbeatOptions {
  readonly everyMs?: number
  readonly timeoutMs?: number
  /** Called when a sibling dies or comes back. Every sibling begins alive. */
  readonly changed: (edge: string, alive: boolean) => void
}

interface Watched {
  readonly edge: string
  readonly url: string
  readonly pool: Pool
  readonly health: SiblingHealth
  timer?: NodeJS.Timeout
}

export class Heartbeats {
  readonly #options: Required<HeartbeatOptions>
  readonly #watched = new Map<string, Watched>()

  constructor(options: HeartbeatOptions) {
    this.#options = { everyMs: limits.heartbeatMs, timeoutMs: limits.heartbeatTimeoutMs, ...options }
  }

  /** Watches exactly these edges from now on; one that was watched at the same URL keeps its state. */
  watch(edges: readonly SiteEdge[]): void {
    const wanted = new Map(edges.map(({ edge, url }) => [edge, url]))
    for (const watched of [...this.#watched.values()]) {
      if (wanted.get(watched.edge) === watched.url) wanted.delete(watched.edge)
      else this.#forget(watched)
    }
    for (const [edge, url] of wanted) {
      const watched: Watched = { edge, url, pool: new Pool(url, { connections: 1 }), health: new SiblingHealth() }
      this.#watched.set(edge, watched)
      this.#beat(watched)
    }
  }

  /** A request met a refused connection: the sibling is dead until it answers again. */
  refused(edge: string): void {
    const watched = this.#watched.get(edge)
    if (watched) this.#refused(watched)
  }

  /** Siblings and whether they live. */
  state(): Record<string, boolean> {
    return Object.fromEntries([...this.#watched.values()].map(({ edge, health }) => [edge, health.alive]))
  }

  stop(): void {
    for (const watched of [...this.#watched.values()]) this.#forget(watched)
  }

  #beat(watched: Watched): void {
    const startedMs = performance.now()
    this.#ask(watched).finally(() => {
      if (this.#watched.get(watched.edge) !== watched) return
      const nextMs = Math.max(0, startedMs + this.#options.everyMs - performance.now())
      watched.timer = setTimeout(() => this.#beat(watched), nextMs)
    })
  }

  async #ask(watched: Watched): Promise<void> {
    try {
      const signal = AbortSignal.timeout(this.#options.timeoutMs)
      const { statusCode, body } = await watched.pool.request({ method: 'GET', path: '/healthz', signal })
      await body.dump()
      if (statusCode === 200) this.#answered(watched)
      else this.#missed(watched)
    } catch (error) {
      if (failureOf(error as Error) === 'refused') this.#refused(watched)
      else this.#missed(watched)
    }
  }

  #answered(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.answered()) this.#options.changed(watched.edge, true)
  }

  #missed(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.missed()) this.#options.changed(watched.edge, false)
  }

  #refused(watched: Watched): void {
    if (this.#isWatched(watched) && watched.health.refused()) this.#options.changed(watched.edge, false)
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(watched.edge) === watched
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched.edge)
    clearTimeout(watched.timer)
    // A destroyed pool reports its end to the question under way, which then finds itself forgotten.
    watched.pool.destroy().catch(() => undefined)
  }
}
