import { expect, test } from 'vitest'
import { edgeConfigSchema } from '../edge/http/config.ts'
import { expectedPublication, liveEdge } from '../live/template.ts'
import { fleetConfigSchema } from '../loadgen/http/config.ts'
import { originConfigSchema } from '../origin/http/config.ts'
import { pipelineConfigSchema } from '../origin/pipeline/config.ts'
import type { StoreConfig } from '../origin/store/store-config.ts'
import { scenarioNames } from '../scenarios/list.ts'
import { loadScenario } from '../scenarios/load.ts'
import { delivers, originsOf, preferredRegions, publishedTo } from '../scenarios/origin-places.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { eventOf } from './event-of.ts'
import { parsePolicy, policyName } from './policies.ts'
import { edgeConfig, edgesOf, fleetConfig, originConfig, pipelineConfig } from './process-configs.ts'

const now = 1_800_000_000_123

/** A store of the scenario's kind, as the lab would name it. */
const storeLike = ({ store: { is } }: Scenario): StoreConfig => {
  if (is === 'memory') return { is }
  if (is === 'lsm') return { is, folder: '/tmp/x' }
  if (is === 's3') return { is, endpoint: 'http://127.0.0.1:1', bucket: 'one', region: 'us-east-1' }
  return { is, contactPoints: ['127.0.0.1:9042'], localDataCentre: 'eu', keyspace: 'v_oca', replication: { eu: 1 } }
}

const inRegions = (regions: string[], given: Partial<Scenario> = {}, roles: 'both' | 'split' = 'both'): Scenario => {
  const smoke = loadScenario('smoke')
  const sites = regions.map((region, i) => ({ name: `s${i}x`, region, edges: 1 }))
  return { ...smoke, topology: { regions, roles, sites }, ...given }
}

test('origins are named by what tells them from each other', () => {
  const names = (scenario: Scenario) => originsOf(scenario).map(({ name }) => name)
  expect(names(inRegions(['eu']))).toEqual(['origin'])
  expect(names(inRegions(['eu', 'us']))).toEqual(['origin-eu', 'origin-us'])
  expect(names(inRegions(['eu'], {}, 'split'))).toEqual(['origin-publish', 'origin-delivery'])
  const all = originsOf(inRegions(['eu', 'us'], {}, 'split'))
  expect(all.filter(delivers).map(({ name }) => name)).toEqual(['origin-eu-delivery', 'origin-us-delivery'])
})

test('a pipeline publishes into every region, or into its own where the store brings it to the others', () => {
  const to = (scenario: Scenario, pipeline: string) =>
    publishedTo(scenario, pipeline, ['a', 'b']).map(({ name }) => name)
  const apart = inRegions(['eu', 'us'])
  expect([to(apart, 'a'), to(apart, 'b')]).toEqual([
    ['origin-eu', 'origin-us'],
    ['origin-eu', 'origin-us'],
  ])
  const replicated = inRegions(['eu', 'us'], { store: { is: 'cassandra', nodes: {} } })
  expect([to(replicated, 'a'), to(replicated, 'b')]).toEqual([['origin-eu'], ['origin-us']])
  const one = inRegions(['eu'], { store: { is: 'cassandra', nodes: {} } }, 'split')
  expect([to(one, 'a'), to(one, 'b')]).toEqual([['origin-publish'], ['origin-publish']])
})

test("edges prefer their site's region, then the others in their order", () => {
  const scenario = inRegions(['eu', 'us', 'ap'])
  expect(preferredRegions(scenario, 's1x')).toEqual(['us', 'eu', 'ap'])
  expect(preferredRegions(scenario, 's0x')).toEqual(['eu', 'us', 'ap'])
})

