import { z } from 'zod'
import { nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'

// What an audit is asked for.

const acknowledgedSchema = z.strictObject({
  pipeline: nameSchema,
  rendition: nameSchema,
  /** Absent: the initialisation segment. */
  number: z.number().int().min(0).max(limits.segmentNumber).optional(),
  etag: z.string().max(256),
})
export const auditSchema = z.strictObject({ acknowledged: z.array(acknowledgedSchema).max(limits.auditSegments) })
export type Acknowledged = z.infer<typeof acknowledgedSchema>
