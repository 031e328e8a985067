import { parsePolicy } from '../../../lab/policies.ts'
import { simulateBulk } from '../../../sim/bulk/bulk.ts'
import { checkInput } from '../../../sim/plan/check-input.ts'
import { countedOf, planRecordOf } from '../../../sim/plan/make-plan.ts'
import { inputOfScenario } from '../../../sim/plan/plan-input.ts'
import type { PlanRecord } from '../../../sim/plan/plan-record.ts'
import { knownErrors } from '../../../sim/plan/validation-error.ts'
import { audienceOfInput, usualEffort, worldOf } from '../../../sim/plan/world-of.ts'
import type { Base, PlanRequest } from '../input.ts'
import { nameOf } from './storm-job.ts'

/**
 * A storm in bulk mode: what `tidegate plan` counts, but for the second pass with half the viewers, from which that says
 * at how many viewers a capacity is met. Throws PlanError.
 */
export function planJob({ scenario }: Base, request: PlanRequest, onProgress: (done: number) => void): PlanRecord {
  const { policy } = parsePolicy(nameOf(request.policy))
  const input = inputOfScenario(scenario, { policy, viewers: request.viewers, edges: request.edges })
  checkInput(input)
  const counted = simulateBulk(worldOf(input, usualEffort), {
    audience: audienceOfInput(input),
    onProgress: ({ done }) => {
      onProgress(done)
      return true
    },
  })
  return planRecordOf(input, countedOf(counted), undefined, knownErrors)
}
