import { describe, expect, test } from 'vitest'
import { figureDefinitions } from '../../results/figure-definitions.ts'
import { type RunRecord, recordSchema } from '../../results/record/record.ts'
import { scenarioNames } from '../../scenarios/list.ts'
import { loadScenario } from '../../scenarios/load.ts'
import { type Action, actionSchema, type Scenario, scenarioSchema } from '../../scenarios/schema.ts'
import { MemoryError } from '../memory.ts'
import { simulateScenario } from './simulate-scenario.ts'

const simulate = (scenario: Scenario, ...policies: string[]) => simulateScenario(scenario, { policies, out: null })
const withoutEnvironment = ({ environment: _, ...record }: RunRecord): string => JSON.stringify(record)

describe('every scenario in exact mode', () => {
  test.each(scenarioNames())(
    '%s: its checks hold under oca',
    async name => {
      const scenario = loadScenario(name)
      // An event without an end is as good after half a minute.
      const durationMs = Math.min(scenario.durationMs, 30_000)
      const { record } = await simulate({ ...scenario, durationMs }, 'oca')
      expect(recordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(JSON.parse(JSON.stringify(record)))
      const [variant] = record.variants
      expect(variant?.checks.length).toBeGreaterThan(0)
      expect(variant?.checks.filter(check => check.outcome !== 'held')).toEqual([])
      expect(variant?.figures.player_requests).toBeGreaterThan(100)
      expect(record).toMatchObject({ world: 'simulated', partial: false, simulation: { mode: 'exact' } })
    },
    60_000,
  )
})

describe('the same scenario, seed and commit', () => {
  test('give the same record to the byte', async () => {
    const scenario = loadScenario('smoke')
    const [first, second] = [await simulate(scenario, 'none', 'oca'), await simulate(scenario, 'none', 'oca')]
    expect(withoutEnvironment(second.record)).toBe(withoutEnvironment(first.record))
    const other = await simulate({ ...scenario, seed: scenario.seed + 1 }, 'none', 'oca')
    expect(other.record.variants.map(({ decisions }) => decisions?.hash)).not.toEqual(
      first.record.variants.map(({ decisions }) => decisions?.hash),
    )
  }, 60_000)
})

test('fills are what closed forms say: once a site under oca, once an edge under nginx, once a player under none', async () => {
  const { record } = await simulate(loadScenario('kickoff'), 'none', 'nginx', 'oca')
  const [none, nginx, oca] = record.variants.map(({ figures }) => figures.fills_per_segment as number)
  // 300 players, two sites with two edges each; everybody is on the same rung, and has the audio.
  expect(oca).toBe(1)
  expect(nginx).toBe(2)
  expect((none as number) / 150).toBeCloseTo(1, 1)
}, 60_000)

test('the figures have the names of the table: a scenario emits those that its real run has, but for what cannot be known', async () => {
  const namesOf = async (scenario: Scenario) => {
    const { record } = await simulate(scenario, 'oca')
    return Object.keys(record.variants[0]?.figures ?? {}).filter(name => !name.includes('.'))
  }
  const all = figureDefinitions.map(({ name }) => name)
  // There is no cache, one process that has what it publishes in memory, and one region.
  const alone = ['database_reads_in_storm', 'read_your_writes_ms_p99', 'read_your_writes_across_ms_p99']
  expect(await namesOf(loadScenario('smoke'))).toEqual(all.filter(name => !alone.includes(name)))
  const store = { is: 'cassandra' as const, nodes: { eu: 3 }, memcached: { servers: 2 } }
  const many = loadScenario('kickoff')
  const topology = { ...many.topology, regions: ['eu', 'us'], roles: 'split' as const }
  // The first is not known where a process looks for what another region replicates; the second is a driver's own.
  const unknown = ['storage_reads_in_404_storm', 'read_retries']
  expect(await namesOf({ ...many, store, topology })).toEqual(all.filter(name => !unknown.includes(name)))
}, 60_000)

describe('actions', () => {
  const everything: Action[] = [
    { atMs: 1_000, do: 'notify', type: 'ad-break', text: 'soon' },
    { atMs: 1_500, do: 'fleet-size', players: 60 },
    { atMs: 2_000, do: 'defects', pipeline: 'a', kind: 'short', ms: 100, forMs: 2_000 },
    { atMs: 2_500, do: 'tear-puts', forMs: 500 },
    { atMs: 3_000, do: 'mask', pipeline: 'a', lastSegments: 2 },
    { atMs: 3_500, do: 'invalidate', lastSegments: 2, pipeline: 'b' },
    { atMs: 4_000, do: 'publish-delay', pipeline: 'b', ms: 300, forMs: 2_000 },
    { atMs: 5_000, do: 'flush-edge', edge: 'b1' },
    { atMs: 5_500, do: 'store-slow', ms: 200, forMs: 1_000 },
    { atMs: 6_000, do: 'raise-version' },
    { atMs: 6_500, do: 'kill-cache', downMs: 1_000 },
    { atMs: 7_000, do: 'restart-edge', edge: 'a1', downMs: 800 },
    { atMs: 8_000, do: 'shed', on: true },
    { atMs: 8_200, do: 'kill-node', node: 1, downMs: 1_000 },
    { atMs: 9_000, do: 'shed', on: false },
    { atMs: 9_500, do: 'origin-slow', ms: 200, forMs: 1_000 },
    { atMs: 10_600, do: 'store-fails', forMs: 400 },
    { atMs: 11_000, do: 'stall-encoder', forMs: 1_000 },
    { atMs: 12_500, do: 'lose-pipeline', pipeline: 'a' },
    { atMs: 13_000, do: 'kill-edge', edge: 'designated' },
    { atMs: 14_000, do: 'origin-down', forMs: 1_000 },
    { atMs: 15_000, do: 'fleet-size', players: 10 },
    { atMs: 15_500, do: 'kill-origin', downMs: 300 },
    { atMs: 18_000, do: 'lose-region', region: 'us', forMs: 300 },
  ]

  test('of every kind are carried out, and leave the world consistent', async () => {
    expect(new Set(everything.map(action => action.do))).toEqual(
      new Set(actionSchema.options.map(option => option.shape.do.value)),
    )
    const scenario = scenarioSchema.parse({
      name: 'everything',
      shows: 'every action of the schema, one after the other',
      durationMs: 21_000,
      event: { backlogSegments: 20 },
      topology: { regions: ['eu', 'us'], sites: ['a', 'b'].map(name => ({ name, edges: 2 })) },
      store: { is: 'cassandra', nodes: { eu: 3 }, memcached: { servers: 2 } },
      fleet: { players: 30, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 1_000, share: 1 }], dvrShare: 0.3 },
      actions: everything,
    })
    const { record } = await simulate(scenario, 'none', 'nginx', 'oca')
    for (const { name, actions, figures, parts, event } of record.variants) {
      const undone = ['revive-edge', 'revive-cache', 'revive-node', 'revive-origin', 'restore-region']
      const done = actions.map(({ action }) => action.do)
      expect(done.toSorted(), name).toEqual([...everything.map(action => action.do), ...undone].toSorted())
      expect(figures.wrong_bodies, name).toBe(0)
      expect(figures.acknowledged, name).toBeGreaterThan(20)
      expect(figures.acknowledged_lost, name).toBe(0)
      expect(figures.players, name).toBe(60)
      expect(event.version, name).toBe(2)
      const fleet = parts.find(part => part.role === 'fleet')
      expect(fleet?.counts.players_left, name).toBe(fleet?.counts.players_joined)
    }
    const oca = record.variants.find(({ name }) => name === 'oca')
    expect(oca?.figures.fills_per_segment_untouched_max ?? 1).toBe(1)
  }, 60_000)
})

