import { hash32 } from '../../live/random.ts'
import { Origins } from './origins.ts'
import type { Upstream } from './verdict.ts'

// Who fills. For each rendition and site rendezvous hashing gives an order of edges (highest random weight, Thaler and
// Ravishankar 1998); the first that is alive fills from the origin, the others ask it. When an edge goes, only what it
// filled moves; every edge of the site computes the same order without talking about it.

const orders = 1_024

export class Topology {
  readonly origins: Origins
  readonly #self: string
  #edges: readonly string[]
  readonly #dead = new Set<string>()
  readonly #known = new Map<string, readonly string[]>()

  /** @param regions of the origins, in the order of preference */
  constructor(self: string, regions?: readonly string[]) {
    this.origins = new Origins(regions)
    this.#self = self
    this.#edges = [self]
  }

  /** All edges of the site; this one is among them whether it is named or not. */
  set(edges: readonly string[]): void {
    this.#edges = [...new Set([this.#self, ...edges])]
    this.#known.clear()
    for (const edge of this.#dead) if (!this.#edges.includes(edge)) this.#dead.delete(edge)
  }

  /** What the heartbeat says of a sibling. Whether it says anything new. */
  setAlive(edge: string, alive: boolean): boolean {
    if (!this.#edges.includes(edge) || edge === this.#self) return false
    if (alive) return this.#dead.delete(edge)
    const isNew = !this.#dead.has(edge)
    this.#dead.add(edge)
    return isNew
  }

  isAlive(edge: string): boolean {
    return !this.#dead.has(edge)
  }

  /** The order of the site's edges for one rendition, dead ones included. */
  order(event: string, rendition: string): readonly string[] {
    const name = `${event}/${rendition}`
    const known = this.#known.get(name)
    if (known) return known
    const weighed = this.#edges.map(edge => ({ edge, weight: hash32(`${name}@${edge}`) }))
    weighed.sort((a, b) => b.weight - a.weight || (a.edge < b.edge ? -1 : 1))
    const order = weighed.map(({ edge }) => edge)
    // Renditions are few; a flood of distinct names must not stay in memory.
    if (this.#known.size >= orders) this.#known.clear()
    this.#known.set(name, order)
    return order
  }

  /**
   * Whom this edge asks for a rendition when those `asked` have refused: the next in the order that is alive, or the
   * origin when the turn comes to this edge itself or nobody is left; of another region than `failed`, where one lives.
   */
  upstreamOf(event: string, rendition: string, asked: readonly string[], failed?: string): Upstream {
    for (const edge of this.order(event, rendition)) {
      if (edge === this.#self) break
      if (!this.#dead.has(edge) && !asked.includes(edge)) return { is: 'sibling', edge }
    }
    return this.origins.choose(failed)
  }
}

/** The edge of a site that fills `rendition` while all of its `edges` (at least one) live. */
export function designatedOf(event: string, rendition: string, edges: readonly string[]): string {
  const topology = new Topology(edges[0] as string)
  topology.set(edges)
  return topology.order(event, rendition)[0] as string
}
