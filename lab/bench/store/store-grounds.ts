import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreConfig } from '../../../origin/store/store-config.ts'
import { startCassandra } from '../../../services/cassandra/cassandra.ts'
import { startMemcached } from '../../../services/memcached.ts'
import { startS3 } from '../../../services/s3.ts'
import { AbsentError, type Service } from '../../../services/service.ts'

// The real stores that are measured, started one by one: a database at rest takes nothing from another one's turn, but
// on two cores three of them would.

export const storeNames = ['memory', 'lsm', 's3', 'cassandra'] as const
export type StoreName = (typeof storeNames)[number]

export interface StoreGround {
  readonly name: StoreName
  /** Several processes can open it: publishes and reads are told to different ones. */
  readonly isShared: boolean
  /** For the processes that open it. */
  readonly environment: Readonly<Record<string, string>>
  /** Processes whose CPU a read costs beside the reader's own. */
  readonly servers: Readonly<Record<'store' | 'memcached', readonly number[]>>
  config(withMemcached: boolean): StoreConfig
  stop(): Promise<void>
}

/** Starts what `name` needs, and memcached. Throws AbsentError. */
async function startGround(name: StoreName, folder: string, tell: (line: string) => void): Promise<StoreGround> {
  const started: Service[] = []
  const stop = async () => {
    await Promise.all(started.map(service => service.stop()))
  }
  try {
    const memcached = await startMemcached({ folder: join(folder, 'memcached'), memoryMib: 512, tell })
    started.push(memcached)
    const { config, environment = {}, pids = [], service } = await startStore(name, join(folder, name), tell)
    if (service) started.push(service)
    return {
      name,
      isShared: name === 's3' || name === 'cassandra',
      environment,
      servers: { store: pids, memcached: [memcached.pid] },
      config: withMemcached => (withMemcached ? { ...config, memcached: { servers: [memcached.address] } } : config),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Started {
  readonly config: StoreConfig
  readonly environment?: Readonly<Record<string, string>>
  /** Of a store that has processes of its own. */
  readonly pids?: readonly number[]
  readonly service?: Service
}

async function startStore(name: StoreName, folder: string, tell: (line: string) => void): Promise<Started> {
  switch (name) {
    case 'memory':
      return { config: { is: 'memory' } }
    case 'lsm':
      await mkdir(folder, { recursive: true })
      return { config: { is: 'lsm', folder: join(folder, 'tree') } }
    case 's3': {
      const service = await startS3({ folder, tell })
      const { endpoint, bucket, region, environment, pid } = service
      return { config: { is: 's3', endpoint, bucket, region }, environment, pids: [pid], service }
    }
    case 'cassandra': {
      const service = await startCassandra({ folder, tell, dataCentres: { eu: 1 } })
      const contactPoints = [...service.contactPoints('eu')]
      const keyspace = { keyspace: 'tidegate_bench', replication: { eu: 1 } }
      const pids = service.nodes.flatMap(({ pid }) => pid ?? [])
      return { config: { is: 'cassandra', contactPoints, localDataCentre: 'eu', ...keyspace }, pids, service }
    }
  }
}

/** Starts those of `names` that this machine has; says of each other what is missing. */
export async function eachGround(
  names: readonly StoreName[],
  folder: string,
  tell: (line: string) => void,
  use: (ground: StoreGround) => Promise<void>,
): Promise<readonly StoreName[]> {
  const absent: StoreName[] = []
  for (const name of names) {
    let ground: StoreGround
    try {
      ground = await startGround(name, join(folder, name), tell)
    } catch (error) {
      if (!(error instanceof AbsentError)) throw error
      tell(`NOT MEASURED: ${name}: ${error.message}`)
      absent.push(name)
      continue
    }
    try {
      await use(ground)
    } finally {
      await ground.stop()
    }
  }
  return absent
}
