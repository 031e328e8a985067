import { HarnessError } from '../harness-error.ts'
import type { Edges, PlacedEdge } from './edges.ts'

/** Different edges in different sites, over the same origins at the same time. */
export class EdgesBySite implements Edges {
  readonly #bySite: ReadonlyMap<string, Edges>
  readonly #siteOf = new Map<string, string>()

  constructor(bySite: ReadonlyMap<string, Edges>) {
    this.#bySite = bySite
  }

  /** What not all of them can do is not done to any. */
  get cannot(): Readonly<Record<string, string>> {
    return Object.assign({}, ...this.#all.map(({ cannot }) => cannot))
  }

  start(place: PlacedEdge, port: number, signal: AbortSignal): Promise<void> {
    this.#siteOf.set(place.edge, place.site)
    return this.#at(place.site).start(place, port, signal)
  }

  url(edge: string): string {
    return this.#of(edge).url(edge)
  }

  isAlive(edge: string): boolean {
    return this.#of(edge).isAlive(edge)
  }

  kill(edge: string): Promise<void> {
    return this.#of(edge).kill(edge)
  }

  async introduce(places: readonly PlacedEdge[]): Promise<void> {
    await Promise.all(
      this.#all.map(edges => edges.introduce(places.filter(({ site }) => this.#bySite.get(site) === edges))),
    )
  }

  get death(): Promise<HarnessError> {
    return Promise.race(this.#all.map(({ death }) => death))
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(edges => edges.stop()))
  }

  /** One contender may stand in several sites. */
  get #all(): Edges[] {
    return [...new Set(this.#bySite.values())]
  }

  #of(edge: string): Edges {
    return this.#at(this.#siteOf.get(edge) ?? '')
  }

  #at(site: string): Edges {
    const edges = this.#bySite.get(site)
    if (edges === undefined) throw new HarnessError(`nobody stands in the site '${site}'`)
    return edges
  }
}
