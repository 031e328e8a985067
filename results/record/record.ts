import { z } from 'zod'
import { partSchema } from './part.ts'

// The record: what a run, real or simulated, leaves behind. Gates, tables and pages read nothing else.

export const recordSchemaName = 'tidegate-record/1'

const checkResultSchema = z.strictObject({
  figure: z.string(),
  want: z.string(),
  got: z.number().nullable(),
  outcome: z.enum(['held', 'failed', 'not-emitted']),
})

const variantSchema = z.strictObject({
  name: z.string(),
  policy: z.record(z.string(), z.unknown()),
  /** Flat, stable names; docs/figures.md defines each. Shares are fractions. */
  figures: z.record(z.string(), z.number()),
  checks: z.array(checkResultSchema),
  /** One for each process; those of one role and name (shards, the lives of a restarted edge) are merged into one. */
  parts: z.array(partSchema),
  /** What the lab did in mid-run and when it took effect, epoch ms. */
  actions: z.array(z.strictObject({ atMs: z.number(), action: z.record(z.string(), z.unknown()) })),
  /** The live event as the origin had it at the end. */
  event: z.record(z.string(), z.unknown()),
  /** When the storm began and ended, epoch ms. */
  startedMs: z.number(),
  endedMs: z.number(),
  /** Decision logs, relative to the record's folder. */
  logs: z.array(z.strictObject({ role: z.string(), name: z.string(), file: z.string() })),
  /** Simulated: a hash of everything that every core decided, in order, and over how many words it was taken. */
  decisions: z.strictObject({ hash: z.string(), words: z.number().int() }).optional(),
})
export type Variant = z.infer<typeof variantSchema>

export const recordSchema = z.strictObject({
  schema: z.literal(recordSchemaName),
  world: z.enum(['real', 'simulated']),
  /** True when the run was ended before its time: Ctrl-C, or a process that died. */
  partial: z.boolean(),
  scenario: z.strictObject({ name: z.string(), shows: z.string(), sha256: z.string() }),
  seed: z.number().int(),
  commit: z.string(),
  variants: z.array(variantSchema),
  /** Of a simulated run: how it was simulated, from which measurements, and what the model leaves out. */
  simulation: z
    .strictObject({
      mode: z.enum(['exact', 'bulk']),
      calibration: z.strictObject({ id: z.string(), origin: z.string() }),
      leavesOut: z.array(z.string()),
    })
    .optional(),
  /** No hash covers this part, and times are never compared across machines. */
  environment: z.strictObject({
    startedAt: z.string(),
    node: z.string(),
    platform: z.string(),
    cpu: z.string(),
    cores: z.number().int(),
    memoryBytes: z.number(),
    loadAverage: z.array(z.number()),
    command: z.string(),
    /** Real: processes had played a short storm before; absent: they had just begun. */
    rehearsed: z.literal(true).optional(),
  }),
})
export type RunRecord = z.infer<typeof recordSchema>
