import { z } from 'zod'
import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { expectedPublication } from '../../live/template.ts'
import type { EpochMs, SegmentNumber } from '../../live/units.ts'
import { type Part, partSchemaName } from '../../results/record/part.ts'

// After the faults: is every segment that an origin acknowledged still there? Each is read back where it was
// acknowledged, and its checksum compared. A number is lost when none of the acknowledged candidates of it, of whichever
// pipeline, can be read.

const acknowledgedSchema = z.object({
  acknowledged: z.array(
    z.object({
      /** The publish listener that acknowledged it. */
      target: z.string(),
      pipeline: z.string(),
      rendition: z.string(),
      /** Absent: an initialisation segment. */
      number: z.number().optional(),
      etag: z.string(),
    }),
  ),
  /** How many the packager no longer remembers. */
  dropped: z.number(),
})
type Acknowledged = z.infer<typeof acknowledgedSchema>['acknowledged'][number]

const auditedSchema = z.object({
  audited: z.number(),
  lost: z.array(
    z.object({ pipeline: z.string(), rendition: z.string(), number: z.number().optional(), why: z.string() }),
  ),
})

interface Told {
  get(path: string): Promise<unknown>
}
interface Asked {
  post(path: string, body?: object): Promise<unknown>
}

export interface AuditPlan {
  readonly event: LiveEvent
  readonly pipelines: readonly Told[]
  /** The control listener of the origin that a publish listener belongs to; undefined where there is none. */
  originOf(target: string): Asked | undefined
  readonly now: EpochMs
}

export interface AuditOutcome {
  /** Numbers (of a rendition, in the store of one publish listener) that were acknowledged, and are in the window. */
  readonly acknowledged: number
  readonly lost: number
  /** Each lost number, for people. */
  readonly named: readonly string[]
}

/** Segments that leave the window while the audit runs are no loss. */
const windowSlackMs = 10_000
/** A request's worth: reading them back stays far below what a control listener may take to answer. */
const segmentsARequest = Math.min(100, limits.auditSegments)

/** Reads back all that the origins have acknowledged to the pipelines. Throws HarnessError when one does not answer. */
export async function auditAcknowledged(plan: AuditPlan): Promise<AuditOutcome> {
  const told = await Promise.all(
    plan.pipelines.map(async pipeline => acknowledgedSchema.parse(await pipeline.get('/acknowledged'))),
  )
  const kept = told.flatMap(({ acknowledged }) => acknowledged).filter(one => isInWindow(plan, one.number))
  const byTarget = Map.groupBy(kept, ({ target }) => target)
  let acknowledged = 0
  const named: string[] = []
  for (const [target, all] of byTarget) {
    const reasons = await whyUnreadable(plan.originOf(target), all)
    for (const [number, candidates] of Map.groupBy(all, numberOf)) {
      acknowledged++
      const why = candidates.map(one => reasons.get(candidateOf(one)))
      if (why.every(one => one !== undefined)) named.push(`${number} at ${target}: ${why.join('; ')}`)
    }
  }
  return { acknowledged, lost: named.length, named }
}

/** What the audit counted, as the lab's own part of the record. */
export const auditPart = ({ acknowledged, lost }: AuditOutcome): Part => ({
  schema: partSchemaName,
  role: 'lab',
  name: 'lab',
  counts: { acknowledged, acknowledged_lost: lost },
  histograms: {},
  timeline: {},
  segments: [],
})

function isInWindow({ event, now }: AuditPlan, number: SegmentNumber | undefined): boolean {
  if (number === undefined) return true
  const leavesMs = (expectedPublication(event, number) as number) + (event.dvrWindowMs as number)
  return leavesMs > (now as number) + windowSlackMs
}

/** Of each candidate that cannot be read back, why. */
async function whyUnreadable(origin: Asked | undefined, all: readonly Acknowledged[]): Promise<Map<string, string>> {
  if (origin === undefined) return new Map(all.map(one => [candidateOf(one), 'its origin is not there any more']))
  const reasons = new Map<string, string>()
  for (let from = 0; from < all.length; from += segmentsARequest) {
    const asked = all.slice(from, from + segmentsARequest)
    const body = { acknowledged: asked.map(({ target: _, ...candidate }) => candidate) }
    const { lost } = auditedSchema.parse(await origin.post('/audit', body))
    for (const one of lost) reasons.set(candidateOf(one), `pipeline ${one.pipeline}: ${one.why}`)
  }
  return reasons
}

type Named = Pick<Acknowledged, 'rendition' | 'number'>
const numberOf = ({ rendition, number }: Named): string => `${rendition}/${number ?? 'init'}`
const candidateOf = (one: Named & { readonly pipeline: string }): string => `${one.pipeline} ${numberOf(one)}`
