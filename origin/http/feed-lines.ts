import { z } from 'zod'
import { type LiveEvent, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { defectKinds } from '../../live/live-state.ts'
import { operatorStateSchema } from '../core/operator-state.ts'

// The feed by which a publish process tells others what it has done: NDJSON, one of these lines at a time. First a
// snapshot of all that it knows, then `live`, then what happens as it happens.

export const feedSchemaName = 'tidegate-feed/1'

const candidateSchema = z.strictObject({
  pipeline: nameSchema,
  rendition: nameSchema,
  number: z.number().int().min(0).max(limits.segmentNumber).optional(),
  etag: z.string().max(256),
  bodyBytes: z.number().int().min(0).max(limits.segmentBodyBytes),
  defects: z.array(z.strictObject({ kind: z.enum(defectKinds), ms: z.number().min(0) })),
  /** When the store had acknowledged it, by the clock of the process that tells. */
  storedMs: z.number(),
})

export const feedLineSchema = z.discriminatedUnion('say', [
  /** Who tells, and of what: the first line. */
  z.strictObject({
    say: z.literal('hello'),
    feed: z.literal(feedSchemaName),
    name: z.string(),
    region: nameSchema,
    event: nameSchema,
    startMs: z.number(),
    segmentMs: z.number(),
    firstNumber: z.number(),
  }),
  /** A pipeline has put something: it is alive. */
  z.strictObject({ say: z.literal('pushed'), pipeline: nameSchema }),
  /** A candidate is durable and acknowledged. */
  z.strictObject({ say: z.literal('stored'), candidate: candidateSchema }),
  /** What operators have commanded, all of it. */
  z.strictObject({ say: z.literal('state'), state: operatorStateSchema }),
  /** The snapshot is over. */
  z.strictObject({ say: z.literal('live') }),
  /** Nothing has happened, and the feed lives. */
  z.strictObject({ say: z.literal('alive') }),
])
export type FeedLine = z.infer<typeof feedLineSchema>
export type Hello = Extract<FeedLine, { say: 'hello' }>
/** What is told as it happens. */
export type Announcement = Extract<FeedLine, { say: 'pushed' | 'stored' | 'state' }>

/** What must be the same for two origins to mean the same by a number. */
export const templateOf = ({ event, startMs, segmentMs, firstNumber }: LiveEvent) => ({
  event,
  startMs: startMs as number,
  segmentMs,
  firstNumber,
})
