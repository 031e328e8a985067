import { expect, test, vi } from 'vitest'
import { decodeHistogram } from '../results/record/merge.ts'
import type { Part } from '../results/record/part.ts'
import { withOwnCosts } from './own-costs.ts'
import { Recorder } from './recorder.ts'

const spend = (ms: number): void => {
  const begun = process.cpuUsage()
  while (process.cpuUsage(begun).user < 1_000 * ms);
}

test('a record counts the CPU time since the last reset, and everything that it counted before', async () => {
  const recorder = new Recorder({ role: 'edge', name: 'a1' })
  recorder.count('requests', 3)
  let resets = 0
  const routes = withOwnCosts({ 'GET /record': () => recorder.part(), 'POST /reset': () => void resets++ })
  const record = async () => (await routes['GET /record']?.(undefined)) as Part
  const cpuMs = async () => (await record()).counts.cpu_ms
  spend(30)
  expect(await cpuMs()).toBeGreaterThanOrEqual(30)
  routes['POST /reset']?.(undefined)
  expect(resets).toBe(1)
  expect(await cpuMs()).toBeLessThan(30)
  expect(await record()).toMatchObject({ role: 'edge', counts: { requests: 3 } })
})

test('a listener without a record stays as it is', () => {
  const routes = { 'GET /state': () => ({}) }
  expect(withOwnCosts(routes)).toBe(routes)
})

test('a record has the pauses of the garbage collector since the last reset', async () => {
  const recorder = new Recorder({ role: 'edge', name: 'a1' })
  const routes = withOwnCosts({ 'GET /record': () => recorder.part(), 'POST /reset': () => {} })
  const pauses = async () => ((await routes['GET /record']?.(undefined)) as Part | undefined)?.histograms.gc_pause_ms
  const collect = () => Array.from({ length: 2_000 }, () => new Array(1_000).fill(0)).length
  const seen = await vi.waitUntil(async () => collect() > 0 && (await pauses()), { timeout: 10_000, interval: 1 })
  expect(decodeHistogram(seen).maxValue).toBeGreaterThan(0)
  routes['POST /reset']?.(undefined)
  expect(await pauses()).toBeUndefined()
})
