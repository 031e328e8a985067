import { z } from 'zod'
import { nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'

// A planner's topology as data: regions, classes of sites, and what each tier can carry. What a field leaves out has its
// default here; each default says where it comes from.

const share = z.number().min(0).max(1)
const ms = z.number().nonnegative()
const capacity = z.number().positive()

const classSchema = z.strictObject({
  name: nameSchema,
  region: nameSchema,
  sites: z.number().int().min(1).max(1_000_000),
  edgesPerSite: z.number().int().min(1).max(limits.siteEdges),
  /** Viewers of this class beside those of the others; they are scaled to 1. */
  viewers: z.number().positive(),
  /** Shares of players' profiles and of rungs here; absent: those of the plan. They are scaled to 1. */
  profiles: z.record(z.string(), share).optional(),
  ladder: z.record(nameSchema, share).optional(),
  /** One-way travel. Assumption: an edge inside the viewer's network, an origin in the same part of the world. */
  playerMs: ms.default(10),
  siblingMs: ms.default(0.3),
  originMs: ms.default(25),
})

/** What one machine, or one link, can carry. */
const capacitiesSchema = z.strictObject({
  /** Assumption: a 100 Gbit/s edge of which 90 can be used. */
  edgeBitsPerSecond: capacity.default(90e9),
  edgeRequestsPerSecond: capacity.default(100_000),
  edgeWaiters: capacity.default(limits.edgeWaiters),
  /** Of one origin node. Assumption: 25 Gbit/s, of which 20 can be used. */
  originBitsPerSecond: capacity.default(20e9),
  originRequestsPerSecond: capacity.default(20_000),
  originHolds: capacity.default(limits.originHolds),
  originCores: capacity.default(16),
  /** Origin nodes of each region. */
  originNodes: z.number().int().min(1).default(12),
  /** Reads and writes of the whole store of one region: the facts' Cassandra alone carried 100 Gbit/s of reads. */
  storeReadsPerSecond: capacity.default(50_000),
  storeWritesPerSecond: capacity.default(5_000),
  storeReadBitsPerSecond: capacity.default(100e9),
  /** Of the memcached tier of one region: 200 Gbit/s and more in the facts. */
  memcachedBitsPerSecond: capacity.default(200e9),
  memcachedBytes: capacity.default(256 * 1024 ** 3),
  /** From one region's origin to all sites. */
  backboneBitsPerSecond: capacity.default(400e9),
})

/** What one request costs, as far as the planner gives it; what is absent: costs.ts. */
const costsSchema = z.strictObject({
  originRequestMs: ms.optional(),
  originMsPerMib: ms.optional(),
  tlsMsPerMib: ms.optional(),
  tlsHandshakeMs: ms.optional(),
  newConnectionShare: share.optional(),
})

export const topologySchema = z.strictObject({
  /** Each has an origin and a pipeline. */
  regions: z.array(nameSchema).min(1).max(8),
  classes: z.array(classSchema).min(1).max(100_000),
  capacities: capacitiesSchema.prefault({}),
  costs: costsSchema.default({}),
  /** Share of the store's reads that memcached takes. */
  memcachedShare: share.default(0.99),
  /** Copies of a body that a write makes over all regions. */
  replicas: z.number().int().min(1).max(9).default(2),
  publishMs: ms.default(60),
  edgeStoreBytes: capacity.default(256 * 1024 ** 3),
  fillBitsPerSecond: capacity.default(10e9),
})
export type Topology = z.infer<typeof topologySchema>

/** Kinds of sites in a topology that is not given: share of the sites, edges by each beside the others, viewers. */
const kinds = [
  { name: 'exchange', sites: 0.05, edges: 12, viewers: 0.35 },
  { name: 'metro', sites: 0.25, edges: 4, viewers: 0.35 },
  { name: 'embedded', sites: 0.7, edges: 2, viewers: 0.3 },
] as const

/** Mixes of viewers that differ: some places watch on phones, some on televisions. */
const tilts = [0.6, 0.8, 1, 1.25, 1.6] as const

export interface TopologyWish {
  readonly edges: number
  /** Absent: a site for three edges. */
  readonly sites?: number | undefined
  readonly regions: readonly string[]
  /** The plan's ladder, by rising bit rate. */
  readonly ladder: Readonly<Record<string, number>>
  /** How many mixes each kind has in each region. */
  readonly mixes?: number | undefined
}

/** A topology of `edges` in kinds of sites that differ in size, region and mix of viewers. */
export function defaultTopology({
  edges,
  sites = Math.max(1, Math.round(edges / 3)),
  regions,
  ladder,
  mixes = 5,
}: TopologyWish): Topology {
  const wanted = kinds.flatMap(kind =>
    regions.flatMap(region =>
      Array.from({ length: mixes }, (_, mix) => ({ kind, region, mix, weight: kind.sites / (regions.length * mixes) })),
    ),
  )
  const counts = dealt(
    sites,
    wanted.map(({ weight }) => weight),
  )
  const present = wanted.map((one, i) => ({ ...one, sites: counts[i] as number })).filter(one => one.sites > 0)
  const perSite = edges / present.reduce((sum, one) => sum + one.sites * one.kind.edges, 0)
  const rounded = present.map(one => ({
    ...one,
    edges: Math.min(limits.siteEdges, Math.max(1, Math.round(one.kind.edges * perSite))),
  }))
  const classes = rounded.map(({ kind, region, mix, sites: ownSites, edges: edgesPerSite }) => ({
    name: `${kind.name}-${region}-${mix + 1}`,
    region,
    sites: ownSites,
    edgesPerSite,
    viewers: (kind.viewers * ownSites) / kind.sites,
    ladder: tilted(ladder, (tilts[mix % tilts.length] as number) * (1 + Math.floor(mix / tilts.length) / 50)),
  }))
  return topologySchema.parse({ regions, classes: corrected(classes, edges) })
}

/** Shares of rungs, tilted towards the high ones (above 1) or the low ones. */
function tilted(ladder: Readonly<Record<string, number>>, tilt: number): Record<string, number> {
  const entries = Object.entries(ladder).map(([name, value], i): [string, number] => [name, value * tilt ** i])
  const total = entries.reduce((sum, [, value]) => sum + value, 0)
  return Object.fromEntries(entries.map(([name, value]) => [name, total > 0 ? value / total : 0]))
}

/** `count` in whole parts by `weights`, the largest remainders first. */
function dealt(count: number, weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const exact = weights.map(weight => (count * weight) / total)
  const parts = exact.map(Math.floor)
  const order = exact
    .map((value, i) => ({ i, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest || a.i - b.i)
  for (let left = count - parts.reduce((sum, part) => sum + part, 0), k = 0; left > 0; left--, k++) {
    const at = order[k % order.length]?.i as number
    parts[at] = (parts[at] as number) + 1
  }
  return parts
}

/** Rounding edges to whole ones at each site leaves some over: they stand in a class of their own, or are taken away. */
function corrected<Class extends { name: string; sites: number; edgesPerSite: number; viewers: number }>(
  classes: readonly Class[],
  edges: number,
): Class[] {
  let over = edges - classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)
  const out: Class[] = []
  for (const one of classes) {
    const step = Math.sign(over)
    const most = step > 0 ? one.sites : one.edgesPerSite > 1 ? one.sites : 0
    const moved = Math.min(Math.abs(over), most)
    over -= step * moved
    if (moved === one.sites && moved > 0) out.push({ ...one, edgesPerSite: one.edgesPerSite + step })
    else if (moved > 0) {
      const rest = one.sites - moved
      out.push({ ...one, sites: rest, viewers: (one.viewers * rest) / one.sites })
      const name = `${one.name}-${step > 0 ? 'more' : 'less'}`
      out.push({
        ...one,
        name,
        sites: moved,
        edgesPerSite: one.edgesPerSite + step,
        viewers: (one.viewers * moved) / one.sites,
      })
    } else out.push(one)
  }
  return out
}
