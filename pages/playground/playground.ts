import { presets } from '../../edge/core/policy.ts'
import type { RunRecord } from '../../results/record/record.ts'
import { behavioursOf } from '../live/behaviours.ts'
import { basesOfSections } from './bases.ts'
import type { Bases } from './input.ts'
import { type MeasuredStorm, measuredOf, type ScenarioOf } from './measured.ts'

/** All that the playground's script is given. */
export interface PlaygroundData {
  readonly bases: Bases
  /** The behaviours that each preset has on. */
  readonly presetOn: Readonly<Record<string, readonly string[]>>
  readonly measured: readonly MeasuredStorm[]
}

/** The playground beside a report of `records`. */
export function playgroundOf(records: readonly RunRecord[], scenarioOf: ScenarioOf): PlaygroundData {
  const { storms, bases } = measuredOf(records, scenarioOf)
  const presetOn = Object.fromEntries(Object.entries(presets).map(([name, policy]) => [name, behavioursOf(policy)]))
  return { bases: { ...basesOfSections(), ...bases }, presetOn, measured: storms }
}
