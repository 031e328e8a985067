import type { LiveEvent } from '../../live/event.ts'
import type { HarnessError } from '../harness-error.ts'
import type { NamedPolicy } from '../policies.ts'
import { type EdgeSettings, edgeConfig } from '../process-configs.ts'
import type { Processes } from '../processes.ts'
import type { Edges, PlacedEdge } from './edges.ts'

/** Our edge, one process for each place, under one policy. `Processes` watches and stops them with the others. */
export class OwnEdges implements Edges {
  readonly cannot = {}
  readonly #processes: Processes
  readonly #event: LiveEvent
  readonly #policy: NamedPolicy
  readonly #originsOf: (site: string) => EdgeSettings['origins']

  /** @param originsOf gives the delivery listeners that a site's edges prefer, once they stand */
  constructor(
    processes: Processes,
    event: LiveEvent,
    policy: NamedPolicy,
    originsOf: (site: string) => EdgeSettings['origins'],
  ) {
    this.#processes = processes
    this.#event = event
    this.#policy = policy
    this.#originsOf = originsOf
  }

  async start({ edge, site }: PlacedEdge, port: number, signal: AbortSignal): Promise<void> {
    await this.#processes.start('edge', edge, signal, common =>
      edgeConfig(common, this.#event, { site, port, origins: this.#originsOf(site), policy: this.#policy }),
    )
  }

  url(edge: string): string {
    return this.#processes.child(edge).url('players')
  }

  isAlive(edge: string): boolean {
    return this.#processes.isAlive(edge)
  }

  kill(edge: string): Promise<void> {
    return this.#processes.kill(edge)
  }

  /** Dead edges are among those that the others hear of: they may come back. */
  async introduce(places: readonly PlacedEdge[]): Promise<void> {
    const edges = places.map(place => ({ ...place, url: this.url(place.edge) }))
    const told = edges.filter(({ edge }) => this.isAlive(edge))
    await Promise.all(
      told.map(({ edge, site }) => {
        const siblings = edges.filter(other => other.site === site).map(({ edge, url }) => ({ edge, url }))
        return this.#processes.control(edge).post('/topology', { site, edges: siblings })
      }),
    )
  }

  get death(): Promise<HarnessError> {
    return this.#processes.death
  }

  async stop(): Promise<void> {}
}
