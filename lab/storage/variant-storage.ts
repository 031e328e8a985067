import { join } from 'node:path'
import type { StoreConfig } from '../../origin/store/store-config.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { nodeNames, nodesOf } from '../../scenarios/store-schema.ts'
import { type MemcachedService, startMemcached } from '../../services/memcached.ts'
import { type S3Service, startS3 } from '../../services/s3.ts'
import { HarnessError } from '../harness-error.ts'
import { asHarness, type RunStorage } from './run-storage.ts'

// The storage of one variant: what its origins are told of it, what can be broken of it, and how it is made whole again.
// Memcached and S3 start within a second, so each variant has its own and begins with nothing stored.

export interface VariantStorageOptions {
  readonly scenario: Scenario
  /** The variant's: embedded stores, and what services keep, lie in it. */
  readonly folder: string
  /** The contender's, for a keyspace of its own. */
  readonly variant: string
  readonly run: RunStorage
}

export class VariantStorage {
  readonly #options: VariantStorageOptions
  /** By region. */
  readonly #caches = new Map<string, MemcachedService[]>()
  readonly #deadCaches = new Set<MemcachedService>()
  #s3: S3Service | undefined
  /** Nodes that are on their way back: a second asker waits for the same. */
  readonly #returning = new Map<string, Promise<void>>()

  constructor(options: VariantStorageOptions) {
    this.#options = options
  }

  /** Starts what this variant has for itself. Throws HarnessError with the words to install what is missing. */
  async start(tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    const { folder, scenario } = this.#options
    const { store, topology } = scenario
    if (store.is === 's3') {
      tell('starting an S3 server')
      this.#s3 = await asHarness(startS3({ folder: join(folder, 's3'), tell, signal }))
    }
    if (!store.memcached) return
    tell('starting memcached')
    for (const region of topology.regions) {
      const servers: MemcachedService[] = []
      this.#caches.set(region, servers)
      for (let i = 0; i < store.memcached.servers; i++) {
        servers.push(await asHarness(startMemcached({ folder: join(folder, 'memcached', region), signal })))
      }
    }
  }

  /** The store as the configuration of an origin in `region` names it. */
  configFor(region: string): StoreConfig {
    const servers = this.#caches.get(region)?.map(({ address }) => address)
    const tier = servers ? { memcached: { servers } } : {}
    const { folder, scenario, variant, run } = this.#options
    const { store, topology } = scenario
    switch (store.is) {
      case 'memory':
        return { is: 'memory', ...tier }
      case 'lsm':
        return { is: 'lsm', folder: join(folder, 'store', region), ...tier }
      case 's3': {
        const { endpoint, bucket, region: place } = this.#started(this.#s3, 'the S3 server')
        return { is: 's3', endpoint, bucket, region: place, ...tier }
      }
      case 'cassandra':
        return {
          is: 'cassandra',
          contactPoints: [...this.#started(run.cassandra, 'Cassandra').contactPoints(region)],
          localDataCentre: region,
          keyspace: keyspaceOf(variant),
          replication: Object.fromEntries(topology.regions.map(one => [one, nodesOf(store, one)])),
          ...tier,
        }
    }
  }

  /** Secrets, which are no configuration: origins get them by their environment. */
  get environment(): Readonly<Record<string, string>> {
    return this.#s3?.environment ?? {}
  }

  /** SIGKILL to a Cassandra node, by its number in its region. */
  async killNode(region: string, node: number): Promise<string> {
    const name = `${region}${node}`
    await this.#cassandra.kill(name)
    return name
  }

  async reviveNode(region: string, node: number): Promise<void> {
    await this.#return([`${region}${node}`])
  }

  /** SIGKILL to a region's data centre, where it has one. */
  async loseDataCentre(region: string): Promise<void> {
    await this.#options.run.cassandra?.loseDataCentre(region)
  }

  async restoreDataCentre(region: string): Promise<void> {
    await this.#return(nodeNames(this.#options.scenario.store, region))
  }

  /** SIGKILL to cache servers of every region: the one of this number, or all. */
  async killCaches(server: number | undefined): Promise<void> {
    const meant = this.#cachesOf(server)
    for (const cache of meant) this.#deadCaches.add(cache)
    await Promise.all(meant.map(cache => cache.kill()))
  }

  async reviveCaches(server: number | undefined): Promise<void> {
    const dead = this.#cachesOf(server).filter(cache => this.#deadCaches.delete(cache))
    await Promise.all(dead.map(cache => cache.restart()))
  }

  /** Everything that was killed is back. */
  async makeWhole(): Promise<void> {
    await this.reviveCaches(undefined)
    const { scenario } = this.#options
    await this.#return(scenario.topology.regions.flatMap(region => nodeNames(scenario.store, region)))
  }

  /** Ends what belongs to this variant alone. */
  async stop(): Promise<void> {
    await Promise.all([...this.#caches.values()].flat().map(cache => cache.stop()))
    await this.#s3?.stop()
  }

  /** Nodes that do not run are started, all at once; resolves when each of them answers. */
  async #return(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(name => {
        const returning = this.#returning.get(name) ?? this.#cassandra.restart(name)
        this.#returning.set(name, returning)
        return returning.finally(() => this.#returning.delete(name))
      }),
    )
  }

  get #cassandra() {
    return this.#started(this.#options.run.cassandra, 'Cassandra')
  }

  #cachesOf(server: number | undefined): MemcachedService[] {
    const byRegion = [...this.#caches.values()]
    return server === undefined ? byRegion.flat() : byRegion.flatMap(servers => servers[server - 1] ?? [])
  }

  #started<Started>(one: Started | undefined, what: string): Started {
    if (one === undefined) throw new HarnessError(`${what} is not started`)
    return one
  }
}

/** `v_oca_wake_on_fill`: of a-z, 0-9 and _, at most 48 characters. */
const keyspaceOf = (variant: string): string => `v_${variant.toLowerCase().replace(/[^a-z0-9]+/g, '_')}`.slice(0, 48)
