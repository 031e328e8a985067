import type { RandomStream } from '../../live/random.ts'
import { ageBuckets } from './layout.ts'

// Keys behind the live edge that are not stored: before anybody asked, and after a restart or a flush. They are counted
// by class, rendition and number; how many of them somebody asks for in a period is a binomial draw. Where everything is
// stored, which is nearly always, nothing is drawn.

export interface ColdFills {
  /** Requests to the origin, and to siblings. */
  origin: number
  sibling: number
}

interface Cold {
  readonly edges: number
  readonly sites: number
}

export interface FillingSite {
  readonly edgesPerSite: number
  /** A site asks the origin once, and its other edges ask the one that did. */
  readonly designated: boolean
}

export class ColdKeys {
  readonly #window: number
  readonly #renditions: number
  /** By rendition and place of the number in the window (`number` modulo its size). */
  readonly #edges: Float64Array
  readonly #sites: Float64Array
  readonly #total: Float64Array

  constructor(renditions: number, windowSegments: number) {
    this.#renditions = renditions
    this.#window = Math.max(1, windowSegments)
    this.#edges = new Float64Array(renditions * this.#window)
    this.#sites = new Float64Array(renditions * this.#window)
    this.#total = new Float64Array(renditions)
  }

  /** `edges` and `sites` have not stored this number, or no more. */
  add(rendition: number, number: number, edges: number, sites: number): void {
    const cell = this.#cell(rendition, number)
    this.#total[rendition] = (this.#total[rendition] as number) + edges
    this.#edges[cell] = (this.#edges[cell] as number) + edges
    this.#sites[cell] = (this.#sites[cell] as number) + sites
  }

  /** This number has left the window; its place is another's from now on. */
  forget(number: number): void {
    for (let rendition = 0; rendition < this.#renditions; rendition++) {
      const cell = this.#cell(rendition, number)
      this.#total[rendition] = Math.max(0, (this.#total[rendition] as number) - (this.#edges[cell] as number))
      this.#edges[cell] = 0
      this.#sites[cell] = 0
    }
  }

  /** `edges` and `sites` more have this number no more, out of `all`. */
  empty(rendition: number, number: number, edges: number, sites: number, all: Cold): void {
    const cell = this.#cell(rendition, number)
    const [coldEdges, coldSites] = [this.#edges[cell] as number, this.#sites[cell] as number]
    this.add(rendition, number, Math.min(edges, all.edges - coldEdges), Math.min(sites, all.sites - coldSites))
  }

  /**
   * One period at live edge `newest`: `requests`, from `at` on, are those of one edge for older segments of `rendition`,
   * by bucket of age. What is filled is added to `fills`.
   */
  ask(
    rendition: number,
    newest: number,
    requests: ArrayLike<number>,
    at: number,
    site: FillingSite,
    stream: RandomStream,
    fills: ColdFills,
  ): void {
    if ((this.#total[rendition] as number) <= 0) return
    for (let bucket = 0; bucket < ageBuckets.length; bucket++) {
      const rate = requests[at + bucket] as number
      if (rate <= 0) continue
      const from = ageBuckets[bucket] as number
      const to = Math.min(this.#window, (ageBuckets[bucket + 1] as number | undefined) ?? this.#window)
      for (let age = from; age < to; age++) {
        const number = newest - age
        if (number >= 0) this.#askOne(this.#cell(rendition, number), rendition, rate / (to - from), site, stream, fills)
      }
    }
  }

  #askOne(
    cell: number,
    rendition: number,
    rate: number,
    { edgesPerSite, designated }: FillingSite,
    stream: RandomStream,
    fills: ColdFills,
  ): void {
    const edges = this.#edges[cell] as number
    if (edges <= 0) return
    const asked = Math.min(edges, binomial(stream, edges, 1 - Math.exp(-rate)))
    if (asked <= 0) return
    this.#edges[cell] = edges - asked
    this.#total[rendition] = (this.#total[rendition] as number) - asked
    if (!designated) {
      fills.origin += asked
      return
    }
    const sites = this.#sites[cell] as number
    // Of a cold site with several askers one fills; of a warm one none does.
    const filled = Math.min(asked, sites, binomial(stream, sites, 1 - Math.exp(-rate * edgesPerSite)))
    this.#sites[cell] = sites - filled
    fills.origin += filled
    fills.sibling += Math.max(0, asked - filled)
  }

  #cell(rendition: number, number: number): number {
    return rendition * this.#window + (number % this.#window)
  }
}

/** A binomial draw: by trials while few, by Poisson while rare, else by its normal limit. */
export function binomial(stream: RandomStream, trials: number, chance: number): number {
  const count = Math.round(trials)
  if (count <= 0 || chance <= 0) return 0
  if (chance >= 1) return count
  if (count <= 32) {
    let hits = 0
    for (let trial = 0; trial < count; trial++) if (stream.next() < chance) hits++
    return hits
  }
  const mean = count * chance
  if (mean < 16) return Math.min(count, poisson(stream, mean))
  const drawn = Math.round(stream.normal(mean, Math.sqrt(mean * (1 - chance))))
  return Math.min(count, Math.max(0, drawn))
}

/** A Poisson draw of a small mean (Knuth). */
function poisson(stream: RandomStream, mean: number): number {
  const end = Math.exp(-mean)
  let hits = 0
  for (let product = stream.next(); product > end; product *= stream.next()) hits++
  return hits
}
