import type { ReferenceProblem } from './references.ts'
import type { Action, Scenario } from './schema.ts'
import { isSharedStore, nodeNames, nodesOf } from './store-schema.ts'

// What regions, store and the actions upon them must be to each other, and the schema cannot see.

/** Data centres are named by their regions, and Cassandra's configuration takes no other names. */
const dataCentreName = /^[a-z][a-z0-9]{0,15}$/

/** What in `scenario` asks for a region, a role or a part of the store that is not there. */
export function storageProblems(scenario: Scenario): ReferenceProblem[] {
  return [
    ...regionProblems(scenario),
    ...storeProblems(scenario),
    ...scenario.actions.flatMap((action, i) => actionProblems(scenario, action, i)),
  ]
}

function regionProblems({ topology: { regions } }: Scenario): ReferenceProblem[] {
  return regions.flatMap((region, i) => {
    if (regions.indexOf(region) === i) return []
    const path = ['topology', 'regions', i]
    return [{ path, wrong: `the region '${region}' is named twice`, right: 'name each region once' }]
  })
}

function storeProblems({ store, topology: { regions, roles } }: Scenario): ReferenceProblem[] {
  const problems: ReferenceProblem[] = []
  if (roles === 'split' && !isSharedStore(store)) {
    problems.push({
      path: ['topology', 'roles'],
      wrong: `publish and delivery cannot be processes of their own over '${store.is}', which serves one process only`,
      right: 'give the scenario a store that both can open (store: { is: cassandra } or { is: s3 }), or roles: both',
    })
  }
  if (store.is !== 'cassandra') return problems
  for (const region of Object.keys(store.nodes)) {
    if (regions.includes(region)) continue
    const path = ['store', 'nodes', region]
    problems.push({ path, wrong: `there is no region '${region}'`, right: `there are: ${regions.join(', ')}` })
  }
  regions.forEach((region, i) => {
    if (dataCentreName.test(region)) return
    problems.push({
      path: ['topology', 'regions', i],
      wrong: `'${region}' cannot be the name of a Cassandra data centre`,
      right: 'a letter, then letters and digits, at most 16 in all',
    })
  })
  return problems
}

function actionProblems({ store, topology: { regions } }: Scenario, action: Action, i: number): ReferenceProblem[] {
  const problem = (field: string, wrong: string, right: string) => [{ path: ['actions', i, field], wrong, right }]
  switch (action.do) {
    case 'lose-region':
      if (regions.length > 1) return []
      return problem(
        'region',
        'there is one region: nothing is left when it is lost',
        'give topology.regions another one',
      )
    case 'kill-node': {
      if (store.is !== 'cassandra') {
        return problem('do', `the store '${store.is}' has no nodes`, 'give the scenario store: { is: cassandra }')
      }
      const region = action.region ?? (regions[0] as string)
      if (!regions.includes(region) || (action.node ?? 1) <= nodesOf(store, region)) return []
      const names = nodeNames(store, region).join(', ')
      return problem('node', `there is no node ${region}${action.node}`, `there are: ${names} (store.nodes)`)
    }
    case 'kill-cache': {
      const servers = store.memcached?.servers ?? 0
      if (servers === 0) {
        return problem(
          'do',
          'no cache stands in front of the store',
          'give it one: store: { …, memcached: { servers: 1 } }',
        )
      }
      if ((action.server ?? 1) <= servers) return []
      return problem(
        'server',
        `there is no cache server ${action.server}`,
        `there are ${servers} (store.memcached.servers)`,
      )
    }
    default:
      return []
  }
}
