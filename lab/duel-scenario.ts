import { edgeNames } from '../scenarios/references.ts'
import type { Action, Scenario } from '../scenarios/schema.ts'
import type { Contender, SideBySide } from './contenders.ts'
import { parsePolicy } from './policies.ts'

// A scenario with two policies at once: every site of it stands twice, on the left and on the right, over the same
// origins, and each side has a fleet of its own.

export type { Action, Scenario } from '../scenarios/schema.ts'

export const sides = ['left', 'right'] as const
export type Side = (typeof sides)[number]

/** The policy of each side. */
export type Policies = Readonly<Record<Side, string>>

const siteOf = (side: Side, site: string, scenario: Scenario): string =>
  scenario.topology.sites.length === 1 ? side : `${side}-${site}`

/** The process that has the players of one side. */
export const fleetName = (side: Side): string => `fleet-${side}`

/** The sites of one side. */
export const sitesOf = (side: Side, scenario: Scenario): string[] =>
  scenario.topology.sites.map(({ name }) => siteOf(side, name, scenario))

/** `scenario` as both sides play it. Fleets begin empty: each is filled when it stands. */
export const doubled = (scenario: Scenario): Scenario => ({
  ...scenario,
  topology: {
    ...scenario.topology,
    sites: sides.flatMap(side =>
      scenario.topology.sites.map(site => ({ ...site, name: siteOf(side, site.name, scenario) })),
    ),
  },
  fleet: { ...scenario.fleet, players: 0 },
  actions: [],
  checks: [],
})

/** Both policies as what stands in the doubled scenario's sites. Throws ConfigurationError for a policy that does not exist. */
export function beside(scenario: Scenario, policies: Policies): SideBySide {
  const contenderOf = (side: Side): Contender => {
    const policy = parsePolicy(policies[side])
    return { is: 'policy', name: policy.name, folder: side, policy }
  }
  const bySite = sides.flatMap(side => {
    const contender = contenderOf(side)
    return sitesOf(side, scenario).map(site => [site, contender] as const)
  })
  return {
    is: 'side-by-side',
    name: `${policies.left} beside ${policies.right}`,
    folder: 'demo',
    bySite: new Map(bySite),
  }
}

/** What a scenario's action is on both sides: one that names an edge names two. `designated` gives a site's first filler. */
export function onBothSides(action: Action, scenario: Scenario, designated: (site: string) => string): Action[] {
  if (!('edge' in action) || action.edge === undefined) return [action]
  const { edge } = action
  return sides.map(side => ({ ...action, edge: edgeOn(side, edge, scenario, designated) }))
}

function edgeOn(side: Side, edge: string, scenario: Scenario, designated: (site: string) => string): string {
  const [first] = sitesOf(side, scenario)
  if (edge === 'designated') return designated(first as string)
  for (const site of scenario.topology.sites) {
    const at = edgeNames(site.name, site.edges).indexOf(edge)
    if (at >= 0) return edgeNames(siteOf(side, site.name, scenario), site.edges)[at] as string
  }
  return edge // The schema has refused a scenario that names an edge that is not there.
}
