import { z } from 'zod'

// The part of a record that one process hands in. Parts of the same role can be merged: counts added (names ending in
// `_max` by the maximum), histograms merged, timelines added, segments joined by rendition, number and site.

export const partSchemaName = 'tidegate-part/1'

/** What is known of one segment at one place; instants are epoch ms on the run's shared clock. */
const segmentCountsSchema = z.strictObject({
  rendition: z.string(),
  number: z.number().int(),
  /** The site that asked; '' where the place is the fleet. */
  site: z.string(),
  /** Origin: complete 200 answers for it. */
  fills: z.number().int().optional(),
  /** Origin: every other request for it. */
  probes: z.number().int().optional(),
  /** Origin: requests for it that arrived before its publication. */
  beforePublication: z.number().int().optional(),
  /** Origin: when the first candidate was stored; fleet: as CMSD `at` said. */
  publishedMs: z.number().optional(),
  /** Fleet: when the last 404 for it arrived at a player. */
  last404Ms: z.number().optional(),
})
export type SegmentCounts = z.infer<typeof segmentCountsSchema>

export const partSchema = z.strictObject({
  schema: z.literal(partSchemaName),
  /** `lab`: what the lab itself found out, after the storm. */
  role: z.enum(['origin', 'edge', 'fleet', 'pipeline', 'lab']),
  name: z.string(),
  site: z.string().optional(),
  /** Origin: the region that it stands in. */
  region: z.string().optional(),
  /** This part is shard `index` of `of` (1-based) of a fleet. */
  shard: z.strictObject({ index: z.number().int(), of: z.number().int() }).optional(),
  counts: z.record(z.string(), z.number()),
  /** HdrHistogram, compressed, base64; values in microseconds. */
  histograms: z.record(z.string(), z.string()),
  /** Series name to epoch second to value. */
  timeline: z.record(z.string(), z.record(z.string(), z.number())),
  segments: z.array(segmentCountsSchema),
})
/** What one process hands in at the end of a run. */
export type Part = z.infer<typeof partSchema>
