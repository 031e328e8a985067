import type { Scenario } from './schema.ts'
import { storageProblems } from './storage-references.ts'
import type { Path } from './wanted.ts'
import { nearest } from './wanted.ts'

// What a schema cannot see: names in one part of a scenario that must exist in another, or in the program that runs it.

/** Names that the program knows; checked where they are handed in. */
export interface KnownNames {
  readonly policies?: readonly string[] | undefined
  readonly figures?: readonly string[] | undefined
}

export interface ReferenceProblem {
  readonly path: Path
  readonly wrong: string
  readonly right: string
}

/** Stands for every policy of the scenario in a check. */
export const everyPolicy = '*'

/** Names in `scenario` that nothing answers to, and instants outside the storm. */
export function referenceProblems(scenario: Scenario, known: KnownNames): ReferenceProblem[] {
  const problems: ReferenceProblem[] = []
  const mustBe = (path: Path, what: string, given: string | undefined, names: readonly string[] | undefined) => {
    if (given === undefined || names === undefined || names.includes(given)) return
    const near = nearest(given, names)
    problems.push({
      path,
      wrong: `there is no ${what} '${given}'`,
      right: near ? `did you mean '${near}'?` : `there are: ${names.join(', ')}`,
    })
  }
  const edges = scenario.topology.sites.flatMap(site => edgeNames(site.name, site.edges))
  const pipelines = scenario.event.pipelines ?? ['a', 'b']
  const { regions } = scenario.topology
  scenario.topology.sites.forEach((site, i) => {
    mustBe(['topology', 'sites', i, 'region'], 'region', site.region, regions)
  })
  scenario.policies.forEach((policy, i) => {
    mustBe(['policies', i], 'policy', policy, known.policies)
  })
  scenario.actions.forEach((action, i) => {
    if ('edge' in action) mustBe(['actions', i, 'edge'], 'edge', action.edge, [...edges, 'designated'])
    if ('region' in action) mustBe(['actions', i, 'region'], 'region', action.region, regions)
    if ('pipeline' in action) mustBe(['actions', i, 'pipeline'], 'pipeline', action.pipeline, pipelines)
    if (action.atMs > scenario.durationMs) {
      problems.push({
        path: ['actions', i, 'atMs'],
        wrong: `this action comes at ${action.atMs} ms, after the storm's end`,
        right: `the storm lasts ${scenario.durationMs} ms (durationMs)`,
      })
    }
  })
  scenario.checks.forEach((check, i) => {
    mustBe(['checks', i, 'figure'], 'figure', check.figure.split('.')[0], known.figures)
    mustBe(['checks', i, 'policy'], 'policy', check.policy, [...(known.policies ?? [check.policy]), everyPolicy])
    if (check.equals === undefined && check.atMost === undefined && check.atLeast === undefined) {
      problems.push({
        path: ['checks', i],
        wrong: `this check of ${check.figure} asks for nothing`,
        right: 'give it equals, atMost or atLeast',
      })
    }
  })
  problems.push(...repeatedSites(scenario), ...storageProblems(scenario))
  return problems
}

/** The names of a site's edges: `{site}1`, `{site}2`, … */
export const edgeNames = (site: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${site}${i + 1}`)

function repeatedSites(scenario: Scenario): ReferenceProblem[] {
  const seen = new Set<string>()
  return scenario.topology.sites.flatMap(({ name, edges }, i) => {
    const names = edgeNames(name, edges)
    const repeated = names.some(edge => seen.has(edge))
    for (const edge of names) seen.add(edge)
    if (!repeated) return []
    return [
      {
        path: ['topology', 'sites', i, 'name'],
        wrong: `edges of site '${name}' would have the names of another site's`,
        right: 'give every site a name of its own, not ending in a digit',
      },
    ]
  })
}
