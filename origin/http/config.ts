import { z } from 'zod'
import { liveEventSchema, nameSchema } from '../../live/event.ts'
import { accessLogSchema } from '../../process/access-log.ts'
import { commonConfigShape } from '../../process/configuration.ts'

// The origin process's configuration file.

const port = z.number().int().min(0).max(65_535).default(0)

export const originConfigSchema = z.strictObject({
  ...commonConfigShape,
  /** Where this origin's candidates are fetched from: `Live-Region`. */
  region: nameSchema.default('eu'),
  /** Where players and edges ask. */
  deliveryPort: port,
  /** Where packagers put: a listener of its own, so that a storm of reads does not reach it. */
  publishPort: port,
  event: liveEventSchema,
  store: z.discriminatedUnion('is', [z.strictObject({ is: z.literal('memory') })]).default({ is: 'memory' }),
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

/** The configuration with every default filled in. */
export type OriginConfig = z.infer<typeof originConfigSchema>
