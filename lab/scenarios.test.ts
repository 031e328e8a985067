import { mkdtempSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { explain } from '../results/explain/explain.ts'
import { definitionOf } from '../results/figure-definitions.ts'
import { recordSchema, type Variant } from '../results/record/record.ts'
import { scenarioNames } from '../scenarios/list.ts'
import { loadScenario } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { type RunOptions, type RunOutcome, runScenario } from './run.ts'

// Every scenario as real processes, small: a dozen players, segments of one second, a storm of six. What the checks ask
// for must hold at any size.

const players = 12
const durationMs = 7_000
const quick = {
  segmentMs: 1_000,
  publishDelayMs: 500,
  longestHoldMs: 1_500,
  clockSlackMs: 500,
  suggestedDelayMs: 2_000,
}
const folder = mkdtempSync(join(tmpdir(), 'tidegate-scenarios-'))

/** An edge goes early: on a busy machine it takes seconds until it is back. */
const edgeGoesMs = 2_490
/** Real media keeps its segments of 2 s; where an edge goes, some segments must lie behind what its loss touches. */
const addedMs = ({ event, actions }: Scenario): number =>
  event.body === 'cmaf' ? 2_000 : actions.some(action => 'edge' in action) ? 4_000 : 0

/** `scenario` with few players, in a short time. */
function small(scenario: Scenario): Scenario {
  const isMedia = scenario.event.body === 'cmaf'
  const wholeMs = durationMs + addedMs(scenario)
  const scale = (ms: number) => (ms * wholeMs) / scenario.durationMs
  return {
    ...scenario,
    durationMs: wholeMs,
    event: {
      ...scenario.event,
      ...(isMedia ? {} : quick),
      backlogSegments: Math.min(20, scenario.event.backlogSegments),
    },
    fleet: { ...scenario.fleet, players, arrivals: [{ is: 'ramp', fromMs: 0, toMs: 400, share: 1 }] },
    actions: scenario.actions.map(action => ({
      ...action,
      atMs: 'edge' in action ? edgeGoesMs : scale(action.atMs),
      ...('forMs' in action && action.forMs !== undefined ? { forMs: scale(action.forMs) } : {}),
      ...('downMs' in action && action.downMs !== undefined ? { downMs: scale(action.downMs) } : {}),
    })),
  }
}

const run = (scenario: Scenario, options: RunOptions = {}): Promise<RunOutcome> =>
  runScenario(scenario, { out: folder, ...options })

/** Checks of what the design fixes; how long things take says little on a machine that runs tests. */
const firmChecks = ({ checks }: Variant) => checks.filter(check => definitionOf(check.figure)?.kind === 'exact')

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
  test.each(scenarioNames())('%s holds what it checks under oca', async name => {
    const { record, recordFile, remarks } = await run(small(loadScenario(name)), { policies: ['oca'] })
    expect(recordSchema.parse(JSON.parse(readFileSync(recordFile, 'utf8')))).toEqual(JSON.parse(JSON.stringify(record)))
    expect({ partial: record.partial, remarks }).toEqual({ partial: false, remarks: [] })
    const [variant] = record.variants as [Variant]
    expect(variant.figures.players).toBe(players)
    expect(variant.figures.segments_counted).toBeGreaterThan(0)
    const ordered = variant.actions.filter(({ action }) => action.do !== 'revive-edge')
    expect(ordered).toHaveLength(loadScenario(name).actions.length)
    expect(firmChecks(variant).length).toBeGreaterThan(0)
    expect(firmChecks(variant).filter(check => check.outcome !== 'held')).toEqual([])
    const text = await explain(record, dirname(recordFile), { rows: 5 })
    expect(text).toMatch(/^oca: [1-9][0-9]* segment requests reached the origin/)
    expect(text).not.toContain('unknown')
    expect(await Promise.all(edgeUrls(recordFile, 'oca').map(isRefused))).not.toContain(false)
  })
})

test('one after the other, policies differ in what reaches the origin', { timeout: 60_000 }, async () => {
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

test('an interrupted run keeps what it measured, marked as partial, and leaves no process', {
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
