import { limits } from '../../live/limits.ts'
import { hash32 } from '../../live/random.ts'
import type { EpochMs } from '../../live/units.ts'
import { placeOf } from './fleet.ts'

// Which edge a player asks: its site by a fraction that belongs to the player alone, and within the site an order of all
// edges by rendezvous hashing, so that a site's players spread and one that is gone sends its players everywhere.

/** A site and the base URLs of its edges. */
export interface SiteTargets {
  readonly site: string
  readonly edges: readonly string[]
}

/** How long a player stays away from an edge that refused its connection. */
export const returnAfterMs = 10_000

/** One player's way: the edges of its site, the preferred one first. */
export class Route {
  readonly #edges: readonly string[]
  /** By edge: until when it is avoided. Most players never need it. */
  #avoid: Map<string, EpochMs> | undefined

  constructor(edges: readonly string[]) {
    this.#edges = edges
  }

  /** The edge for a request at `now`; where every edge has refused, the preferred one is tried all the same. */
  edgeAt(now: EpochMs): string {
    const preferred = this.#edges[0] as string
    const avoid = this.#avoid
    if (avoid === undefined) return preferred
    return this.#edges.find(edge => (avoid.get(edge) ?? -Infinity) <= now) ?? preferred
  }

  /** `edge` refused a connection at `now`: the next of the site takes over for a while. */
  refused(edge: string, now: EpochMs): void {
    this.#avoid ??= new Map()
    this.#avoid.set(edge, (now as number) + returnAfterMs)
  }
}

/**
 * The route of a player with these fractions in [0, 1): sites take equal parts of the unit interval. The same player has
 * the same route for the same targets. Throws RangeError where there is no edge.
 */
export function routeOf(
  sites: readonly SiteTargets[],
  { siteFraction, edgeFraction }: { readonly siteFraction: number; readonly edgeFraction: number },
): Route {
  const site = sites[placeOf(siteFraction, sites.length)]
  if (site === undefined || site.edges.length === 0) throw new RangeError('a fleet needs a site with an edge to ask')
  const edges = site.edges.slice(0, limits.siteEdges)
  // By the edge's place in its site, not by its URL: ports differ from run to run, and what a player does must not.
  const weights = edges.map((edge, place) => ({ edge, weight: hash32(`${place}/${edgeFraction}`) }))
  return new Route(weights.sort((a, b) => b.weight - a.weight).map(({ edge }) => edge))
}
