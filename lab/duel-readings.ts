import { z } from 'zod'
import { policySchema } from '../edge/core/policy.ts'
import type { EpochMs } from '../live/units.ts'
import type { Side } from './duel-scenario.ts'

// What somebody who watches a duel reads of its processes, several times a second: their control listeners' `GET /state`.

const counts = z.record(z.string(), z.number())

export const edgeState = z.object({ policy: policySchema, waiting: z.number(), fetches: z.number(), counts })
export const fleetState = z.object({
  players: z.number(),
  present: z.number(),
  inFlight: z.number(),
  counts,
  waits: z.object({ boundsMs: z.array(z.number()), counts: z.array(z.number()) }),
})
const notification = z.object({ type: z.string(), sequence: z.number(), atMs: z.number(), text: z.string().optional() })
const mask = z.looseObject({ pipeline: z.string(), from: z.number(), to: z.number() })
export const originState = z.object({
  event: z.looseObject({ version: z.number() }),
  notifications: z.object({ notifications: z.array(notification) }),
  masks: z.array(mask).optional(),
  faults: z.looseObject({ shed: z.boolean(), slowMs: z.number(), down: z.boolean() }),
  sites: z.record(z.string(), z.object({ requests: z.number(), held: z.number() })),
  counts,
})
const span = z.object({ fromMs: z.number(), untilMs: z.number().nullable() })
export const pipelineState = z.object({
  targets: z.array(
    z.object({
      nextNumber: z.number(),
      backlogLeft: z.number(),
      inFlight: z.number(),
      faults: z.object({
        stall: span.optional(),
        defects: span.loose().optional(),
        lost: span.optional(),
        delay: span.loose().optional(),
        tears: span.optional(),
      }),
    }),
  ),
})

export interface EdgeReading {
  readonly edge: string
  /** Absent: it does not live, or did not answer. */
  readonly state?: z.infer<typeof edgeState> | undefined
}

export interface SideReading {
  readonly edges: readonly EdgeReading[]
  readonly fleet?: z.infer<typeof fleetState> | undefined
  /** What reached the origin from this side's edges. */
  readonly traffic: { readonly requests: number; readonly held: number }
}

export interface DuelReading {
  readonly atMs: EpochMs
  readonly sides: Readonly<Record<Side, SideReading>>
  readonly origin?: z.infer<typeof originState> | undefined
  readonly pipelines: readonly {
    readonly pipeline: string
    readonly state?: z.infer<typeof pipelineState> | undefined
  }[]
}
