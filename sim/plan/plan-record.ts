import { z } from 'zod'

// What a plan leaves behind. Plain numbers by stable names; the table, the CSV and the picture read nothing else.

const bandShape = {
  low: z.number(),
  high: z.number(),
  /** `burst`: the peak of a second at a fault, whose band covers where in its second the fault falls (bursts.ts). */
  band: z.enum(['usual', 'burst']),
}

const figureSchema = z.strictObject({
  name: z.string(),
  tier: z.enum(['edge', 'site fill', 'origin', 'store', 'backbone']),
  /** Absent: of all regions. */
  region: z.string().optional(),
  what: z.string(),
  unit: z.enum(['1/s', 'bit/s', '1', 'bytes', 'cores']),
  peak: z.number(),
  /** Second of the storm. */
  peakAtSecond: z.number(),
  ...bandShape,
  mean: z.number(),
  capacity: z.number().optional(),
  /** Peak over capacity. */
  use: z.number().optional(),
  /** With how many viewers the capacity is met; null: with none, it does not depend on them. */
  viewersAtCapacity: z.number().nullable().optional(),
  leftOut: z.string(),
})
export type PlanFigure = z.infer<typeof figureSchema>

const stormSchema = z.strictObject({
  what: z.string(),
  fromSecond: z.number(),
  toSecond: z.number(),
  measures: z.array(
    z.strictObject({
      name: z.string(),
      unit: z.enum(['1/s', 'bit/s', '1']),
      /** Mean of the half minute before. */
      before: z.number(),
      peak: z.number(),
      peakAtSecond: z.number(),
      ...bandShape,
      /** What came beyond the level before, over the whole window. */
      beyond: z.number(),
    }),
  ),
})
export type PlanStorm = z.infer<typeof stormSchema>

const needSchema = z.strictObject({
  region: z.string(),
  /** Nodes that hold the peak, with one to spare. */
  originNodes: z.number().int(),
  /** What decides the number. */
  because: z.string(),
  becauseAtSecond: z.number(),
  memcachedGib: z.number(),
  backboneBitsPerSecond: z.number(),
})

const curveSchema = z.strictObject({
  second: z.array(z.number()),
  series: z.record(z.string(), z.array(z.number())),
})

export const planRecordSchema = z.strictObject({
  schema: z.literal('tidegate-plan/1'),
  /** Ended before its time: figures are of what was done by then. */
  partial: z.boolean(),
  plan: z.strictObject({ name: z.string(), shows: z.string(), seed: z.number().int(), policy: z.string() }),
  input: z.strictObject({
    viewers: z.number(),
    edges: z.number().int(),
    sites: z.number().int(),
    classes: z.number().int(),
    regions: z.array(z.string()),
    renditions: z.number().int(),
    durationMs: z.number(),
    /** Shard `index` of `of` (1-based) of the edges. */
    shard: z.strictObject({ index: z.number().int(), of: z.number().int() }).optional(),
  }),
  error: z.strictObject({
    source: z.string(),
    count: z.number(),
    bytes: z.number(),
    peak: z.number(),
    held: z.number(),
  }),
  /** What a request costs an origin, by name: ms of one core, for each request or MiB, or a share. */
  costs: z.record(
    z.string(),
    z.strictObject({
      value: z.number(),
      from: z.enum(['given', 'calibrated', 'assumed']),
      source: z.string(),
    }),
  ),
  totals: z.record(z.string(), z.number()),
  figures: z.array(figureSchema),
  storms: z.array(stormSchema),
  needs: z.array(needSchema),
  /** What is full first, and with how many viewers; absent where nothing depends on them. */
  saturates: z.strictObject({ figure: z.string(), what: z.string(), viewers: z.number() }).optional(),
  /** Second by second, as it was counted; what shards are merged by. */
  curve: curveSchema,
  whatIf: z.array(z.record(z.string(), z.union([z.string(), z.number()]))).optional(),
})
export type PlanRecord = z.infer<typeof planRecordSchema>
