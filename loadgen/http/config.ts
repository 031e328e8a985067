import { z } from 'zod'
import { liveEventSchema, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { commonConfigShape } from '../../process/configuration.ts'
import { fleetSchema } from '../../scenarios/schema.ts'

// The configuration of one fleet process, and the bodies of its control commands.

/** http for edges in a laboratory, https for those outside of it. */
const edgeUrl = z.url({ protocol: /^https?$/, error: 'a URL such as http://127.0.0.1:4000' })

/** Sites, and the base URLs of each one's edges. */
const sitesSchema = z
  .array(z.strictObject({ site: nameSchema, edges: z.array(edgeUrl).min(1).max(limits.siteEdges) }))
  .min(1)
  .max(64)

/** Shard `index` (from 1) of `of`: it has every `of`-th player. */
const shardSchema = z
  .strictObject({ index: z.number().int().min(1), of: z.number().int().min(1).max(1_000_000) })
  .refine(({ index, of }) => index <= of, 'the index of a shard goes from 1 to the number of shards')

export const fleetConfigSchema = z.strictObject({
  ...commonConfigShape,
  name: commonConfigShape.name.default('fleet'),
  fleet: fleetSchema,
  /** Absent: read from the first target, by `eventName`. */
  event: liveEventSchema.optional(),
  eventName: nameSchema.default('live'),
  sites: sitesSchema,
  /** When the storm begins, epoch ms; absent: as soon as the fleet is ready. */
  startMs: z.number().optional(),
  /** Length of the storm; absent: half a minute, or the length of the replayed log. */
  durationMs: z.number().positive().max(86_400_000).optional(),
  shard: shardSchema.default({ index: 1, of: 1 }),
  workers: z.number().int().min(1).max(64).default(1),
  /** How many requests the fleet may send in all; when they are spent, the storm ends. Absent: without a bound. */
  requestBudget: z.number().int().positive().max(1_000_000_000).optional(),
  /** A recorded request log (NDJSON) that is sent again in place of players. */
  replayLog: z.string().optional(),
  /** An access log (nginx's combined format, or ours as JSON) whose requests are sent again in place of players. */
  fromLog: z.string().optional(),
  /** 2: twice as fast as it was recorded. */
  replaySpeed: z.number().positive().max(1_000).default(1),
  /** Every call into the core of the first so many players is written into the decision log. */
  logPlayers: z.number().int().min(0).max(10_000).default(0),
  /** The process stays after the storm until it is told to end, so that its part can be fetched. */
  lab: z.boolean().default(false),
})
export type FleetConfig = z.infer<typeof fleetConfigSchema>
/** What a caller may leave out has its default. */
export type FleetConfigInput = z.input<typeof fleetConfigSchema>

/** The body of `POST /fleet`: how many players the whole fleet shall have, all shards together. */
export const fleetCommandSchema = z.strictObject({ players: z.number().int().min(0).max(100_000_000) })
/** The body of `POST /targets`. */
export const targetsCommandSchema = z.strictObject({ sites: sitesSchema })
