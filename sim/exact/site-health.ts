import { SiblingHealth } from '../../edge/core/sibling-health.ts'
import { limits } from '../../live/limits.ts'
import { RandomStream } from '../../live/random.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Agenda } from './agenda.ts'
import type { SimEdge } from './edge.ts'

// Which sibling believes which to live: what edge/http/heartbeat.ts asks every 250 ms. A question whose answer is no
// news changes nothing, so none is asked while all is well: when an edge dies or returns, each of its siblings finds out
// at its next question, which stands at a phase of its own.

interface Watch {
  readonly health: SiblingHealth
  readonly phaseMs: number
}

export class SiteHealth {
  readonly #agenda: Agenda
  readonly #seed: number
  readonly #edgeAt: (name: string) => SimEdge | undefined
  readonly #watches = new Map<string, Watch>()

  constructor(agenda: Agenda, seed: number, edgeAt: (name: string) => SimEdge | undefined) {
    this.#agenda = agenda
    this.#seed = seed
    this.#edgeAt = edgeAt
  }

  /** `watcher` has started, and thinks that all its siblings live; it asks them at once. */
  begins(watcher: SimEdge, siblings: readonly string[], now: EpochMs): void {
    for (const sibling of siblings) {
      this.#watches.delete(`${watcher.name}>${sibling}`)
      if (!this.#edgeAt(sibling)) this.#refused(watcher, sibling, now)
    }
  }

  /** `edge` has died or is back: its `siblings` find out. */
  changed(edge: string, siblings: readonly string[], now: EpochMs): void {
    for (const name of siblings) {
      const watcher = this.#edgeAt(name)
      if (!watcher) continue
      const { phaseMs } = this.#watch(name, edge)
      const beats = Math.floor(((now as number) - phaseMs) / limits.heartbeatMs) + 1
      this.#agenda.at(phaseMs + beats * limits.heartbeatMs, at => this.#ask(watcher, edge, at))
    }
  }

  /** A request of `watcher` met a refused connection. */
  refusedBy(watcher: SimEdge, sibling: string, now: EpochMs): void {
    this.#refused(watcher, sibling, now)
    // Its next question may be answered again.
    if (this.#edgeAt(sibling)) this.changed(sibling, [watcher.name], now)
  }

  #ask(watcher: SimEdge, sibling: string, now: EpochMs): void {
    if (!watcher.alive) return
    if (!this.#edgeAt(sibling)) this.#refused(watcher, sibling, now)
    else if (this.#watch(watcher.name, sibling).health.answered()) watcher.siblingAlive(sibling, true, now)
  }

  #refused(watcher: SimEdge, sibling: string, now: EpochMs): void {
    if (this.#watch(watcher.name, sibling).health.refused()) watcher.siblingAlive(sibling, false, now)
  }

  #watch(watcher: string, sibling: string): Watch {
    const name = `${watcher}>${sibling}`
    const known = this.#watches.get(name)
    if (known) return known
    const phaseMs = new RandomStream(this.#seed, `heartbeat/${name}`).next() * limits.heartbeatMs
    const made = { health: new SiblingHealth(), phaseMs }
    this.#watches.set(name, made)
    return made
  }
}
