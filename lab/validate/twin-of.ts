import { between } from '../../live/units.ts'
import type { Variant } from '../../results/record/record.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../../sim/calibration.ts'
import { simulateScenario } from '../../sim/node/simulate-scenario.ts'

/**
 * The twin of `real`, one variant of a real run of `scenario` with the same seed, under `policy`. Its storm begins as many
 * segments behind the event's start as that of the run did: when a segment is published is drawn by the segment's number.
 */
export async function twinOf(
  scenario: Scenario,
  { event, startedMs }: Pick<Variant, 'event' | 'startedMs'>,
  { policy, calibration }: { readonly policy: string; readonly calibration: Calibration },
): Promise<readonly Variant[]> {
  const stormAtMs = between(Number(event.startMs), startedMs)
  const { record } = await simulateScenario(scenario, { policies: [policy], calibration, stormAtMs, out: null })
  return record.variants
}
