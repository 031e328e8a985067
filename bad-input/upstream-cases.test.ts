import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Grounds } from './grounds.ts'
import type { HostileUpstream } from './hostile-upstream.ts'
import { nothingWaits } from './run-request-case.ts'
import { runUpstreamCase } from './run-upstream-case.ts'
import type { Target } from './target.ts'
import { startOwnGrounds } from './testing/own-process.ts'
import { upstreamCases } from './upstream-cases.ts'

let grounds: Grounds & { close(): Promise<void> }
const edges = () =>
  grounds.edges.filter(
    (edge): edge is Target & { upstream: HostileUpstream } => !edge.warm && edge.upstream !== undefined,
  )
beforeAll(async () => {
  grounds = await startOwnGrounds()
})
afterAll(() => grounds.close())

describe('a hostile upstream', () => {
  // At once, because some take as long as the bounds that they meet.
  it.concurrent.each(upstreamCases)('$name', async upstreamCase => {
    const problems = await Promise.all(edges().map(edge => runUpstreamCase(edge, upstreamCase)))
    expect(problems.flat()).toEqual([])
  })
})

describe('after a hostile upstream', () => {
  it('nobody waits, and its answers were counted', async () => {
    for (const edge of edges()) {
      expect(await nothingWaits(edge)).toEqual([])
      const counts = await edge.view.counts()
      expect(counts['fetches.origin']).toBeGreaterThan(upstreamCases.length)
      expect(counts.waits_over_bound).toBe(0)
    }
  })
})
