import { z } from 'zod'
import { limits } from './limits.ts'

// The live event configuration (`event.json`): what edge, origin, packager and player must agree on to compute the same
// windows. It changes only together with its version.

/** A name in an address: no dots, slashes or percent signs can hide in it. */
export const nameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'a name of a-z, 0-9 and -, at most 64 characters')

export const renditionSchema = z.strictObject({
  name: nameSchema,
  kind: z.enum(['video', 'audio']),
  bitsPerSecond: z.number().int().positive().max(limits.renditionBitsPerSecond),
  codecs: z.string().max(64),
  width: z.number().int().positive().optional(),
  height: z.number().int().positive().optional(),
  frameRate: z.number().positive().optional(),
  sampleRate: z.number().int().positive().optional(),
  /** Ticks a second of the media's timeline. */
  timescale: z.number().int().positive(),
})

/** Segments that count as expired at the edge (fact file live-origin.md, "Invalidation and masks"). */
const invalidationSchema = z.strictObject({
  /** Position in the event's ordered list; a copy whose fill began at an earlier sequence is expired. */
  sequence: z.number().int().positive(),
  from: z.number().int().nonnegative(),
  to: z.number().int().nonnegative(),
  /** Only segments that this pipeline made. */
  pipeline: nameSchema.optional(),
  /** Only segments that were fetched from this region. */
  region: nameSchema.optional(),
})

export const liveEventSchema = z.strictObject({
  event: nameSchema,
  /** Part of every cache key: raising it drops the whole event from every edge. */
  version: z.number().int().positive(),
  /** Raised when an origin starts anew with its memory gone: orders notifications across restarts. */
  originEpoch: z.number().int().nonnegative(),
  /** The instant at which the capture of segment `firstNumber` begins (availability start time), epoch ms. */
  startMs: z.number(),
  /** The instant at which the event ends, epoch ms; no segment is captured after it. Absent: no end is known. */
  endMs: z.number().optional(),
  segmentMs: z.number().int().min(200).max(60_000),
  firstNumber: z.number().int().nonnegative(),
  /** From the capture of a segment's last frame to its expected publication. */
  publishDelayMs: z.number().nonnegative().max(60_000),
  /** How long before its expected publication a segment may be asked for and is held. */
  holdAheadMs: z.number().nonnegative().max(60_000),
  /** The longest that the origin holds a request. */
  longestHoldMs: z.number().positive().max(30_000),
  /** How long a defective first candidate waits for the other pipeline. */
  candidateWaitMs: z.number().nonnegative().max(30_000),
  /** How long after its expected publication a segment may still be published; then its number is gone. */
  retryDeadlineMs: z.number().positive(),
  /** How long a published segment can be asked for, from its expected publication. */
  dvrWindowMs: z.number().positive(),
  /** A segment published longer ago than this is DVR: shed first. Well behind any player's normal delay. */
  dvrAfterMs: z.number().positive(),
  /** What an edge allows for clocks that differ before it refuses a number as too early. */
  clockSlackMs: z.number().nonnegative(),
  suggestedDelayMs: z.number().positive(),
  renditions: z.array(renditionSchema).min(1).max(limits.renditions),
  /** The pipelines' names in the order in which their candidates are looked at. */
  pipelines: z.array(nameSchema).min(1).max(limits.pipelines),
  body: z.enum(['cmaf', 'synthetic']),
  invalidations: z.array(invalidationSchema).max(limits.invalidations),
})

export type Rendition = z.infer<typeof renditionSchema>
export type Invalidation = z.infer<typeof invalidationSchema>
/** A live event's configuration; instants are epoch ms, durations ms. */
export type LiveEvent = z.infer<typeof liveEventSchema>

/** Values for everything that an author of an event seldom wants to choose. */
export const eventDefaults = {
  version: 1,
  originEpoch: 1,
  segmentMs: 2_000,
  firstNumber: 1,
  publishDelayMs: 1_000,
  holdAheadMs: 2_000,
  longestHoldMs: 3_000,
  candidateWaitMs: 500,
  retryDeadlineMs: 10_000,
  dvrWindowMs: 300_000,
  dvrAfterMs: 60_000,
  clockSlackMs: 2_000,
  suggestedDelayMs: 6_000,
  pipelines: ['a', 'b'],
  body: 'synthetic',
  invalidations: [],
} satisfies Partial<LiveEvent>

/** Reads an `event.json`. Throws a ZodError that names the field that is wrong. */
export const parseLiveEvent = (json: unknown): LiveEvent => liveEventSchema.parse(json)

/** The sequence of the newest invalidation rule, 0 when there is none. */
export const invalidationSequence = (event: LiveEvent): number => event.invalidations.at(-1)?.sequence ?? 0
