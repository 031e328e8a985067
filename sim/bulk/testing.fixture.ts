import { policyOf } from '../../edge/core/policy.ts'
import { anEvent } from '../../live/event.fixture.ts'
import type { BulkResult } from './bulk.ts'
import type { BulkWorld } from './layout.ts'

// Small worlds for the tests of bulk mode.

export const startMs = 1_700_000_000_000

/** Two sites of two edges, 10 thousand viewers who join within 5 s, half a minute. */
export function aWorld(changes: Partial<BulkWorld> = {}): BulkWorld {
  const event = anEvent({ startMs: startMs - 30_000 })
  return {
    event,
    policy: policyOf('oca'),
    seed: 1,
    startMs,
    durationMs: 30_000,
    viewers: 10_000,
    fleet: {
      players: 10_000,
      profiles: {},
      arrivals: [{ is: 'ramp', fromMs: 0, toMs: 5_000, share: 1 }],
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 },
      dvrShare: 0,
      connections: 'pooled',
      workers: 1,
    },
    columns: [
      { profile: 'dash.js', bandwidthBitsPerSecond: undefined, share: 0.4 },
      { profile: 'hls.js', bandwidthBitsPerSecond: undefined, share: 0.4 },
      { profile: 'media3', bandwidthBitsPerSecond: undefined, share: 0.2 },
    ],
    classes: [aClass()],
    regions: ['eu'],
    publishJitter: { is: 'uniform', lowMs: -50, highMs: 50 },
    backlogSegments: 15,
    faults: [],
    representatives: 400,
    storeBytes: 64e9,
    fillBitsPerSecond: 10e9,
    calmStride: 1,
    sitesDecided: Infinity,
    ...changes,
  }
}

export const aClass = (changes: Partial<BulkWorld['classes'][number]> = {}): BulkWorld['classes'][number] => ({
  name: 'metro',
  region: 'eu',
  sites: 2,
  edgesPerSite: 2,
  viewerShare: 1,
  mix: Float64Array.from([1, 1, 1]),
  latencies: { toEdge: [[[0, 1]]], toPlayer: [[[0, 1]]], siblingMs: 0.5, originMs: 1, publishMs: 5 },
  ...changes,
})

/** The sum of a series. */
export function totalOf(result: BulkResult, name: string): number {
  for (const [own, values] of result.series.entries())
    if (own === name) return values.reduce((sum, value) => sum + value, 0)
  throw new RangeError(`there is no series ${name}`)
}

export const peakOf = (result: BulkResult, name: string): number => {
  for (const [own, values] of result.series.entries()) if (own === name) return Math.max(...values)
  throw new RangeError(`there is no series ${name}`)
}
