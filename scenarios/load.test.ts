import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listScenarios, scenarioNames } from './list.ts'
import { loadScenario, parseScenario, scenarioHash } from './load.ts'
import { ScenarioError } from './scenario-error.ts'

const good = `name: mine
shows: a scenario of my own
durationMs: 5000
event:
  segmentMs: 2000
topology:
  sites:
    - name: a
      edges: 2
fleet:
  players: 3
  arrivals:
    - is: ramp
      fromMs: 0
      toMs: 1000
      share: 1
actions:
  - atMs: 1000
    do: kill-edge
    edge: designated
checks:
  - figure: fills_per_segment
    policy: oca
    equals: 1
`
const known = { policies: ['none', 'nginx', 'oca'], figures: ['fills_per_segment', 'wrong_bodies'] }

/** The message that `good` with `from` replaced by `to` gets. */
function complaintAbout(from: string, to: string): string {
  expect(good).toContain(from)
  try {
    parseScenario(good.replace(from, to), 'mine.yaml', known)
  } catch (error) {
    expect(error).toBeInstanceOf(ScenarioError)
    return (error as Error).message
  }
  return 'no complaint'
}

test('a good scenario is read, and what it leaves out has its default', () => {
  const scenario = parseScenario(good, 'mine.yaml', known)
  expect(scenario.policies).toEqual(['none', 'nginx', 'oca'])
  expect(scenario.fleet.clockError).toEqual({ is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 })
})

test.each([
  [
    'durationMs: 5000',
    'durationMs: long',
    `mine.yaml:3:13: durationMs cannot be "long"; it must be a number of at least 2000 and at most 86400000`,
  ],
  [
    '  segmentMs: 2000',
    '  segmentMS: 2000',
    `mine.yaml:5:3: unknown key 'segmentMS' in event; did you mean 'segmentMs'?`,
  ],
  [
    '  players: 3',
    '  players: 3.5',
    `mine.yaml:11:12: fleet.players cannot be 3.5; it must be a whole number of at least 0 and at most 100000000`,
  ],
  [
    'is: ramp',
    'is: rampe',
    `mine.yaml:13:11: fleet.arrivals[0].is cannot be "rampe"; it must be one of ramp, push, half-time, leave-wave`,
  ],
  [
    '      share: 1\n',
    '',
    `mine.yaml:13:7: fleet.arrivals[0].share is missing; it must be a number of at least 0 and at most 1`,
  ],
  ['    edge: designated', '    edge: a3', `mine.yaml:20:11: there is no edge 'a3'; did you mean 'a1'?`],
  [
    '    edge: designated',
    '    egde: a1',
    `mine.yaml:18:5: actions[0].edge is missing; it must be a name of a-z, 0-9 and -, at most 64 characters, or "designated"\nmine.yaml:20:5: unknown key 'egde' in actions[0]; did you mean 'edge'?`,
  ],
  [
    'atMs: 1000\n    do',
    'atMs: 9000\n    do',
    "mine.yaml:18:11: this action comes at 9000 ms, after the storm's end; the storm lasts 5000 ms (durationMs)",
  ],
  [
    'fills_per_segment',
    'fils_per_segment',
    `mine.yaml:22:13: there is no figure 'fils_per_segment'; did you mean 'fills_per_segment'?`,
  ],
  [
    '    policy: oca',
    '    policy: squid',
    `mine.yaml:23:13: there is no policy 'squid'; there are: none, nginx, oca, *`,
  ],
  [
    '    equals: 1',
    '',
    `mine.yaml:22:5: this check of fills_per_segment asks for nothing; give it equals, atMost or atLeast`,
  ],
])('%j written as %j is answered with place, fault and remedy', (from, to, message) => {
  expect(complaintAbout(from, to)).toBe(message)
})

