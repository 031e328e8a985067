import { z } from 'zod'
import { nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { accessLogSchema } from '../../process/access-log.ts'
import { commonConfigShape } from '../../process/configuration.ts'
import { policySchema, presets } from '../core/policy.ts'

// The configuration of one edge process.

const url = z.url({ protocol: /^https?$/, error: 'a URL such as http://127.0.0.1:4000' })

/** One edge of a site: what a topology consists of. */
const siteEdgeSchema = z.strictObject({ edge: nameSchema, url })
export type SiteEdge = z.infer<typeof siteEdgeSchema>

/** The body of `POST /topology`: all edges of the site, this one among them. */
export const topologySchema = z.strictObject({ site: nameSchema, edges: z.array(siteEdgeSchema).max(limits.siteEdges) })

export const presetSchema = z.enum(Object.keys(presets) as [string, ...string[]])

export const edgeConfigSchema = z.strictObject({
  ...commonConfigShape,
  site: nameSchema,
  /** The players' listener; 0 for any free port. */
  port: z.number().int().min(0).max(65_535).default(0),
  /** The origins' delivery sides in the order of preference: the own region's first. */
  origins: z
    .array(z.strictObject({ region: nameSchema.optional(), url }))
    .min(1)
    .max(limits.regions)
    .refine(
      origins => origins.length === 1 || new Set(origins.map(({ region }) => region ?? '')).size === origins.length,
      'several origins each need a region of their own: { region: eu, url: … }',
    ),
  /** Events whose `event.json` is fetched before the edge says that it is ready. */
  events: z.array(nameSchema).max(64).default([]),
  /** The policy that the switches change: `none`, `nginx` or `oca`. */
  preset: presetSchema.default('oca'),
  /** Switches of the policy that differ from the preset. */
  switches: policySchema.partial().default({}),
  /** All edges of the site, this one among them; can be set later by `POST /topology`. */
  edges: z.array(siteEdgeSchema).max(limits.siteEdges).default([]),
  /** `X-Cache-Status` with nginx's words. */
  xCacheStatus: z.boolean().default(false),
  /** `Server-Timing`: how long the request waited here. */
  serverTiming: z.boolean().default(false),
  /** Every request that has ended, in nginx's combined format or as JSON (docs/observability.md). */
  accessLog: accessLogSchema.optional(),
  /** Hits of live segments are answered without node:http. */
  fastPath: z.boolean().default(true),
  storeBytes: z.number().int().positive().default(limits.edgeStoreBytes),
})
export type EdgeConfig = z.infer<typeof edgeConfigSchema>
/** What a caller may leave out has its default. */
export type EdgeConfigInput = z.input<typeof edgeConfigSchema>
