import { SiblingHealth } from '../../edge/core/sibling-health.ts'
import { limits } from '../../live/limits.ts'
import { RandomStream } from '../../live/random.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Agenda } from './agenda.ts'
import type { SimEdge } from './edge.ts'

// Which edge believes which region's origin to live: what edge/http/driver.ts asks by heartbeats of `/readyz` where there
// is more than one. As with siblings, a question whose answer is no news is not asked.

/** What an origin says to a heartbeat; `gone`: nobody listens there. */
export type OriginSays = 'ready' | 'not-ready' | 'gone'

interface Watch {
  readonly health: SiblingHealth
  readonly phaseMs: number
}

export class OriginHealth {
  readonly #agenda: Agenda
  readonly #seed: number
  readonly #regions: readonly string[]
  readonly #says: (region: string) => OriginSays
  readonly #watches = new WeakMap<SimEdge, Map<string, Watch>>()

  constructor(agenda: Agenda, seed: number, regions: readonly string[], says: (region: string) => OriginSays) {
    this.#agenda = agenda
    this.#seed = seed
    // Where there is one, it is asked whether it lives or not.
    this.#regions = regions.length > 1 ? regions : []
    this.#says = says
  }

  /** `edge` has started, and thinks that all origins live; it asks them at once. */
  begins(edge: SimEdge, now: EpochMs): void {
    for (const region of this.#regions) if (this.#says(region) !== 'ready') this.#ask(edge, region, now)
  }

  /** What the origin of `region` says has changed: each of `edges` finds out at its next question. */
  changed(region: string, edges: readonly SimEdge[], now: EpochMs): void {
    if (!this.#regions.includes(region)) return
    for (const edge of edges) this.#askNext(edge, region, now)
  }

  #askNext(edge: SimEdge, region: string, now: EpochMs): void {
    const { phaseMs } = this.#watch(edge, region)
    const beats = Math.floor(((now as number) - phaseMs) / limits.heartbeatMs) + 1
    this.#agenda.at(phaseMs + beats * limits.heartbeatMs, at => this.#ask(edge, region, at))
  }

  #ask(edge: SimEdge, region: string, now: EpochMs): void {
    if (!edge.alive) return
    const { health } = this.#watch(edge, region)
    const says = this.#says(region)
    const isNews = says === 'ready' ? health.answered() : says === 'gone' ? health.refused() : health.missed()
    if (isNews) edge.originAlive(region, says === 'ready', now)
    else if (says === 'not-ready' && health.alive) this.#askNext(edge, region, now)
  }

  #watch(edge: SimEdge, region: string): Watch {
    const watches = this.#watches.get(edge) ?? new Map<string, Watch>()
    this.#watches.set(edge, watches)
    const known = watches.get(region)
    if (known) return known
    const phaseMs = new RandomStream(this.#seed, `heartbeat/${edge.name}>${region}`).next() * limits.heartbeatMs
    const made = { health: new SiblingHealth(), phaseMs }
    watches.set(region, made)
    return made
  }
}
