import { z } from 'zod'
import { liveEventSchema, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { accessLogSchema } from '../../process/access-log.ts'
import { commonConfigShape } from '../../process/configuration.ts'
import { limiterSchema } from '../core/limiter.ts'
import { type StoreConfig, sharedStores, storeConfigSchema } from '../store/store-config.ts'

// The origin process's configuration file.

const port = z.number().int().min(0).max(65_535).default(0)

/**
 * What a process does: `publish` takes what packagers put, `delivery` answers edges and players, `both` does both.
 * A process opens the listeners of its role, and the control listener.
 */
const originRoleSchema = z.enum(['both', 'publish', 'delivery'])
export type OriginRole = z.infer<typeof originRoleSchema>

/** A publish process whose announcements this process follows. */
const followSchema = z.strictObject({
  /** Its region: what is announced from another one may not be in this region's store yet. */
  region: nameSchema,
  /** Its control listener. */
  url: z.url({ protocol: /^https?$/ }),
})
export type Followed = z.infer<typeof followSchema>

export const originConfigSchema = z
  .strictObject({
    ...commonConfigShape,
    /** Where this origin's candidates are fetched from: `Live-Region`. */
    region: nameSchema.default('eu'),
    role: originRoleSchema.default('both'),
    /** Where players and edges ask. */
    deliveryPort: port,
    /** Where packagers put: a listener of its own, so that a storm of reads does not reach it. */
    publishPort: port,
    event: liveEventSchema,
    /** Memory, where nobody names another: what starts a process by hand names a durable one (origin/http/main.ts). */
    store: storeConfigSchema.default({ is: 'memory' }),
    /** Publish processes whose announcements, pushes and operators' commands count here. */
    follow: z.array(followSchema).max(limits.followedOrigins).default([]),
    /** How long to wait at the start for a store that does not answer; 0: not at all. */
    storeWaitMs: z.number().min(0).max(86_400_000).default(0),
    /** When DVR is shed because storage is under stress. */
    limiter: limiterSchema.prefault({}),
    /** Every request of the delivery side that has ended (docs/observability.md). */
    accessLog: accessLogSchema.optional(),
    /** Adds `Server-Timing` to every answer. */
    serverTiming: z.boolean().default(false),
    /**
     * Epoch ms until which numbers that should have been published before the origin began may still be published, so
     * that pipelines which start together with it can fill the DVR window. Absent: there is no backlog.
     */
    backlogUntilMs: z.number().optional(),
  })
  .superRefine(({ role, store, follow }, context) => {
    if (role !== 'both' && !isShared(store)) {
      context.addIssue({
        code: 'custom',
        path: ['role'],
        message:
          `'${role}' needs a store that several processes can open at once, and '${store.is}' serves one process only: ` +
          `name one of ${[...sharedStores].join(', ')}, or take the role 'both'`,
      })
    }
    if (role === 'delivery' && follow.length === 0) {
      context.addIssue({
        code: 'custom',
        path: ['follow'],
        message:
          "the role 'delivery' learns of segments from the publish process that it follows: name its control listener",
      })
    }
  })

/** The configuration with every default filled in. */
export type OriginConfig = z.infer<typeof originConfigSchema>

/** Whether other processes may put into the same store, and read what this one puts. */
export const isShared = ({ is }: StoreConfig): boolean => sharedStores.has(is)

/** Whether a process of `role` takes what packagers put, and what operators command. */
export const publishes = (role: OriginRole): boolean => role !== 'delivery'
/** Whether a process of `role` answers edges and players. */
export const delivers = (role: OriginRole): boolean => role !== 'publish'
