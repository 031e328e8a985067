import { z } from 'zod'
import { renditionSchema } from '../../../live/event.ts'

// `asset.json`: what stands beside the stored segments and says what they are.

/** The name of a file inside its rendition's directory: it cannot lead out of it. */
const fileSchema = z.string().regex(/^[a-z0-9]+\.(mp4|m4s)$/, 'a file name like 0.m4s, without a directory')
const countSchema = z.number().int().nonnegative()

const storedSegmentSchema = z.strictObject({
  file: fileSchema,
  /** Decode time of the first sample within the loop, in ticks of the rendition's timescale. */
  decodeTicks: countSchema,
  durationTicks: countSchema.positive(),
  bodyBytes: countSchema.positive(),
})

/** A rendition as the live event describes it, and its stored files. `bitsPerSecond` is its heaviest segment's rate. */
const storedRenditionSchema = renditionSchema.extend({
  averageBitsPerSecond: countSchema.positive(),
  init: z.strictObject({ file: fileSchema, bodyBytes: countSchema.positive() }),
  segments: z.array(storedSegmentSchema).min(1).max(100),
})

export const assetIndexSchema = z.strictObject({
  /** How the files came about. */
  about: z.string(),
  /** The nominal length of a segment. Audio segments differ from it by less than one AAC frame. */
  segmentMs: z.number().int().positive(),
  renditions: z.array(storedRenditionSchema).min(1).max(20),
})

export type StoredSegment = z.infer<typeof storedSegmentSchema>
export type StoredRendition = z.infer<typeof storedRenditionSchema>
/** The content of `asset.json`. */
export type AssetIndex = z.infer<typeof assetIndexSchema>
