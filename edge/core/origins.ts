import { limits } from '../../live/limits.ts'
import { after, type EpochMs } from '../../live/units.ts'
import type { FetchFailure, Upstream } from './verdict.ts'

// Which region's origin is asked. The regions stand in the edge's order of preference, and the first that is trusted
// gets every fill.
//
// | an origin is | from                                                        | until                                     |
// |--------------|-------------------------------------------------------------|-------------------------------------------|
// | trusted      | the start, or `originReturnMs` without a fault              | a heartbeat misses it, or a fault         |
// | on probation | a refused connection, two resets in a row, or it is back    | `originReturnMs` later: hysteresis        |
// | dead         | the heartbeat says so (a held request looks like a dead one) | the heartbeat says that it lives          |
//
// A time-out is no fault: who holds a request is silent, too. An origin on probation is asked before a dead one, and a
// dead one where there is no other: an edge with one origin always asks it. States change with inputs and `wake` only, so
// that a verdict holds as long as nothing comes between.

type OriginUpstream = Extract<Upstream, { is: 'origin' }>

interface Standing {
  readonly region: string
  readonly upstream: OriginUpstream
  alive: boolean
  /** On probation until then. */
  trustedFromMs: EpochMs | undefined
  /** Bodies and heads that broke, one after the other. */
  resets: number
}

/** One broken connection happens to anybody. */
const resetsForProbation = 2

export class Origins {
  readonly #standings: readonly Standing[]
  #first: OriginUpstream

  /** @param regions in the order of preference; none: there is one origin, whose region nobody has named */
  constructor(regions: readonly string[] = []) {
    this.#standings = regions.map(region => ({
      region,
      upstream: { is: 'origin', region },
      alive: true,
      trustedFromMs: undefined,
      resets: 0,
    }))
    this.#first = this.#choose(undefined)
  }

  /** Whom to ask; `failed`: the region that has just failed with the same request, which is asked again only for want of another. */
  choose(failed?: string): OriginUpstream {
    return failed === undefined ? this.#first : this.#choose(failed)
  }

  /** All regions, in the order in which they would be asked now. */
  order(): readonly string[] {
    return [...this.#standings].sort((a, b) => rank(a) - rank(b)).map(({ region }) => region)
  }

  /** Whether `region` is dead while another is not: what waits for it may go there. */
  isOvertaken(region: string): boolean {
    const isDead = this.#standings.some(one => one.region === region && !one.alive)
    return isDead && this.#standings.some(one => one.alive)
  }

  /** What the heartbeat says. Whether that is news. */
  setAlive(region: string, alive: boolean, now: EpochMs): boolean {
    const standing = this.#find(region)
    if (!standing || standing.alive === alive) return false
    standing.alive = alive
    if (alive) this.#putOnProbation(standing, now)
    this.#first = this.#choose(undefined)
    return true
  }

  /** A request to `region` has failed. */
  failed(region: string | undefined, failure: FetchFailure, now: EpochMs): void {
    const standing = this.#find(region)
    if (!standing) return
    if (failure === 'reset') standing.resets++
    if (failure !== 'refused' && (failure !== 'reset' || standing.resets < resetsForProbation)) return
    this.#putOnProbation(standing, now)
    this.#first = this.#choose(undefined)
  }

  /** A whole answer of `region` has come. */
  served(region: string | undefined): void {
    const standing = this.#find(region)
    if (standing) standing.resets = 0
  }

  /** Probations end. Whether one did. */
  wake(now: EpochMs): boolean {
    const over = this.#standings.filter(({ trustedFromMs }) => trustedFromMs !== undefined && trustedFromMs <= now)
    for (const standing of over) {
      standing.trustedFromMs = undefined
      standing.resets = 0
    }
    if (over.length > 0) this.#first = this.#choose(undefined)
    return over.length > 0
  }

  nextWakeMs(): EpochMs | undefined {
    const times = this.#standings.flatMap(({ trustedFromMs }) => trustedFromMs ?? [])
    return times.length === 0 ? undefined : Math.min(...(times as number[]))
  }

  #find(region: string | undefined): Standing | undefined {
    // With one origin there is nothing to choose, and nothing to remember.
    return this.#standings.length < 2 ? undefined : this.#standings.find(one => one.region === region)
  }

  #putOnProbation(standing: Standing, now: EpochMs): void {
    standing.trustedFromMs = after(now, limits.originReturnMs)
  }

  #choose(failed: string | undefined): OriginUpstream {
    const best = this.#standings.reduce<Standing | undefined>(
      (found, one) => (found === undefined || rank(one, failed) < rank(found, failed) ? one : found),
      undefined,
    )
    return best?.upstream ?? anOrigin
  }
}

const anOrigin: OriginUpstream = { is: 'origin' }

/** The lowest is asked: trusted, then on probation, then what has just failed, then dead. */
function rank({ alive, trustedFromMs, region }: Standing, failed?: string): number {
  return (alive ? 0 : 4) + (region === failed ? 2 : 0) + (trustedFromMs === undefined ? 0 : 1)
}
