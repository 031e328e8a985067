import { policySchema, presets } from '../../edge/core/policy.ts'
import type { RunRecord, Variant } from '../../results/record/record.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { baseOf } from './bases.ts'
import type { Bases, PolicyChoice } from './input.ts'

// What the records of a report have measured, so that it can stand on the curve that the simulator draws of the same
// scenario with other fleets.

export interface MeasuredPoint {
  /** The variant: a policy, or another edge. */
  readonly name: string
  readonly world: RunRecord['world']
  readonly viewers: number
  readonly figures: Readonly<Record<string, number>>
  /** Absent: not an edge of ours, so that no curve can be drawn of it. */
  readonly policy?: PolicyChoice | undefined
}

export interface MeasuredStorm {
  readonly scenario: string
  /** Absent: the scenario is not at hand, and there is no curve. */
  readonly base?: string | undefined
  readonly points: readonly MeasuredPoint[]
}

/** Figures that the page can draw over the viewers. */
export const drawnFigures = [
  ['origin_requests_per_s', 'Origin requests a second'],
  ['origin_egress_bytes_per_s', 'Origin egress, bytes a second'],
  ['fills_per_segment', 'Fills of a segment by a site'],
  ['publication_to_first_byte_ms_p99', 'Wait of 99 %, ms'],
] as const

/** Finds the scenario of a record; undefined where it is not at hand. */
export type ScenarioOf = (record: RunRecord) => Scenario | undefined

/** Storms of one scenario that differ in their fleet's size and seed stand together. */
export function measuredOf(
  records: readonly RunRecord[],
  scenarioOf: ScenarioOf,
): { readonly storms: readonly MeasuredStorm[]; readonly bases: Bases } {
  const alike = Map.groupBy(
    records.map(record => ({ record, scenario: scenarioOf(record) })),
    ({ record, scenario }) => (scenario ? kindOf(scenario) : record.scenario.name),
  )
  const bases: Record<string, ReturnType<typeof baseOf>> = {}
  const storms = [...alike.values()].map((group, place): MeasuredStorm => {
    const [first] = group as [(typeof group)[number]]
    const points = group.flatMap(({ record, scenario }) =>
      record.variants.map(variant => pointOf(record, variant, scenario)),
    )
    const named = { scenario: first.record.scenario.name, points }
    if (first.scenario === undefined) return named
    const base = `measured-${place + 1}`
    bases[base] = baseOf(first.scenario)
    return { ...named, base }
  })
  return { storms, bases }
}

const kindOf = ({ fleet, seed: _, ...rest }: Scenario): string =>
  JSON.stringify({ ...rest, fleet: { ...fleet, players: 0 } })

function pointOf(
  { world }: RunRecord,
  { name, figures, policy }: Variant,
  scenario: Scenario | undefined,
): MeasuredPoint {
  const shown = drawnFigures.flatMap(([figure]) =>
    figures[figure] === undefined ? [] : [[figure, figures[figure]] as const],
  )
  return {
    name,
    world,
    viewers: scenario?.fleet.players ?? figures.players ?? 0,
    figures: Object.fromEntries(shown),
    policy: choiceOf(policy),
  }
}

function choiceOf(policy: Variant['policy']): PolicyChoice | undefined {
  const parsed = policySchema.safeParse(policy)
  if (!parsed.success) return undefined
  const { name, proxy_cache_valid: _, ...switches } = parsed.data
  const preset = name.split(/[+-]/)[0] as string
  return { preset: preset in presets ? preset : 'oca', switches }
}