describe('what cannot be simulated', () => {
  test('a fleet that would take too much memory is refused before it starts, with what would be right', async () => {
    const scenario = loadScenario('kickoff')
    const huge = { ...scenario, fleet: { ...scenario.fleet, players: 80_000_000 } }
    await expect(simulate(huge, 'oca')).rejects.toThrow(MemoryError)
    await expect(simulate(huge, 'oca')).rejects.toThrow(/80,000,000 players .* the limit is 3,072 MiB: simulate about/)
  })

  test('a policy that does not exist is named', async () => {
    await expect(simulate(loadScenario('smoke'), 'ngnix')).rejects.toThrow("did you mean 'nginx'?")
  })

  test('a simulation that is ended early leaves the part done, marked as partial', async () => {
    const scenario = loadScenario('kickoff')
    const large = { ...scenario, fleet: { ...scenario.fleet, players: 20_000 } }
    const ended = new AbortController()
    const { record } = await simulateScenario(large, {
      policies: ['oca', 'nginx'],
      out: null,
      signal: ended.signal,
      onProgress: ({ doing, done }) => {
        expect(doing).toMatch(/ of 15\.0 s simulated, \d+ players, \d+ requests, .* times real time/)
        if (done > 0.05) ended.abort()
      },
    })
    expect(record.partial).toBe(true)
    expect(record.variants.map(({ name }) => name)).toEqual(['oca'])
    const [variant] = record.variants
    expect(variant?.figures.player_requests).toBeGreaterThan(0)
    expect((variant?.endedMs as number) - (variant?.startedMs as number)).toBeLessThan(scenario.durationMs)
  }, 60_000)
})
