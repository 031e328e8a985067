import { z } from 'zod'
import { limits } from '../../live/limits.ts'

// Which store an origin keeps its segments in, as data: the same words in an origin's configuration, a scenario's and
// the command line's. Secrets are not configuration: they come by the environment (docs/storage.md).

const hostAndPort = z
  .string()
  .regex(/^[^\s:/]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i, 'a host and a port, such as 127.0.0.1:11211')

/** A tier of memcached servers in front of a store. */
const memcachedSchema = z.strictObject({
  servers: z.array(hostAndPort).min(1).max(limits.memcachedServers),
})

const tier = { memcached: memcachedSchema.optional() }

export const storeConfigSchema = z.discriminatedUnion('is', [
  /** As long as the process lives, and in it alone. */
  z.strictObject({ is: z.literal('memory'), ...tier }),
  /** An LSM tree in `folder`, for one process. */
  z.strictObject({ is: z.literal('lsm'), folder: z.string().min(1), ...tier }),
  z.strictObject({
    is: z.literal('cassandra'),
    contactPoints: z.array(hostAndPort).min(1).max(64),
    /** Reads and writes stay in it (LOCAL_QUORUM). */
    localDataCentre: z.string().min(1),
    keyspace: z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'a keyspace of a-z, 0-9 and _, at most 48 characters'),
    /** Copies in each data centre, where the keyspace is to be made; absent: it must be there. */
    replication: z.record(z.string(), z.number().int().min(1).max(9)).optional(),
    ...tier,
  }),
  z.strictObject({
    is: z.literal('s3'),
    endpoint: z.url({ protocol: /^https?$/ }),
    bucket: z.string().min(3).max(63),
    region: z.string().min(1).default('us-east-1'),
    ...tier,
  }),
])
/** A store with every default filled in. */
export type StoreConfig = z.infer<typeof storeConfigSchema>
export type StoreKind = StoreConfig['is']

/** Stores that several processes can open at once: what split roles and several origins of a region need. */
export const sharedStores: ReadonlySet<StoreKind> = new Set(['cassandra', 's3'])
