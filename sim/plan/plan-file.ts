import { z } from 'zod'
import { nameSchema } from '../../live/event.ts'
import { fleetSchema, scenarioSchema } from '../../scenarios/schema.ts'

// A plan as data: a storm as large as the real one, over a topology by numbers or in a file of its own. A scenario of
// `scenarios/` can be planned with as well; a plan can be run only here, because nobody has 18,000 edges on a laptop.

const ms = z.number().nonnegative()
const share = z.number().min(0).max(1)
const at = { atMs: ms }

const planFaultSchema = z.discriminatedUnion('do', [
  /** One edge at a share of all sites goes down, and comes back with nothing stored. */
  z.strictObject({ ...at, do: z.literal('restart-edges'), siteShare: share, downMs: ms }),
  z.strictObject({ ...at, do: z.literal('flush-edges'), siteShare: share }),
  /** A region's origin and pipeline are gone; after `wayOverMs` its sites ask the other region's origin. */
  z.strictObject({ ...at, do: z.literal('lose-region'), region: nameSchema, forMs: ms, wayOverMs: ms }),
  z.strictObject({ ...at, do: z.literal('stall-encoder'), forMs: ms, pipeline: nameSchema.optional() }),
  z.strictObject({ ...at, do: z.literal('lose-pipeline'), pipeline: nameSchema, forMs: ms.optional() }),
  z.strictObject({ ...at, do: z.literal('publish-delay'), pipeline: nameSchema, ms, forMs: ms }),
  z.strictObject({ ...at, do: z.literal('raise-version') }),
  z.strictObject({ ...at, do: z.literal('shed'), on: z.boolean() }),
  z.strictObject({ ...at, do: z.literal('origin-slow'), ms, forMs: ms }),
  z.strictObject({ ...at, do: z.literal('origin-down'), forMs: ms }),
])

export const planSchema = z.strictObject({
  /** Tells a plan from a scenario. */
  plan: nameSchema,
  /** What the plan shows, in a sentence. */
  shows: z.string().min(10),
  seed: z.number().int().default(1),
  durationMs: z.number().min(2_000).max(86_400_000),
  policy: z.string().default('oca'),
  event: scenarioSchema.shape.event,
  viewers: z.number().int().min(1).max(1_000_000_000),
  edges: z.number().int().min(1).max(1_000_000),
  /** Absent: a site for every three edges. */
  sites: z.number().int().min(1).optional(),
  regions: z.array(nameSchema).min(1).max(8),
  /** Shares of the video rungs, by name; absent: players choose by the fleet's bandwidth. */
  ladder: z.record(nameSchema, share).optional(),
  fleet: fleetSchema.omit({ players: true, workers: true, connections: true }),
  faults: z.array(planFaultSchema).max(100).default([]),
  publishJitter: scenarioSchema.shape.pipelines.unwrap().shape.publishJitter,
})
export type PlanFile = z.infer<typeof planSchema>
