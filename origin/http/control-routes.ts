import { z } from 'zod'
import { type LiveEvent, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { notificationSchema } from '../../live/notifications.ts'
import { now } from '../../process/clock.ts'
import { ControlError, type ControlRoutes } from '../../process/control.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// The operators' commands, by docs/processes.md.

const number = z.number().int().min(0).max(limits.segmentNumber)
const isOrdered = ({ from, to }: { from: number; to: number }) => from <= to
const ordered = { message: 'from must not be larger than to', path: ['from'] }

const maskSchema = z
  .strictObject({
    pipeline: nameSchema,
    from: number,
    to: number,
    rendition: nameSchema.optional(),
    lift: z.literal(true).optional(),
  })
  .refine(isOrdered, ordered)
const invalidateSchema = z
  .strictObject({ from: number, to: number, pipeline: nameSchema.optional(), region: nameSchema.optional() })
  .refine(isOrdered, ordered)
const notifySchema = notificationSchema.omit({ sequence: true }).partial({ atMs: true })
const faultsSchema = z.strictObject({
  shed: z.boolean().optional(),
  slowMs: z.number().min(0).max(60_000).optional(),
  down: z.boolean().optional(),
  /** Every operation of the store takes this much longer, or fails. */
  storeSlowMs: z.number().min(0).max(60_000).optional(),
  storeFails: z.boolean().optional(),
})
const auditSchema = z.strictObject({
  acknowledged: z
    .array(z.strictObject({ pipeline: nameSchema, rendition: nameSchema, number: number.optional(), etag: z.string() }))
    .max(limits.auditSegments),
})
const nothing = z.strictObject({}).optional()

/** The routes of the origin's control listener. */
export function controlRoutes(origin: OriginRuntime, listen: Record<string, string>): ControlRoutes {
  const { core, books, config, store } = origin
  return {
    'GET /state': async () => ({
      name: config.name,
      region: config.region,
      atMs: now(),
      listen,
      event: core.eventConfig(),
      notifications: core.notificationState(),
      ...core.summary(),
      store: await store.stats(),
    }),
    'GET /record': () => books.part(),
    'POST /mask': body => {
      const { lift, ...mask } = maskSchema.parse(body)
      mustKnow(core.eventConfig(), mask)
      const commanded = lift ? core.liftMask(mask, now()) : core.mask(mask, now())
      if (!commanded.done) throw new ControlError(409, commanded.why)
      origin.apply(commanded.effects)
      return { masks: core.summary().masks }
    },
    'POST /invalidate': body => {
      const rule = invalidateSchema.parse(body)
      mustKnow(core.eventConfig(), rule)
      return core.invalidate(rule)
    },
    'POST /version': body => {
      nothing.parse(body)
      return core.raiseVersion()
    },
    'POST /notify': body => {
      const { atMs = Math.floor(now()), type, text } = notifySchema.parse(body)
      return core.notify({ type, atMs, text })
    },
    'POST /faults': body => core.setFaults(faultsSchema.parse(body)),
    'POST /reset': body => {
      nothing.parse(body)
      books.reset()
      return {}
    },
  }
}

/** A command about a pipeline or rendition that the event does not have is a mistake, not a wish. */
function mustKnow(event: LiveEvent, { pipeline, rendition }: { pipeline?: string; rendition?: string }): void {
  if (pipeline !== undefined && !event.pipelines.includes(pipeline)) {
    throw new ControlError(400, `the event has no pipeline ${pipeline}; it has: ${event.pipelines.join(', ')}`)
  }
  const names = event.renditions.map(({ name }) => name)
  if (rendition !== undefined && !names.includes(rendition)) {
    throw new ControlError(400, `the event has no rendition ${rendition}; it has: ${names.join(', ')}`)
  }
}
