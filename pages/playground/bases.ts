import { eventOf } from '../../lab/event-of.ts'
import { loadScenario } from '../../scenarios/load.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { bornMs } from '../../sim/exact/simulate.ts'
import { mediaSizesOf } from '../../sim/node/media-of.ts'
import type { Base, Bases } from './input.ts'
import { baseNames } from './sections.ts'

// The scenarios that a page carries, completed with what only Node can read.

export function baseOf(scenario: Scenario): Base {
  const event = eventOf(scenario, bornMs)
  // What only a run has to be told about.
  const { checks: _, ...rest } = scenario
  return { scenario: { ...rest, checks: [] }, event, media: mediaSizesOf(event) }
}

/** Those that the sections stand on, by their names. */
export const basesOfSections = (): Bases =>
  Object.fromEntries(baseNames.map(name => [name, baseOf(loadScenario(name))]))
