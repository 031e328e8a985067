import { policyOf } from '../../edge/core/policy.ts'
import { eventDefaults, parseLiveEvent } from '../../live/event.ts'
import { simulateBulk } from '../../sim/bulk/bulk.ts'
import { type BulkWorld, edgeKeysOf } from '../../sim/bulk/layout.ts'
import { mixOf, rungsOf, siteClassesOf } from '../../sim/plan/columns.ts'
import { defaultTopology } from '../../sim/plan/topology-file.ts'

// How fast bulk mode is: 100 million viewers at 18,000 edges in 6,000 sites, of more than 200 classes that differ, through
// a final of three hours with a kick-off ramp, half-time and the loss of a region. One core, no worker threads.
//
// `bulk_times_real_time` is the event's length over the time that it took. `bulk_edge_keys_per_s` counts keys (edge,
// rendition, number) that were decided one by one: each has its own draw of its first arrival, so that fewer classes make
// it no faster.

export interface BulkBenchOptions {
  readonly viewers: number
  readonly edges: number
  readonly sites: number
  readonly durationMs: number
}

const full: BulkBenchOptions = { viewers: 100e6, edges: 18_000, sites: 6_000, durationMs: 3 * 3_600_000 }

const startMs = 1_700_000_000_000
const minuteMs = 60_000
/** Nine rungs and one audio rendition. */
const videoBitsPerSecond = [250, 400, 700, 1_100, 1_700, 2_600, 4_000, 6_000, 9_000].map(kbit => kbit * 1_000)
const ladder = { v1: 0.02, v2: 0.04, v3: 0.07, v4: 0.1, v5: 0.14, v6: 0.18, v7: 0.2, v8: 0.15, v9: 0.1 }
const profiles = { 'dash.js': 0.4, 'hls.js': 0.4, media3: 0.2 }
const regions = ['east', 'west']

export function benchWorld({ viewers, edges, sites, durationMs }: BulkBenchOptions = full): BulkWorld {
  const event = parseLiveEvent({
    ...eventDefaults,
    event: 'final',
    startMs: startMs - 300_000,
    endMs: startMs + durationMs,
    renditions: [
      ...videoBitsPerSecond.map((bitsPerSecond, i) => ({
        name: `v${i + 1}`,
        kind: 'video',
        bitsPerSecond,
        codecs: 'avc1.4D401E',
        timescale: 90_000,
      })),
      { name: 'a1', kind: 'audio', bitsPerSecond: 96_000, codecs: 'mp4a.40.2', timescale: 48_000 },
    ],
  })
  // 3 kinds, 2 regions and 34 mixes: 204 classes, no two of them alike.
  const topology = defaultTopology({ edges, sites, regions, ladder, mixes: 34 })
  const mixed = mixOf(profiles, ladder, rungsOf(event.renditions), topology.classes, undefined)
  const halfTimeMs = durationMs / 2 - 7.5 * minuteMs
  return {
    event,
    policy: policyOf('oca'),
    seed: 65,
    startMs,
    durationMs,
    viewers,
    fleet: {
      players: 1,
      profiles,
      arrivals: [
        { is: 'ramp', fromMs: 0, toMs: durationMs / 6, share: 0.75 },
        { is: 'push', atMs: durationMs / 12, halfLifeMs: 2 * minuteMs, share: 0.25 },
        { is: 'half-time', fromMs: halfTimeMs, toMs: halfTimeMs + 15 * minuteMs, share: 0.3 },
      ],
      clockError: { is: 'normal', meanMs: 0, deviationMs: 50, boundMs: 200 },
      dvrShare: 0.08,
      connections: 'per-player',
      workers: 1,
    },
    columns: mixed.columns,
    classes: siteClassesOf(topology, mixed),
    regions,
    publishJitter: { is: 'uniform', lowMs: -50, highMs: 50 },
    backlogSegments: 150,
    faults: [{ atMs: (durationMs * 3) / 4, do: 'lose-region', region: 'east', forMs: 20 * minuteMs, wayOverMs: 3_000 }],
    representatives: 800,
    storeBytes: topology.edgeStoreBytes,
    fillBitsPerSecond: topology.fillBitsPerSecond,
    calmStride: 1,
    sitesDecided: Infinity,
  }
}

/** The figures of bulk mode; `lab/bench/sim.ts` adds those of exact mode. */
export function benchBulk(options: BulkBenchOptions = full): Record<string, number> {
  const world = benchWorld(options)
  let said = 0
  const startedMs = performance.now()
  const result = simulateBulk(world, {
    onProgress: ({ done, doing }) => {
      if (done - said >= 0.05) {
        said = done
        process.stderr.write(`sim-bulk: ${Math.round(done * 100)} % (${doing})\n`)
      }
      return true
    },
  })
  const tookMs = performance.now() - startedMs
  const edges = world.classes.reduce((sum, { sites, edgesPerSite }) => sum + sites * edgesPerSite, 0)
  return {
    bulk_times_real_time: (world.durationMs as number) / tookMs,
    bulk_edge_keys_per_s: result.counts.edgeKeys / (tookMs / 1_000),
    bulk_edge_keys: result.counts.edgeKeys,
    bulk_edge_keys_expected: edgeKeysOf(world),
    bulk_viewers: world.viewers,
    bulk_edges: edges,
    bulk_sites: world.classes.reduce((sum, { sites }) => sum + sites, 0),
    bulk_classes: world.classes.length,
    bulk_renditions: world.event.renditions.length,
    bulk_memory_bytes: process.resourceUsage().maxRSS * 1_024,
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify({ bench: 'sim-bulk', figures: benchBulk() })}\n`)
