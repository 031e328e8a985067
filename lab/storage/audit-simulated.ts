import { auditSchema } from '../../origin/http/audit-schema.ts'
import type { ExactWorld } from '../../sim/exact/world.ts'
import { type AuditOutcome, auditAcknowledged } from './audit.ts'

/** Mends what actions have broken of a simulated world, then reads back what was acknowledged: by a real run's rules. */
export function auditSimulated(world: ExactWorld): Promise<AuditOutcome> {
  world.makeWhole()
  return auditAcknowledged({
    event: world.eventNow,
    pipelines: world.pipelines.map(({ acknowledged }) => ({ get: async () => acknowledged.list() })),
    originOf: target => ({
      post: async (_path, asked) => {
        const { acknowledged } = auditSchema.parse(asked)
        const lost = acknowledged.flatMap(one => {
          const why = world.whyLost(target, one)
          return why === undefined ? [] : [{ ...one, why }]
        })
        return { audited: acknowledged.length, lost }
      },
    }),
    now: world.agenda.nowMs,
  })
}
