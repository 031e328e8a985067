import { describe, expect, test } from 'vitest'
import type { Part } from '../../results/record/part.ts'
import type { Variant } from '../../results/record/record.ts'
import { loadScenario } from '../../scenarios/load.ts'
import type { Action, Scenario } from '../../scenarios/schema.ts'
import { simulateScenario } from './simulate-scenario.ts'

// Storage in the simulated world: what a fault breaks is felt, and what a store keeps is really kept.

async function ocaOf(scenario: Scenario, policy = 'oca'): Promise<Variant> {
  const { record } = await simulateScenario(scenario, { policies: [policy], out: null })
  return record.variants[0] as Variant
}
const originsOf = ({ parts }: Variant): Part[] => parts.filter(({ role }) => role === 'origin')
const sum = (variant: Variant, name: string): number =>
  originsOf(variant).reduce((total, { counts }) => total + (counts[name] ?? 0), 0)
const without = (scenario: Scenario, kind: Action['do']): Scenario => ({
  ...scenario,
  actions: scenario.actions.filter(action => action.do !== kind),
})

describe('what was acknowledged', () => {
  test('is lost with the memory of the origin that held it, and only then', async () => {
    const crash = loadScenario('origin-crash')
    const lost = await ocaOf({ ...crash, store: { is: 'memory' } })
    expect(lost.figures.acknowledged_lost).toBeGreaterThan(10)
    const kept = await ocaOf({ ...without(crash, 'kill-origin'), store: { is: 'memory' } })
    expect(kept.figures.acknowledged_lost).toBe(0)
    expect((await ocaOf(crash)).figures.acknowledged_lost).toBe(0)
  })

  test('is not read back where the storm was ended early', async () => {
    const ended = AbortSignal.abort()
    const { record } = await simulateScenario(loadScenario('smoke'), { policies: ['oca'], out: null, signal: ended })
    expect(record.variants.flatMap(({ figures }) => figures.acknowledged ?? [])).toEqual([])
  })
})

test('a crash: packagers are refused meanwhile, and the origin comes back over its store', async () => {
  const crash = loadScenario('origin-crash')
  const failures = ({ parts }: Variant, name: string) =>
    parts
      .filter(({ role }) => role === 'pipeline')
      .reduce((all, { counts }) => all + (counts[`puts.failure.${name}`] ?? 0), 0)
  const [calm, crashed] = [await ocaOf(without(crash, 'kill-origin')), await ocaOf(crash)]
  expect(failures(calm, 'refused')).toBe(0)
  expect(failures(crashed, 'refused')).toBeGreaterThan(0)
  // It takes up what its store holds, and edges that ask again get it there.
  expect(calm.figures.player_5xx).toBe(0)
  expect(crashed.figures.player_5xx).toBeGreaterThan(0)
  expect(crashed.figures.rebuffers).toBe(0)
  expect(crashed.figures.segments_counted).toBeGreaterThan((calm.figures.segments_counted as number) - 5)
})

test('a lost region: its edges ask the other one, which they did not ask before', async () => {
  const loss = loadScenario('region-loss')
  const requestsIn = (variant: Variant, region: string, site: string) =>
    originsOf(variant)
      .filter(part => part.region === region)
      .flatMap(({ segments }) => segments)
      .filter(one => one.site === site).length
  const calm = await ocaOf(without(loss, 'lose-region'))
  expect(requestsIn(calm, 'us', 'a')).toBe(0)
  expect(requestsIn(calm, 'eu', 'a')).toBeGreaterThan(5)
  const lost = await ocaOf(loss)
  expect(requestsIn(lost, 'us', 'a')).toBeGreaterThan(3)
  expect(lost.figures.read_your_writes_across_ms_p99).toBeGreaterThan(0)
})

test('a quorum: one node of three is not missed, two are, and reads and writes fail', async () => {
  const loss = loadScenario('node-loss')
  const one = await ocaOf(loss)
  expect(sum(one, 'store.unavailable')).toBe(0)
  const both = [1, 2].map(node => ({ atMs: 6_000, do: 'kill-node' as const, node }))
  const two = await ocaOf({ ...loss, actions: both })
  expect(sum(two, 'publishes.reason.store-failed')).toBeGreaterThan(0)
  expect(two.figures.reads_failed_after_retries).toBeGreaterThan(0)
  // Every node is back for the audit: what was acknowledged before is there.
  expect(two.figures.acknowledged_lost).toBe(0)
})

test('caches that die: reads go to the database below until they are warm again', async () => {
  const loss = loadScenario('cache-loss')
  const [calm, lost] = [await ocaOf(without(loss, 'kill-cache')), await ocaOf(loss)]
  expect(lost.figures.database_reads_in_storm).toBeGreaterThan(2 * (calm.figures.database_reads_in_storm as number))
  expect(sum(lost, 'store.memcached.failures')).toBeGreaterThan(0)
  expect(sum(calm, 'store.memcached.failures')).toBe(0)
})

test('a slow store: the limiter sheds DVR, and only then', async () => {
  const stall = loadScenario('storage-stall')
  // Under oca the edges have most of the window by then, and too few reads are left to tell stress from chance.
  const [calm, slow] = [await ocaOf(without(stall, 'store-slow'), 'none'), await ocaOf(stall, 'none')]
  expect(sum(calm, 'limiter.started')).toBe(0)
  expect(sum(slow, 'limiter.started')).toBeGreaterThan(0)
  expect(sum(slow, 'limiter.shed')).toBeGreaterThan(0)
  expect(slow.figures.writes_over_500_ms).toBeGreaterThan(0)
  expect(calm.figures.writes_over_500_ms).toBe(0)
})

test('torn puts come again, and nothing of them is kept', async () => {
  const torn = await ocaOf(loadScenario('torn-upload'))
  const pipelines = torn.parts.filter(({ role }) => role === 'pipeline')
  const puts = pipelines.reduce((total, { counts }) => total + (counts.puts_torn ?? 0), 0)
  expect(puts).toBeGreaterThan(5)
  expect(sum(torn, 'publishes.reason.torn')).toBe(puts)
})

test('split roles: the delivery process hears of a publication later than it is acknowledged', async () => {
  const kickoff = loadScenario('kickoff')
  const store = { is: 'cassandra' as const, nodes: {} }
  const visibleOf = async (roles: 'both' | 'split') =>
    (await ocaOf({ ...kickoff, store, topology: { ...kickoff.topology, roles } })).figures
      .publish_to_hold_visible_ms_p50
  expect(await visibleOf('split')).toBeGreaterThan(2 * ((await visibleOf('both')) as number))
})

test('a figure that cannot be known is not emitted, and a check on it does not hold', async () => {
  const loss = loadScenario('node-loss')
  const check = { policy: '*', figure: 'read_retries', atLeast: 0 }
  const { checks, figures } = await ocaOf({ ...loss, checks: [check] })
  expect(figures.read_retries).toBeUndefined()
  expect(checks).toEqual([{ figure: 'read_retries', want: '>= 0', got: null, outcome: 'not-emitted' }])
  const { record } = await simulateScenario(loss, { policies: ['oca'], out: null })
  expect(record.simulation?.leavesOut.join('\n')).toContain('`read_retries` is not known')
})
