import { z } from 'zod'
import { distributionSchema } from '../live/distribution.ts'
import { eventDefaults, liveEventSchema, nameSchema, renditionSchema } from '../live/event.ts'
import { limits } from '../live/limits.ts'
import { actionSchema } from './action-schema.ts'
import { scenarioStoreSchema } from './store-schema.ts'

export { type Action, actionSchema } from './action-schema.ts'

// A scenario: data, runnable by name in both worlds. What a field leaves out has its default here.

const share = z.number().min(0).max(1)
const ms = z.number().nonnegative()

/** How players come and go; times count from the run's start. */
const arrivalSchema = z.discriminatedUnion('is', [
  /** Poisson arrivals at a steady rate. */
  z.strictObject({ is: z.literal('ramp'), fromMs: ms, toMs: ms, share }),
  /** A push notification: a burst that dies away exponentially. */
  z.strictObject({ is: z.literal('push'), atMs: ms, halfLifeMs: z.number().positive(), share }),
  /** Half-time: a share leaves and comes back. */
  z.strictObject({ is: z.literal('half-time'), fromMs: ms, toMs: ms, share }),
  /** A wave of players that leave for good. */
  z.strictObject({ is: z.literal('leave-wave'), fromMs: ms, toMs: ms, share }),
])

const profileNames = ['hls.js', 'dash.js', 'media3', 'shaka', 'rfc8216'] as const
export type ProfileName = (typeof profileNames)[number]

export const fleetSchema = z.strictObject({
  players: z.number().int().min(0).max(100_000_000),
  /** Shares of the profiles; they are scaled to 1. */
  profiles: z.partialRecord(z.enum(profileNames), share).default({ 'hls.js': 0.4, 'dash.js': 0.4, media3: 0.2 }),
  arrivals: z.array(arrivalSchema).min(1),
  /** Error of a player's clock; stated, because it decides who asks too early. Assumption: ±100 ms with a time server. */
  clockError: distributionSchema.default({ is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 }),
  /** How long a player stays; absent: to the end. */
  session: distributionSchema.optional(),
  /** Share of players that seek back into the DVR window once after joining. */
  dvrShare: share.default(0),
  /** A pooled fleet shares sockets, a per-player fleet has one connection each, as real players have. */
  connections: z.enum(['per-player', 'pooled']).default('pooled'),
  /** Download speed of a player, for ABR; absent: whatever the loopback gives. */
  bandwidthBitsPerSecond: z.number().positive().optional(),
  workers: z.number().int().min(1).max(64).default(1),
  /** Pollers ask for the next segment again and again before it exists: the 404 storm. */
  earlyPollers: z.strictObject({ share, everyMs: z.number().positive(), aheadMs: ms }).optional(),
})

/** A check fails the run when the figure does not hold; a figure that nobody emitted is an error. */
const checkSchema = z.strictObject({
  figure: z.string(),
  policy: z.string(),
  equals: z.number().optional(),
  atMost: z.number().optional(),
  atLeast: z.number().optional(),
})

const siteSchema = z.strictObject({
  name: nameSchema,
  /** Absent: the first of the topology's. */
  region: nameSchema.optional(),
  /** Number of edges; they are called `{site}1`, `{site}2`, … */
  edges: z.number().int().min(1).max(64),
})

export const scenarioSchema = z.strictObject({
  name: nameSchema,
  /** What the scenario shows, in a sentence. */
  shows: z.string().min(10),
  seed: z.number().int().default(1),
  /** Length of the storm of one variant, from the first player's plan to the end. */
  durationMs: z.number().min(2_000).max(86_400_000),
  /** Policies that are run in turn. */
  policies: z.array(z.string()).min(1).default(['none', 'nginx', 'oca']),
  event: z.strictObject({
    ...liveEventSchema.omit({ event: true, startMs: true, endMs: true, originEpoch: true, renditions: true }).partial()
      .shape,
    body: z.enum(['cmaf', 'synthetic']).default(eventDefaults.body),
    /** A ladder for synthetic bodies; real media brings its own. */
    renditions: z.array(renditionSchema.partial({ codecs: true, timescale: true })).optional(),
    /** Segments that are published before the run begins, so that the DVR window is not empty. */
    backlogSegments: z.number().int().min(0).max(5_000).default(10),
  }),
  topology: z.strictObject({
    /** Each has an origin; edges prefer that of their site's region, then those of the others in this order. */
    regions: z.array(nameSchema).min(1).max(limits.regions).default(['eu']),
    /** `split`: publish and delivery are processes of their own, over a store that both can open. */
    roles: z.enum(['both', 'split']).default('both'),
    sites: z.array(siteSchema).min(1).max(64),
  }),
  /** Where origins keep segments. */
  store: scenarioStoreSchema.prefault({ is: 'lsm' }),
  pipelines: z
    .strictObject({
      /** How long after the expected publication a PUT really begins; negative is earlier. */
      publishJitter: distributionSchema.default({ is: 'uniform', lowMs: -50, highMs: 50 }),
    })
    .prefault({}),
  fleet: fleetSchema,
  actions: z.array(actionSchema).max(1_000).default([]),
  checks: z.array(checkSchema).max(200).default([]),
})
/** A scenario with every default filled in. */
export type Scenario = z.infer<typeof scenarioSchema>
