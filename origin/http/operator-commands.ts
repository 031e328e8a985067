import { z } from 'zod'
import { type LiveEvent, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { notificationSchema } from '../../live/notifications.ts'
import { now } from '../../process/clock.ts'
import { ControlError, type ControlRoutes } from '../../process/control.ts'
import { maskSchema } from '../core/operator-state.ts'
import { type OriginConfig, publishes } from './config.ts'
import type { OriginRuntime } from './origin-runtime.ts'
import type { StateKeeper } from './state-keeper.ts'

// What operators command about the event. It is told to those who follow at once, and saved before it is answered. A
// process that only delivers says where to go: of two places that command, neither would know the other's.

const number = z.number().int().min(0).max(limits.segmentNumber)
const maskCommandSchema = maskSchema.safeExtend({ lift: z.literal(true).optional() })
const invalidateSchema = z
  .strictObject({ from: number, to: number, pipeline: nameSchema.optional(), region: nameSchema.optional() })
  .refine(({ from, to }) => from <= to, { message: 'must not be smaller than the first number', path: ['to'] })
const notifySchema = notificationSchema.omit({ sequence: true }).partial({ atMs: true })
export const nothing = z.strictObject({}).optional()

/** The routes of an operator's commands. */
export function operatorCommands(origin: OriginRuntime, keeper: StateKeeper): ControlRoutes {
  const { core, config } = origin
  const commands: Record<string, (body: unknown) => unknown> = {
    'POST /mask': body => {
      const { lift, ...mask } = maskCommandSchema.parse(body)
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
  }
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [
      name,
      async (body: unknown) => {
        if (!publishes(config.role)) throw new ControlError(409, whereToGo(config))
        const answer = command(body)
        await keeper.commanded().catch((error: Error) => {
          throw new ControlError(
            503,
            `it is done, but could not be saved, so a restart may forget it: ${error.message}`,
          )
        })
        return answer
      },
    ]),
  )
}

function whereToGo({ name, region, follow }: OriginConfig): string {
  const near = follow.toSorted((a, b) => Number(b.region === region) - Number(a.region === region))
  return `${name} only delivers: command the process that publishes, ${near.map(({ url }) => url).join(' or ')}`
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
