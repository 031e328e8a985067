import { z } from 'zod'
import { nameSchema } from '../live/event.ts'
import { limits } from '../live/limits.ts'

// Where the origins of a scenario keep their segments. A scenario says what kind of store and how many of what; the lab
// starts the real software, or a folder, and hands each origin the address of its own.

/** A write-through tier in front of the store: so many servers in each region. */
const memcached = z.strictObject({ servers: z.number().int().min(1).max(limits.memcachedServers) })

/** How many Cassandra nodes the lab starts in one region at most: about 0.9 GB of memory each. */
const mostNodes = 3

export const scenarioStoreSchema = z.discriminatedUnion('is', [
  /** An embedded store on disk for each origin, in the variant's own folder. */
  z.strictObject({ is: z.literal('lsm'), memcached: memcached.optional() }),
  /** As long as an origin's process lives. */
  z.strictObject({ is: z.literal('memory'), memcached: memcached.optional() }),
  /** One cluster over all regions, a data centre in each. */
  z.strictObject({
    is: z.literal('cassandra'),
    memcached: memcached.optional(),
    /** By region; 1 where it is not named. Each node of a region has every segment: replication is their number. */
    nodes: z.record(nameSchema, z.number().int().min(1).max(mostNodes)).default({}),
  }),
  /** One server with one bucket, which all regions share. */
  z.strictObject({ is: z.literal('s3'), memcached: memcached.optional() }),
])
export type ScenarioStore = z.infer<typeof scenarioStoreSchema>

/** Stores that several processes can open at once. Publishing into one region is enough: the store brings it to all. */
export const isSharedStore = ({ is }: ScenarioStore): boolean => is === 'cassandra' || is === 's3'

/** How many nodes a region's data centre has. */
export const nodesOf = (store: ScenarioStore, region: string): number =>
  store.is === 'cassandra' ? (store.nodes[region] ?? 1) : 0

/** `eu1`, `eu2`, …: the nodes of a region's data centre. */
export const nodeNames = (store: ScenarioStore, region: string): string[] =>
  Array.from({ length: nodesOf(store, region) }, (_, i) => `${region}${i + 1}`)
