import { z } from 'zod'
import { nameSchema } from '../live/event.ts'

// What a scenario can do in mid-run. `atMs` counts from the storm's start. What an action breaks is whole again after
// its time, and at the end of the storm at the latest.

const ms = z.number().nonnegative()
const at = { atMs: ms }

/** Pipelines, edges, the event, the fleet. */
const liveActions = [
  z.strictObject({ ...at, do: z.literal('stall-encoder'), forMs: ms, pipeline: nameSchema.optional() }),
  z.strictObject({
    ...at,
    do: z.literal('defects'),
    pipeline: nameSchema,
    kind: z.enum(['short', 'missing', 'discontinuity']),
    ms,
    forMs: ms,
  }),
  z.strictObject({ ...at, do: z.literal('lose-pipeline'), pipeline: nameSchema, forMs: ms.optional() }),
  z.strictObject({ ...at, do: z.literal('publish-delay'), pipeline: nameSchema, ms, forMs: ms }),
  /** Packagers die in mid-PUT and try again. */
  z.strictObject({ ...at, do: z.literal('tear-puts'), pipeline: nameSchema.optional(), forMs: ms }),
  z.strictObject({ ...at, do: z.literal('restart-edge'), edge: nameSchema, downMs: ms }),
  z.strictObject({
    ...at,
    do: z.literal('kill-edge'),
    edge: z.union([nameSchema, z.literal('designated')]),
    downMs: ms.optional(),
  }),
  z.strictObject({ ...at, do: z.literal('raise-version') }),
  z.strictObject({ ...at, do: z.literal('flush-edge'), edge: nameSchema.optional() }),
  z.strictObject({ ...at, do: z.literal('mask'), pipeline: nameSchema, lastSegments: z.number().int().positive() }),
  z.strictObject({
    ...at,
    do: z.literal('invalidate'),
    lastSegments: z.number().int().positive(),
    pipeline: nameSchema.optional(),
    region: nameSchema.optional(),
  }),
  z.strictObject({ ...at, do: z.literal('notify'), type: z.string(), text: z.string().optional() }),
  z.strictObject({ ...at, do: z.literal('shed'), on: z.boolean() }),
  z.strictObject({ ...at, do: z.literal('fleet-size'), players: z.number().int().min(0) }),
] as const

/** Origins, regions, and where segments are kept. A `region` that is not named: the first one, for what is killed. */
const storageActions = [
  z.strictObject({ ...at, do: z.literal('origin-slow'), ms, forMs: ms }),
  z.strictObject({ ...at, do: z.literal('origin-down'), forMs: ms }),
  /** SIGKILL to every origin process of a region, which come back at the same addresses. */
  z.strictObject({ ...at, do: z.literal('kill-origin'), region: nameSchema.optional(), downMs: ms }),
  /** SIGKILL to a region's origins and its data centre; without `forMs` it stays lost. */
  z.strictObject({ ...at, do: z.literal('lose-region'), region: nameSchema, forMs: ms.optional() }),
  /** SIGKILL to a Cassandra node, by its number in its region: the first, where none is named. */
  z.strictObject({
    ...at,
    do: z.literal('kill-node'),
    region: nameSchema.optional(),
    node: z.number().int().min(1).optional(),
    downMs: ms.optional(),
  }),
  /** SIGKILL to a memcached server of every region, by its number; to all of them, where none is named. */
  z.strictObject({
    ...at,
    do: z.literal('kill-cache'),
    server: z.number().int().min(1).optional(),
    downMs: ms.optional(),
  }),
  /** Every operation of the stores takes so much longer; of every region's, where none is named. */
  z.strictObject({ ...at, do: z.literal('store-slow'), ms, forMs: ms, region: nameSchema.optional() }),
  /** No operation of any store succeeds. */
  z.strictObject({ ...at, do: z.literal('store-fails'), forMs: ms }),
] as const

export const actionSchema = z.discriminatedUnion('do', [...liveActions, ...storageActions])
export type Action = z.infer<typeof actionSchema>
