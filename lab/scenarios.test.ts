import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explain } from '../results/explain/explain.ts'
import { recordSchema, type Variant } from '../results/record/record.ts'
import { scenarioNames } from '../scenarios/list.ts'
import { loadScenario } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { findMemcached } from '../services/memcached.ts'
import { type RunOptions, type RunOutcome, runScenario } from './run.ts'
import { firmChecks, ordered, players, small } from './small-scenario.fixture.ts'

// Every scenario as real processes, small. Those over a Cassandra cluster stand in storage/cassandra-scenarios.test.ts.

const folder = mkdtempSync(join(tmpdir(), 'tidegate-scenarios-'))

const memcached = await findMemcached()
const names = scenarioNames().filter(name => {
  const { store } = loadScenario(name)
  if (store.is === 'cassandra') return false
  if (!store.memcached || !('absent' in memcached)) return true
  process.stderr.write(`NOT TESTED: the scenario ${name}: ${memcached.absent}\n`)
  return false
})

const run = (scenario: Scenario, options: RunOptions = {}): Promise<RunOutcome> =>
  runScenario(scenario, { out: folder, ...options })

/** The URLs of every edge of a finished variant. */
function edgeUrls(recordFile: string, policy: string): string[] {
  const fleet = JSON.parse(readFileSync(join(dirname(recordFile), policy, 'fleet.config.json'), 'utf8'))
  return fleet.sites.flatMap((site: { edges: string[] }) => site.edges)
}

const isRefused = (url: string): Promise<boolean> =>
  new Promise(done => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    socket.once('connect', () => {
      socket.destroy()
      done(false)
    })
    socket.once('error', () => done(true))
  })

describe.concurrent('every scenario as real processes', { timeout: 60_000 }, () => {
  test.each(names)('%s holds what it checks under oca', async name => {
    const { record, recordFile, remarks } = await run(small(loadScenario(name)), { policies: ['oca'] })
    expect(recordSchema.parse(JSON.parse(readFileSync(recordFile, 'utf8')))).toEqual(JSON.parse(JSON.stringify(record)))
    expect({ partial: record.partial, remarks }).toEqual({ partial: false, remarks: [] })
    const [variant] = record.variants as [Variant]
    expect(variant.figures.players).toBe(players)
    expect(variant.figures.segments_counted).toBeGreaterThan(0)
    expect(variant.figures).toMatchObject({ acknowledged_lost: 0 })
    expect(variant.figures.acknowledged).toBeGreaterThan(0)
    expect(ordered(variant)).toHaveLength(loadScenario(name).actions.length)
    expect(firmChecks(variant).length).toBeGreaterThan(0)
    expect(firmChecks(variant).filter(check => check.outcome !== 'held')).toEqual([])
    const text = await explain(record, dirname(recordFile), { rows: 5 })
    expect(text).toMatch(/^oca: [1-9][0-9]* segment requests reached the origin/)
    expect(text).not.toContain('unknown')
    expect(await Promise.all(edgeUrls(recordFile, 'oca').map(isRefused))).not.toContain(false)
  })
})

test.concurrent('one after the other, policies differ in what reaches the origin', { timeout: 60_000 }, async () => {
  const told: string[] = []
  const { record, recordFile } = await run(small(loadScenario('smoke')), {
    policies: ['none', 'nginx'],
    decisionLogs: false,
    onProgress: ({ variant, doing }) => told.push(`${variant}: ${doing}`),
  })
  const [none, nginx] = record.variants as [Variant, Variant]
  expect(none.figures.origin_segment_requests).toBeGreaterThan(2 * (nginx.figures.origin_segment_requests as number))
  expect(none.figures.hit_share).toBe(0)
  expect(nginx.figures.hit_share).toBeGreaterThan(0.5)
  expect([none, nginx].map(variant => variant.figures.wrong_bodies)).toEqual([0, 0])
  expect([...new Set(told)]).toContain(`none: ${players} players storm none`)
  await expect(explain(record, dirname(recordFile), { rows: 5 })).rejects.toThrow('no decision logs were kept')
})

test.concurrent('an interrupted run keeps what it measured, marked as partial, and leaves no process', {
  timeout: 60_000,
}, async () => {
  const controller = new AbortController()
  const { record, recordFile } = await run(small(loadScenario('smoke')), {
    policies: ['oca', 'none'],
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done > 0.5) controller.abort()
    },
  })
  expect(record.partial).toBe(true)
  expect(record.variants.map(({ name }) => name)).toEqual(['oca'])
  expect(record.variants[0]?.figures.player_requests).toBeGreaterThan(0)
  expect(await Promise.all(edgeUrls(recordFile, 'oca').map(isRefused))).not.toContain(false)
})
