import { expect, test } from 'vitest'
import { edgeConfigSchema } from '../edge/http/config.ts'
import { expectedPublication, liveEdge } from '../live/template.ts'
import { fleetConfigSchema } from '../loadgen/http/config.ts'
import { originConfigSchema } from '../origin/http/config.ts'
import { pipelineConfigSchema } from '../origin/pipeline/config.ts'
import { scenarioNames } from '../scenarios/list.ts'
import { loadScenario } from '../scenarios/load.ts'
import { eventOf } from './event-of.ts'
import { parsePolicy } from './policies.ts'
import { edgeConfig, edgesOf, fleetConfig, originConfig, pipelineConfig } from './process-configs.ts'

const now = 1_800_000_000_123

test.each(scenarioNames())('every process of %s gets a configuration that its schema takes', name => {
  const scenario = loadScenario(name)
  const event = eventOf(scenario, now)
  const common = { name: 'x', seed: scenario.seed, decisionLog: '/tmp/x.ndjson' }
  const url = 'http://127.0.0.1:4000'
  expect(
    originConfigSchema.safeParse(
      originConfig(common, scenario, event, { host: '127.0.0.1', port: 0, backlogUntilMs: now }),
    ).error,
  ).toBeUndefined()
  const pipeline = pipelineConfig(common, scenario, event, { pipeline: 'a', publishTo: [url] })
  expect(pipelineConfigSchema.safeParse(pipeline).error).toBeUndefined()
  const edge = edgeConfig(common, event, { site: 'a', port: 0, origin: url, policy: parsePolicy('oca-wakeOnFill') })
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
  expect(() => parsePolicy('oca-lockPollMs')).toThrow("there is no switch 'lockPollMs'")
})
