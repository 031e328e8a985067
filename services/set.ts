import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type CassandraService, startCassandra } from './cassandra/cassandra.ts'
import { type MemcachedService, startMemcached } from './memcached.ts'
import { type S3Service, startS3 } from './s3.ts'
import type { Service, ServiceOptions } from './service.ts'

// A set of services as a person or a scenario wants it, and the configurations of the stores that live in it.

export const serviceNames = ['cassandra', 'memcached', 's3'] as const
export type ServiceName = (typeof serviceNames)[number]

export interface SetPlan extends ServiceOptions {
  readonly services: readonly ServiceName[]
  /** Cassandra's nodes by data centre; each data centre is a region, with memcached servers of its own. */
  readonly dataCentres: Readonly<Record<string, number>>
  /** memcached servers of each region. */
  readonly memcachedServers: number
}

export interface ServiceSet extends Service {
  readonly cassandra: CassandraService | undefined
  readonly s3: S3Service | undefined
  /** By region. */
  readonly memcached: Readonly<Record<string, readonly MemcachedService[]>>
  /** Files for `tidegate origin --store FILE`, by what they are. */
  readonly storeFiles: Readonly<Record<string, string>>
  /** What an origin needs in its environment beside them: secrets are no configuration. */
  readonly environment: Readonly<Record<string, string>>
}

/** Copies of everything in a region: what survives the loss of one node, where there are three. */
const mostCopies = 3
const keyspace = 'tidegate'

/** Starts all of `plan`; resolves when each answers. Throws ServiceError, with nothing left running. */
export async function startSet(plan: SetPlan): Promise<ServiceSet> {
  const started: Service[] = []
  const stop = async () => {
    await Promise.all(started.map(service => service.stop()))
  }
  const keep = async <Kind extends Service>(start: Promise<Kind>): Promise<Kind> => {
    const service = await start
    started.push(service)
    return service
  }
  const common = (folder: string): ServiceOptions => ({
    folder: join(plan.folder, folder),
    tell: plan.tell,
    signal: plan.signal,
  })
  const wants = (name: ServiceName) => plan.services.includes(name)
  const regions = Object.keys(plan.dataCentres)
  try {
    const memcached: Record<string, MemcachedService[]> = {}
    for (const region of wants('memcached') ? regions : []) {
      memcached[region] = []
      for (let i = 1; i <= plan.memcachedServers; i++) {
        memcached[region].push(await keep(startMemcached(common(`memcached-${region}${i}`))))
      }
    }
    const s3 = wants('s3') ? await keep(startS3(common('s3'))) : undefined
    const cassandra = wants('cassandra')
      ? await keep(startCassandra({ ...common('cassandra'), dataCentres: plan.dataCentres }))
      : undefined
    const storeFiles = await writeStores(plan, { cassandra, s3, memcached })
    return { cassandra, s3, memcached, storeFiles, environment: s3?.environment ?? {}, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** One file a store and region. */
async function writeStores(
  { folder, dataCentres }: SetPlan,
  { cassandra, s3, memcached }: Pick<ServiceSet, 'cassandra' | 's3' | 'memcached'>,
): Promise<Record<string, string>> {
  const stores: Record<string, object> = {}
  const add = (name: string, region: string, store: object) => {
    stores[`${name}-${region}`] = store
    const servers = memcached[region]?.map(({ address }) => address)
    if (servers) stores[`${name}-${region}-memcached`] = { ...store, memcached: { servers } }
  }
  const copies = Object.entries(dataCentres).map(([name, nodes]) => [name, Math.min(mostCopies, nodes)])
  for (const region of Object.keys(dataCentres)) {
    if (cassandra) {
      add('cassandra', region, {
        is: 'cassandra',
        contactPoints: cassandra.contactPoints(region),
        localDataCentre: region,
        keyspace,
        replication: Object.fromEntries(copies),
      })
    }
    // memcached alone stands before the embedded store.
    if (!cassandra && !s3) add('lsm', region, { is: 'lsm', folder: join(folder, `lsm-${region}`) })
    if (s3) add('s3', region, { is: 's3', endpoint: s3.endpoint, bucket: s3.bucket, region: s3.region })
  }
  const files = Object.entries(stores).map(
    ([name, store]) => [name, join(folder, `${name}.yaml`), stringify(store)] as const,
  )
  await Promise.all(files.map(([, file, text]) => writeFile(file, text)))
  return Object.fromEntries(files.map(([name, file]) => [name, file]))
}