test.each([
  [
    '  sites:\n    - name: a\n',
    '  regions: [eu, us]\n  sites:\n    - name: a\n      region: uk\n',
    `mine.yaml:10:15: there is no region 'uk'; did you mean 'us'?`,
  ],
  [
    'topology:\n',
    'topology:\n  regions: [eu, eu]\n',
    `mine.yaml:7:17: the region 'eu' is named twice; name each region once`,
  ],
  [
    'topology:\n',
    'topology:\n  roles: split\n',
    `mine.yaml:7:10: publish and delivery cannot be processes of their own over 'lsm', which serves one process only; give the scenario a store that both can open (store: { is: cassandra } or { is: s3 }), or roles: both`,
  ],
  [
    'topology:\n',
    'store: { is: redis }\ntopology:\n',
    `mine.yaml:6:14: store.is cannot be "redis"; it must be one of lsm, memory, cassandra, s3`,
  ],
  [
    'topology:\n',
    'store: { is: cassandra, nodes: { us: 3 } }\ntopology:\n',
    `mine.yaml:6:38: there is no region 'us'; there are: eu`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: lose-region\n    region: eu',
    `mine.yaml:20:13: there is one region: nothing is left when it is lost; give topology.regions another one`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: kill-node',
    `mine.yaml:19:9: the store 'lsm' has no nodes; give the scenario store: { is: cassandra }`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: kill-node\n    node: 2\nstore: { is: cassandra }',
    `mine.yaml:20:11: there is no node eu2; there are: eu1 (store.nodes)`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: kill-cache',
    `mine.yaml:19:9: no cache stands in front of the store; give it one: store: { …, memcached: { servers: 1 } }`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: kill-cache\n    server: 2\nstore: { is: lsm, memcached: { servers: 1 } }',
    `mine.yaml:20:13: there is no cache server 2; there are 1 (store.memcached.servers)`,
  ],
  [
    'do: kill-edge\n    edge: designated',
    'do: kill-origin',
    `mine.yaml:18:5: actions[0].downMs is missing; it must be a number of at least 0`,
  ],
])('regions and stores: %j written as %j is answered with place, fault and remedy', (from, to, message) => {
  expect(complaintAbout(from, to)).toBe(message)
})

test('what is no YAML says where it stops being YAML', () => {
  expect(complaintAbout('  sites:', '  sites: [')).toMatch(
    /^mine\.yaml:\d+:\d+: this is no YAML: .+; mind the indentation/,
  )
})

test('an empty file is no scenario', () => {
  expect(() => parseScenario('', 'empty.yaml')).toThrow(
    'empty.yaml:1:1: the scenario cannot be null; it must be an object with name, shows, durationMs, event, topology, fleet',
  )
})

test('a name that is near a scenario gets it suggested, and a path that cannot be read says so', () => {
  expect(() => loadScenario('kikoff')).toThrow("did you mean 'kickoff'?")
  expect(() => loadScenario('./nowhere.yaml')).toThrow('./nowhere.yaml:1:1: the file cannot be read (ENOENT)')
})

test("a user's own scenario is loaded by its path", () => {
  const file = join(mkdtempSync(join(tmpdir(), 'tidegate-')), 'own.yaml')
  writeFileSync(file, good)
  expect(loadScenario(file, known).name).toBe('mine')
})

test('the hash is of what is meant, not of how it is written', () => {
  const reordered = good.replace(
    'name: mine\nshows: a scenario of my own\n',
    '# a comment\nshows: "a scenario of my own"\nname: mine\n',
  )
  expect(scenarioHash(parseScenario(reordered, 'a'))).toBe(scenarioHash(parseScenario(good, 'b')))
  expect(scenarioHash(parseScenario(good.replace('players: 3', 'players: 4'), 'c'))).not.toBe(
    scenarioHash(parseScenario(good, 'b')),
  )
})

test.each(scenarioNames())('the scenario %s that comes with Tidegate is right and named after its file', name => {
  const scenario = loadScenario(name)
  expect(scenario.name).toBe(name)
  expect(scenario.checks.length).toBeGreaterThan(0)
  expect(scenario.checks.some(check => check.figure === 'wrong_bodies' && check.equals === 0)).toBe(true)
})

test('the list has every scenario with what it shows', () => {
  expect(listScenarios().map(one => one.name)).toEqual(scenarioNames())
  for (const { shows } of listScenarios()) expect(shows).toMatch(/\.$/)
})
