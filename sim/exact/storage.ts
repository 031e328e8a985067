import type { EpochMs } from '../../live/units.ts'
import type { OperatorState } from '../../origin/core/operator-state.ts'
import type { Candidate } from '../../origin/core/verdict.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { nodesOf } from '../../scenarios/store-schema.ts'
import type { Ground } from './ground.ts'
import { KeptBodies, type Target } from './kept-bodies.ts'

// The storage of a world by region: what each holds, what brings it from one to the others, and the cache servers in
// front. What lab/storage/variant-storage.ts starts as real software.

/** One memcached server. It loses all that it held when it dies. */
export class SimCacheServer {
  readonly name: string
  alive = true
  /** Raised when it dies: what was asked of an earlier life is not answered. */
  life = 0
  readonly #items = new Set<string>()

  constructor(name: string) {
    this.name = name
  }

  has(body: string, chunk: number): boolean {
    return this.#items.has(`${body}#${chunk}`)
  }

  keep(body: string, chunks: readonly number[]): void {
    for (const chunk of chunks) this.#items.add(`${body}#${chunk}`)
  }

  drop(body: string, chunks: number): void {
    for (let chunk = 0; chunk < chunks; chunk++) this.#items.delete(`${body}#${chunk}`)
  }

  kill(): void {
    this.alive = false
    this.life++
    this.#items.clear()
  }
}

export class SimStorage {
  readonly #ground: Ground
  readonly #scenario: Scenario
  readonly #kept = new Map<string, KeptBodies>()
  readonly #caches = new Map<string, readonly SimCacheServer[]>()

  constructor(ground: Ground, scenario: Scenario) {
    const { store, topology } = scenario
    this.#ground = ground
    this.#scenario = scenario
    const bucket = new KeptBodies(1)
    for (const region of topology.regions) {
      this.#kept.set(region, store.is === 's3' ? bucket : new KeptBodies(nodesOf(store, region) || 1))
      const servers = Array.from({ length: store.memcached?.servers ?? 0 }, (_, i) => `${region}-cache${i + 1}`)
      this.#caches.set(
        region,
        servers.map(name => new SimCacheServer(name)),
      )
    }
  }

  of(region: string): KeptBodies {
    return this.#kept.get(region) as KeptBodies
  }

  cachesOf(region: string): readonly SimCacheServer[] {
    return this.#caches.get(region) ?? []
  }

  /** Keeps `candidate` where it was put; a cluster brings it to its other regions. False: another body stands there. */
  put(candidate: Candidate, region: string, now: EpochMs): boolean {
    if (!this.of(region).put(candidate)) return false
    this.#replicate(region, now, kept => kept.put(candidate))
    return true
  }

  remove(target: Target, region: string): void {
    this.of(region).remove(target)
  }

  saveState(state: OperatorState, region: string, now: EpochMs): void {
    this.of(region).state = state
    this.#replicate(region, now, kept => {
      kept.state = state
    })
  }

  /** An origin of `region` has died, and with it what only its memory held. */
  originDied(region: string): void {
    if (this.#scenario.store.is === 'memory') this.of(region).clear()
  }

  /** A region's data centre goes, where it has one. */
  loseDataCentre(region: string): void {
    if (this.#scenario.store.is === 'cassandra') this.of(region).killAll()
  }

  /** It is back, and hears from the others what it has missed. */
  restoreDataCentre(region: string): void {
    const back = this.of(region)
    back.reviveAll()
    if (this.#scenario.store.is !== 'cassandra') return
    for (const other of this.#kept.values()) for (const candidate of other.list()) back.put(candidate)
  }

  killNode(region: string, node: number): string {
    this.of(region).killNode(node)
    return `${region}${node}`
  }

  reviveNode(region: string, node: number): void {
    this.of(region).reviveNode(node)
  }

  /** The cache server of this number in every region, or all of them. */
  killCaches(server: number | undefined): void {
    for (const cache of this.#cachesOf(server)) cache.kill()
  }

  reviveCaches(server: number | undefined): void {
    for (const cache of this.#cachesOf(server)) cache.alive = true
  }

  /** What actions have broken is whole again. */
  makeWhole(): void {
    for (const region of this.#kept.keys()) this.restoreDataCentre(region)
    this.reviveCaches(undefined)
  }

  #cachesOf(server: number | undefined): SimCacheServer[] {
    return [...this.#caches.values()].flatMap(all => (server === undefined ? all : all.slice(server - 1, server)))
  }

  /** Other regions hear of a write one way later; one that is lost hears of it when it is back. */
  #replicate(from: string, now: EpochMs, write: (kept: KeptBodies) => void): void {
    if (this.#scenario.store.is !== 'cassandra') return
    const { agenda, ways } = this.#ground
    for (const [region, kept] of this.#kept) {
      if (region === from) continue
      agenda.at((now as number) + (ways.originOrigin.oneWayMs() as number), () => {
        if (kept.answers) write(kept)
      })
    }
  }
}
