import type { FetchId, FetchPlan } from '../verdict.ts'
import type { Circumstances, Flight } from './account.ts'
import { must } from './must.ts'

// What an edge may send upstream, held against every request that its core sends: one for a key at a time, one retry, no
// dead region while another lives.

export class SendingRules {
  readonly #regions: readonly string[]
  readonly #world: Circumstances
  readonly #flights: ReadonlyMap<FetchId, Flight>
  readonly #retried = new Set<string>()
  /** Objects that another method has changed. */
  readonly #changed = new Set<string>()
  /** Regions whose heartbeat is missing, and where the last request for a key went. */
  readonly #deadOrigins = new Set<string>()
  readonly #askedRegion = new Map<string, string>()

  constructor(regions: readonly string[], world: Circumstances, flights: ReadonlyMap<FetchId, Flight>) {
    this.#regions = regions
    this.#world = world
    this.#flights = flights
  }

  originAlive(region: string, alive: boolean): void {
    if (alive) this.#deadOrigins.delete(region)
    else this.#deadOrigins.add(region)
  }

  /** Another method has changed the object at `key`. */
  changed(key: string): void {
    this.#changed.add(key)
  }

  check(key: string, plan: FetchPlan): void {
    const isRetry = plan.reason === 'fill-restart' || plan.reason === 'fill-resume'
    this.#checkRegion(key, plan, isRetry)
    if (!this.#world.collapses) return
    if (plan.method !== 'GET') {
      must(!isRetry, 'what may have been carried out is sent again', plan)
      return
    }
    // An outdated fill goes on, and is mended, for those who wait for it, beside the one that has taken its place.
    if (this.#changed.has(key)) return
    const others = [...this.#flights.values()].filter(flight => flight.key === key)
    must(others.length === 0, 'two requests in flight for one key', key, plan)
    if (isRetry) must(!this.#retried.has(key), 'a second retry', key, plan)
    if (isRetry) this.#retried.add(key)
    else if (plan.reason !== 'fill-next-sibling') this.#retried.delete(key)
  }

  /** Nobody asks a dead region while another lives, and what has failed in one is tried in the other. */
  #checkRegion(key: string, { upstream }: FetchPlan, isRetry: boolean): void {
    if (upstream.is !== 'origin' || this.#regions.length < 2) {
      this.#askedRegion.delete(key)
      return
    }
    const { region } = upstream
    must(region !== undefined && this.#regions.includes(region), 'asks no region', upstream)
    const living = this.#regions.filter(one => !this.#deadOrigins.has(one))
    must(living.length === 0 || living.includes(region as string), 'asks a dead region', upstream, living)
    const before = this.#askedRegion.get(key)
    const mayStay = !isRetry || before === undefined || !this.#world.collapses || this.#changed.has(key)
    must(mayStay || region !== before || living.length === 1, 'a retry in the same region', key, region)
    this.#askedRegion.set(key, region as string)
  }
}
