import { z } from 'zod'
import { distributionSchema } from '../../live/distribution.ts'
import { liveEventSchema, nameSchema } from '../../live/event.ts'
import { defectKinds } from '../../live/live-state.ts'
import { commonConfigShape } from '../../process/configuration.ts'

// What a pipeline process is told at its start, and what its control listener takes.

/** Every origin that a pipeline publishes to is one more schedule with its own sockets; regions are few. */
const maxTargets = 8
/** A fault that lasts longer than a day is no fault but a state. */
const ms = z.number().nonnegative().max(86_400_000)

export const pipelineConfigSchema = z
  .strictObject({
    ...commonConfigShape,
    /** Which of the event's pipelines this process is. */
    pipeline: nameSchema,
    event: liveEventSchema,
    /** The publish listeners of all origins, `http://host:port`; each gets every segment. */
    publishTo: z
      .array(z.url({ protocol: /^https?$/ }))
      .min(1)
      .max(maxTargets),
    /** Segments of each rendition before the first live one that are put at once, as far as the window goes. */
    backlogSegments: z.number().int().min(0).max(5_000).default(0),
    /** From a segment's expected publication to the instant at which its PUT begins; negative is earlier. */
    publishJitter: distributionSchema.default({ is: 'uniform', lowMs: -50, highMs: 50 }),
    /** Scales the size of synthetic bodies, which is that of the rendition's rate. */
    bodyScale: z.number().positive().max(100).default(1),
    /** Directory of the media that `body: cmaf` loops; the repository's own when absent. */
    asset: z.string().optional(),
  })
  .refine(config => config.event.pipelines.includes(config.pipeline), {
    path: ['pipeline'],
    error: "is not one of the event's pipelines",
  })

export type PipelineConfig = z.infer<typeof pipelineConfigSchema>

/** `POST /faults` (docs/processes.md): given fields change, others stay. */
export const pipelineFaultsSchema = z.strictObject({
  stallForMs: ms.optional(),
  defects: z
    .strictObject({ kind: z.enum(defectKinds), ms, forMs: ms })
    .nullable()
    .optional(),
  lost: z.boolean().optional(),
  lostForMs: ms.optional(),
  delay: z.strictObject({ ms, forMs: ms }).optional(),
  /** The packager dies in mid-PUT, and tries again. */
  tearPuts: z.strictObject({ forMs: ms }).optional(),
})
