import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../live/limits.ts'
import { between } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { type OpenOptions, openStore } from '../store/open-store.ts'
import { type SegmentStore, StoreError } from '../store/segment-store.ts'
import type { StoreConfig } from '../store/store-config.ts'
import type { OriginConfig } from './config.ts'

// Opens an origin's store; where the configuration says so, waits for one that does not answer yet.

/** A line about waiting comes this often. */
const progressApartMs = 5_000

/** Resolves when the store can be read and written. Rejects with a StoreError that says what to do. */
export async function openPatiently(
  { store, storeWaitMs }: OriginConfig,
  options: OpenOptions,
  tell: (line: string) => void = line => process.stderr.write(`tidegate: ${line}\n`),
): Promise<SegmentStore> {
  const beganMs = now()
  let toldMs = -Infinity
  for (;;) {
    try {
      return await openStore(store, options)
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== 'unavailable') throw error
      const leftMs = storeWaitMs - (between(beganMs, now()) as number)
      if (leftMs <= 0) throw new StoreError('unavailable', unreachable(store, error, storeWaitMs), { cause: error })
      if (now() - toldMs >= progressApartMs) {
        toldMs = now()
        tell(`waiting for ${nameOf(store)}, ${Math.ceil(leftMs / 1_000)} s more: ${error.message}`)
      }
      await delay(Math.min(limits.storeRetryMs, leftMs))
    }
  }
}

const unreachable = (store: StoreConfig, error: Error, waitedMs: number): string =>
  `${nameOf(store)} cannot be reached${waitedMs > 0 ? ` after ${waitedMs / 1_000} s` : ''}: ${error.message}; ` +
  `start it${waitedMs > 0 ? '' : ', or wait for it with --wait SECONDS'}`

/** The store as a person knows it. */
function nameOf(store: StoreConfig): string {
  switch (store.is) {
    case 'memory':
      return 'the store in memory'
    case 'lsm':
      return `the embedded store in ${store.folder}`
    case 'cassandra':
      return `Cassandra at ${store.contactPoints.join(', ')}`
    case 's3':
      return `the bucket ${store.bucket} at ${store.endpoint}`
  }
}
