import type { Setting } from '../../scenarios/settings.ts'
import { type Behaviour, behaviours } from '../live/behaviours.ts'
import type { PlanRequest, PolicyChoice, StormInput } from './input.ts'
import type { SectionName } from './sections.ts'

// What each section simulates, from how its controls stand.

/** By the name of the control. */
export type Values = Readonly<Record<string, number | string | boolean>>

export interface NamedStorm {
  readonly name: string
  readonly input: StormInput
}

const numberOf = (values: Values, name: string): number => Number(values[name] ?? 0)

/** `preset` with the behaviours that the section's switches say. */
function policyOf(preset: string, values: Values): PolicyChoice {
  const said = behaviours.filter(({ name }) => typeof values[name] === 'boolean')
  const fields = said.map((behaviour: Behaviour) => (values[behaviour.name] ? behaviour.on : behaviour.off))
  return { preset, switches: Object.assign({}, ...fields) }
}

const siteNames = ['a', 'b', 'c', 'd'] as const

const sitesOf = (sites: number, edges: number): Setting => ({
  path: ['topology', 'sites'],
  value: siteNames.slice(0, sites).map(name => ({ name, edges })),
})
const lateBy = (lowMs: number, highMs: number): Setting => ({
  path: ['pipelines', 'publishJitter'],
  value: { is: 'uniform', lowMs, highMs },
})
/** Players that ask when the template says that a segment is there. */
const likeDash: Setting = { path: ['fleet', 'profiles'], value: { 'dash.js': 1 } }
const earlyPollers = (percent: number): Setting => ({
  path: ['fleet', 'earlyPollers'],
  value: { share: percent / 100, everyMs: 100, aheadMs: 3_000 },
})

const storm = (base: string, policy: PolicyChoice, players: number, more: Partial<StormInput> = {}): StormInput => ({
  base,
  policy,
  players,
  settings: [],
  latencies: {},
  ...more,
})

const presetNames = ['none', 'nginx', 'oca'] as const

/** The storms of a section, each with the name of its curve. */
export function stormsOf(section: SectionName, values: Values): readonly NamedStorm[] {
  const players = numberOf(values, 'viewers')
  // Where a section has no slider for it, the origin is in the same part of the world.
  const latencies = { playerEdge: 10, edgeOrigin: Number(values.originMs ?? 40) }
  switch (section) {
    case 'one-request': {
      const lateMs = numberOf(values, 'lateMs')
      const settings = [sitesOf(1, 1), likeDash, lateBy(lateMs, lateMs)]
      return [{ name: 'oca', input: storm('kickoff', policyOf('oca', {}), 1, { settings, latencies }) }]
    }
    case 'one-segment':
      return traced(values, [sitesOf(1, 1)], latencies)
    case 'a-thousand':
      return presetNames.map(name => ({ name, input: storm('kickoff', policyOf(name, {}), players, { latencies }) }))
    case 'early-birds': {
      const settings = [sitesOf(1, 1), earlyPollers(numberOf(values, 'pollers'))]
      const near = { playerEdge: 10, edgeOrigin: 25 }
      return [
        { name: 'oca', input: storm('early-birds', policyOf('oca', values), players, { settings, latencies: near }) },
      ]
    }
    case 'one-edge-asks': {
      return traced(values, [sitesOf(1, numberOf(values, 'edges'))], latencies)
    }
    case 'jitter':
      return jitterStorms(numberOf(values, 'jitterMs'), players)
    case 'a-fault':
      return presetNames.map(name => ({ name, input: storm(String(values.fault), policyOf(name, {}), players) }))
    case 'free':
      return [{ name: 'now', input: freeStorm(values) }]
    case 'a-million':
      return []
  }
}

/** A small crowd at the live edge. */
function traced(values: Values, sites: readonly Setting[], latencies: StormInput['latencies']): NamedStorm[] {
  const lateMs = numberOf(values, 'lateMs')
  const settings = [...sites, likeDash, lateBy(lateMs, lateMs)]
  const input = storm('kickoff', policyOf('oca', values), numberOf(values, 'viewers'), { settings, latencies })
  return [{ name: 'oca', input }]
}

const jitterStorms = (jitterMs: number, players: number): NamedStorm[] =>
  (['nginx', 'oca'] as const).map(name => ({
    name,
    input: storm('kickoff', policyOf(name, {}), players, { settings: [lateBy(0, jitterMs)] }),
  }))

/** The jitters at which the curve is known, ms. */
const jitterPoints = [0, 100, 200, 300, 500, 700, 900, 1_200] as const

/** All storms of the curve over the jitter, by their point. */
export const jitterCurve = (players: number): readonly (NamedStorm & { readonly x: number })[] =>
  jitterPoints.flatMap(x => jitterStorms(x, players).map(one => ({ ...one, x })))

function freeStorm(values: Values): StormInput {
  const { preset, ...rest } = values
  const pollers = numberOf(values, 'pollers')
  const settings = [
    sitesOf(numberOf(values, 'sites'), numberOf(values, 'edges')),
    lateBy(0, numberOf(values, 'jitterMs')),
    ...(pollers > 0 ? [earlyPollers(pollers)] : []),
  ]
  const latencies = { playerEdge: numberOf(values, 'playerMs'), edgeOrigin: numberOf(values, 'originMs') }
  return storm('kickoff', policyOf(String(preset), rest), numberOf(values, 'viewers'), { settings, latencies })
}

/** What the section that plans asks for. */
export function planOf(values: Values): PlanRequest {
  const { preset, designatedFill } = values
  // Only a cache that knows its site has one edge ask for it.
  const isOwn: Values = preset === 'oca' ? { designatedFill: designatedFill === true } : {}
  return {
    base: 'kickoff',
    policy: policyOf(String(preset), isOwn),
    viewers: numberOf(values, 'viewers'),
    edges: Math.min(numberOf(values, 'edges'), numberOf(values, 'viewers')),
  }
}