test.each(scenarioNames())('every process of %s gets a configuration that its schema takes', name => {
  const scenario = loadScenario(name)
  const event = eventOf(scenario, now)
  const common = { name: 'x', seed: scenario.seed, decisionLog: '/tmp/x.ndjson' }
  const url = 'http://127.0.0.1:4000'
  for (const place of originsOf(scenario)) {
    const origin = originConfig(common, event, {
      ...place,
      host: '127.0.0.1',
      store: storeLike(scenario),
      follow: [{ region: 'eu', url }],
      ...{ deliveryPort: 0, publishPort: 0, controlPort: 0 },
      backlogUntilMs: now,
    })
    expect(originConfigSchema.safeParse(origin).error).toBeUndefined()
  }
  const pipeline = pipelineConfig(common, scenario, event, { pipeline: 'a', publishTo: [url] })
  expect(pipelineConfigSchema.safeParse(pipeline).error).toBeUndefined()
  const edge = edgeConfig(common, event, {
    site: 'a',
    port: 0,
    origins: [{ region: 'eu', url }],
    policy: parsePolicy('oca-wakeOnFill'),
  })
  expect(edgeConfigSchema.safeParse(edge).error).toBeUndefined()
  const fleet = fleetConfig(common, scenario, event, { sites: [{ site: 'a', edges: [url] }], startMs: now })
  expect(fleetConfigSchema.safeParse(fleet).error).toBeUndefined()
})

test('the backlog lies before the storm, and segments begin on whole multiples of their length', () => {
  const scenario = loadScenario('kickoff')
  const event = eventOf(scenario, now)
  const edge = liveEdge(event, now) as number
  expect(edge - event.firstNumber + 1).toBe(scenario.event.backlogSegments)
  expect(expectedPublication(event, edge)).toBeLessThanOrEqual(now)
  expect(event.startMs % event.segmentMs).toBe(0)
})

test('edges are called after their sites', () => {
  expect(edgesOf(loadScenario('kickoff')).map(({ edge }) => edge)).toEqual(['a1', 'a2', 'b1', 'b2'])
})

test('a policy is a preset with behaviours put off and on', () => {
  expect(parsePolicy('oca')).toMatchObject({ preset: 'oca', switches: {} })
  const mixed = parsePolicy('nginx+wakeOnFill-proxy_cache_lock')
  expect(mixed).toMatchObject({ preset: 'nginx', switches: { wakeOnFill: true, proxy_cache_lock: false } })
  expect(mixed.policy).toMatchObject({ name: 'nginx+wakeOnFill-proxy_cache_lock', wakeOnFill: true, lockPollMs: 500 })
  expect(() => parsePolicy('ngnix')).toThrow("there is no policy 'ngnix'; did you mean 'nginx'?")
  expect(() => parsePolicy('oca-wakeOnFil')).toThrow("there is no switch 'wakeOnFil'; did you mean 'wakeOnFill'?")
  expect(() => parsePolicy('oca-lockPollMs')).toThrow("'lockPollMs' has a value: write '+lockPollMs=…'")
})

test('a behaviour that is not only on or off is named with its value, and a policy can be named back', () => {
  const name = 'oca-wakeOnFill+lockCovers=new+lockPollMs=500+proxy_cache_use_stale=error,timeout'
  const { switches, policy } = parsePolicy(name)
  expect(policy).toMatchObject({ lockCovers: 'new', lockPollMs: 500, proxy_cache_use_stale: ['error', 'timeout'] })
  expect(parsePolicy(policyName('oca', switches)).policy).toEqual({ ...policy, name: policyName('oca', switches) })
  expect(policyName('oca', { wakeOnFill: true })).toBe('oca')
  for (const from of ['none', 'nginx', 'oca']) {
    const { name: _, ...oca } = parsePolicy('oca').policy
    expect(parsePolicy(policyName(from, oca)).policy).toMatchObject(oca)
  }
  expect(() => parsePolicy('oca+lockCovers=old')).toThrow("'lockCovers' cannot be 'old'")
  expect(() => parsePolicy('oca+lockPollMs=')).toThrow("'lockPollMs' cannot be ''")
  expect(() => parsePolicy('oca+wakeOnFill=true')).toThrow("write '+wakeOnFill' or '-wakeOnFill'")
})
