import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'hdr-histogram-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { byRest, guardSamples, quantilesOf } from './counted.ts'
import { type MetricRole, metricDefinitions } from './metric-names.ts'
import { listenForMetrics, type ProcessMetrics, type Reading } from './metrics.ts'

const toClose: ProcessMetrics[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const metrics of toClose.splice(0)) await metrics.close()
})

async function exported(role: MetricRole, read: () => Reading | Promise<Reading>): Promise<ProcessMetrics> {
  const metrics = await listenForMetrics({ role, name: 'a1', host: '127.0.0.1', port: 0, read })
  toClose.push(metrics)
  return metrics
}
const scrape = async ({ url }: ProcessMetrics) => (await fetch(`${url}/metrics`)).text()

describe('the metrics listener', () => {
  it('shows what is read at each scrape, and forgets what it read before', async () => {
    let held = 3
    const requests = () =>
      [
        [200, 'published', held],
        [404, 'too-early', 1],
      ] as const
    const metrics = await exported('origin', () => ({ tidegate_held: held, tidegate_requests_total: requests() }))
    const text = await scrape(metrics)
    expect(text).toContain('tidegate_held{role="origin",name="a1"} 3\n')
    expect(text).toContain('tidegate_requests_total{status="200",reason="published",role="origin",name="a1"} 3\n')
    expect(text).toContain('tidegate_requests_total{status="404",reason="too-early",role="origin",name="a1"} 1\n')
    held = 1
    expect(await scrape(metrics)).toContain('tidegate_held{role="origin",name="a1"} 1\n')
  })

  it('has durations as a histogram, and what the process itself tells', async () => {
    const metrics = await exported('edge', () => ({}))
    for (const durationMs of [0.4, 3_200, 60_000]) metrics.observe(durationMs)
    const text = await scrape(metrics)
    const bucket = (le: string) =>
      Number(new RegExp(`tidegate_request_duration_seconds_bucket{le="${le}",.*} (\\d+)`).exec(text)?.[1])
    expect([bucket('0.001'), bucket('3'), bucket('3.5'), bucket('10'), bucket('\\+Inf')]).toEqual([1, 1, 2, 2, 3])
    expect(text).toMatch(/tidegate_request_duration_seconds_sum{.*} 63.2004\n/)
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds{role="edge",name="a1"} [0-9.e-]+\n/)
    expect(text).toMatch(/process_resident_memory_bytes{/)
  })

  it('exports for each role what the table says', async () => {
    for (const role of ['edge', 'origin', 'pipeline', 'fleet'] as const) {
      const text = await scrape(await exported(role, () => ({})))
      const names = [...text.matchAll(/^# TYPE (tidegate_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type])
      const wanted = Object.entries(metricDefinitions).filter(([, { roles }]) =>
        (roles as readonly string[]).includes(role),
      )
      expect(names).toEqual(wanted.map(([name, { type }]) => [name, type]))
    }
  })

  it('answers nothing else', async () => {
    const metrics = await exported('edge', () => ({}))
    expect((await fetch(`${metrics.url}/state`)).status).toBe(404)
    expect((await fetch(`${metrics.url}/metrics`, { method: 'POST' })).status).toBe(405)
    expect(new URL(metrics.url).hostname).toBe('127.0.0.1')
  })

  it('says so when reading fails, and goes on', async () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    let broken = true
    const metrics = await exported('edge', () => {
      if (broken) throw new Error('a worker has ended')
      return { tidegate_waiters: 0 }
    })
    expect((await fetch(`${metrics.url}/metrics`)).status).toBe(500)
    expect(said).toHaveBeenCalledTimes(1)
    broken = false
    expect(await scrape(metrics)).toContain('tidegate_waiters{')
  })

  it('is what docs/observability.md says', () => {
    const page = readFileSync(join(import.meta.dirname, '../docs/observability.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `(tidegate_\w+)` \| (.*) \|$/gm)].map(([, name, rest]) => [name, rest])
    const wanted = Object.entries(metricDefinitions).map(([name, { type, labels, roles, help }]) => [
      name,
      [type, labels.map(label => `\`${label}\``).join(', '), roles.join(', '), help].join(' | '),
    ])
    expect(rows).toEqual(wanted)
  })
})

describe('what a record counts', () => {
  it('becomes samples by the rest of its names', () => {
    const counts = new Map([
      ['puts.status.201', 4],
      ['puts', 5],
      ['closed.slow_reader', 1],
      ['refused.connections', 2],
    ])
    expect(byRest(counts, 'puts.status.')).toEqual([['201', 4]])
    expect(guardSamples(counts)).toEqual([
      ['refused', 'connections', 2],
      ['closed', 'slow_reader', 1],
    ])
  })

  it('becomes quantiles in seconds, none before the first value', () => {
    const histogram = build({ numberOfSignificantValueDigits: 3 })
    expect(quantilesOf(undefined)).toEqual([])
    expect(quantilesOf(histogram)).toEqual([])
    histogram.recordValue(2_000)
    expect(quantilesOf(histogram).map(([quantile]) => quantile)).toEqual([0.5, 0.9, 0.99, 1])
    expect(quantilesOf(histogram)[0]?.[1]).toBeCloseTo(0.002, 5)
  })
})
