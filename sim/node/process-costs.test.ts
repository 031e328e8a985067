import { expect, test } from 'vitest'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import { processCostsOf } from './process-costs.ts'
import type { Seen, StormSeen } from './read-runs.ts'

const mib = 1024 * 1024
const part = (role: Part['role'], counts: Record<string, number>, pauseMs: readonly number[] = []): Part => {
  const recorder = new Recorder({ role, name: role })
  for (const [name, count] of Object.entries(counts)) recorder.count(name, count)
  for (const ms of pauseMs) recorder.time('gc_pause_ms', ms)
  return recorder.part()
}

/** A storm in which an edge answers so many hits and 404s of its own, and so much CPU goes by: 0.2 and 0.05 ms, 2 ms a MiB. */
function storm(i: number, hits: number, refusals: number, sentMib: number, pauseMs: readonly number[] = []): StormSeen {
  const secondMs = 3
  const cpuMs = 0.2 * hits + 0.05 * refusals + 2 * sentMib + secondMs * 10 + pauseMs.reduce((all, ms) => all + ms, 0)
  const counts = {
    cpu_ms: cpuMs,
    'requests.reason.hit': hits,
    'requests.reason.negative-hit': refusals,
    bytes_sent: sentMib * mib,
  }
  return { mark: `${i}/0/`, seconds: 10, fullShare: 0, parts: [part('edge', counts, pauseMs)] }
}

test('storms that differ in what is done tell apart what each of it costs', () => {
  const storms = [
    storm(0, 5_000, 10, 300),
    storm(1, 500, 0, 900),
    storm(2, 1_000, 20_000, 20),
    storm(3, 9_000, 500, 80),
  ]
  const { edge } = processCostsOf({ storms, origin: new Map() })
  expect(edge.hit).toBeCloseTo(0.2, 6)
  expect(edge.refusal).toBeCloseTo(0.05, 6)
  expect(edge.sentMib).toBeCloseTo(2, 6)
  expect(edge.second).toBeCloseTo(3, 6)
  expect([edge.wait, edge.fetch, edge.fetchedMib]).toEqual([0, 0, 0])
})

test('pauses are no cost of what is done: how often and how long a process stands still is said of its own', () => {
  const pauseMs = Array.from({ length: 25 }, (_, i) => (i % 5 === 0 ? 10 : 2))
  const storms = [
    storm(0, 5_000, 10, 300, pauseMs),
    storm(1, 500, 0, 900, pauseMs),
    storm(2, 1_000, 20_000, 20, pauseMs),
  ]
  const { edge, pauses } = processCostsOf({ storms, origin: new Map() })
  expect(edge.hit).toBeCloseTo(0.2, 2)
  const workedMs = 0.2 * 6_500 + 0.05 * 20_010 + 2 * 1_220 + 3 * 30
  expect(pauses.edge?.everyMs).toBeCloseTo(workedMs / 75, 0)
  expect(pauses.edge?.lastsMs.at(-1)?.[1]).toBeCloseTo(10, 1)
  expect(pauses.origin).toBeUndefined()
})

test('what is released to many is at hand, and read for nobody: its bytes are not among those served', () => {
  const counts = { cpu_ms: 100, 'requests.reason.published': 10, 'requests.reason.held': 40, bytes_sent: 50 * mib }
  const origin = new Map(
    Array.from({ length: 40 }, (_, i): [string, Seen] => [`0/0/a1-f${i}`, { ticket: i, bytes: mib }]),
  )
  const seen = { mark: '0/0/', seconds: 0, fullShare: 0, parts: [part('origin', counts)] }
  const { origin: costs } = processCostsOf({ storms: [seen], origin })
  // One storm explains itself, in whichever way: all of it and no more.
  expect(10 * costs.serve + 40 * costs.hold + 10 * costs.servedMib).toBeCloseTo(100, 6)
})

test('of storms in which nothing was done, nothing is said', () => {
  const { edge, fleet, pipeline, pauses } = processCostsOf({ storms: [], origin: new Map() })
  expect([...Object.values(edge), ...Object.values(fleet), ...Object.values(pipeline)].every(ms => ms === 0)).toBe(true)
  expect(pauses).toEqual({})
})
