import type { Ms } from '../../live/units.ts'
import { MemoryStore } from './memory.ts'
import { type SegmentStore, type StoreObserver, unobserved } from './segment-store.ts'
import type { StoreConfig } from './store-config.ts'

// From a store's configuration to the store. Clients of databases are loaded only where they are used.

export interface OpenOptions {
  readonly observer?: StoreObserver
  /** How long a write or a read may take with all of its retries: the event's segment duration. */
  readonly budgetMs: Ms
  /** How long what is put must be kept: the event's DVR window and what comes before it is forgotten. */
  readonly keepMs: Ms
}

/**
 * Opens the store that `config` names, with its tier of memcached servers in front where it has one; resolves when it can
 * be read and written. Throws StoreError: `unavailable` when it cannot be reached, `schema` when another version wrote
 * it. memcached need not be there: it costs speed only.
 */
export async function openStore(config: StoreConfig, options: OpenOptions): Promise<SegmentStore> {
  const store = await openDurable(config, options)
  if (!config.memcached) return store
  const { MemcachedTier } = await import('./memcached/memcached-tier.ts')
  const { observer, keepMs } = options
  return new MemcachedTier(store, { ...config.memcached, observer, keepMs })
}

async function openDurable(config: StoreConfig, options: OpenOptions): Promise<SegmentStore> {
  const { observer = unobserved } = options
  switch (config.is) {
    case 'memory':
      return new MemoryStore(undefined, observer)
    case 'cassandra':
      return (await import('./cassandra/open-cassandra.ts')).openCassandra(config, options)
    case 'lsm': {
      const { LsmStore } = await import('./lsm/lsm-store.ts')
      return LsmStore.open({ ...options, observer, folder: config.folder })
    }
    case 's3':
      return (await import('./s3/open-s3.ts')).openS3(config, options)
  }
}
