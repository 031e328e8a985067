import type { Series } from '../bulk/series.ts'
import type { PlanInput } from './plan-input.ts'
import type { Topology } from './topology-file.ts'

// The measures of a plan, as one table: which series each is, in which unit, of whom, and what is given to carry it.

type ErrorKind = 'count' | 'bytes' | 'peak' | 'held'

export interface Measure {
  readonly name: string
  readonly tier: 'edge' | 'site fill' | 'origin' | 'store' | 'backbone'
  readonly what: string
  readonly unit: '1/s' | 'bit/s' | '1' | 'bytes' | 'cores'
  readonly error: ErrorKind
  /** Of each region, or of all together. */
  readonly each: 'region' | 'all'
  readonly series: (series: Series, input: PlanInput, region: string) => Float64Array
  readonly capacity?: ((topology: Topology, edges: number) => number) | undefined
}

const mebibyte = 1024 ** 2

const times = (values: Float64Array, factor: number): Float64Array => values.map(value => value * factor)

const plus = (...all: Float64Array[]): Float64Array =>
  (all[0] as Float64Array).map((_, second) => all.reduce((sum, values) => sum + (values[second] as number), 0))

/** How much more the busiest edge has than the mean one. */
function busiestFactor({ topology }: PlanInput): number {
  const { classes } = topology
  const viewers = classes.reduce((sum, one) => sum + one.viewers, 0)
  const edges = classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)
  const busiest = Math.max(...classes.map(one => one.viewers / (one.sites * one.edgesPerSite)))
  return (busiest * edges) / viewers
}

const edgesOf = ({ topology }: PlanInput): number =>
  topology.classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0)

const atBusiest = (values: Float64Array, input: PlanInput): Float64Array =>
  times(values, busiestFactor(input) / edgesOf(input))

const originRequests = (series: Series, region: string): Float64Array =>
  plus(series.origin('origin.requests', region), series.origin('origin.other_requests', region))

/** Cores that an origin's requests keep busy, TLS among the costs. */
function originCores(series: Series, { costs }: PlanInput, region: string): Float64Array {
  const perRequest = costs.originRequestMs.value + costs.tlsHandshakeMs.value * costs.newConnectionShare.value
  const perByte = (costs.originMsPerMib.value + costs.tlsMsPerMib.value) / mebibyte
  const requests = originRequests(series, region)
  const bytes = series.origin('origin.bytes', region)
  return requests.map((count, second) => (count * perRequest + (bytes[second] as number) * perByte) / 1_000)
}

/** Bits of every rendition, as all pipelines publish them. */
const publishedBitsPerSecond = ({ event }: PlanInput): number =>
  event.renditions.reduce((sum, { bitsPerSecond }) => sum + bitsPerSecond, 0) * event.pipelines.length

const constant = (series: Series, value: number): Float64Array => new Float64Array(series.seconds).fill(value)

export const measures: readonly Measure[] = [
  {
    name: 'edge_requests_per_s',
    tier: 'edge',
    what: 'requests of players, all edges',
    unit: '1/s',
    error: 'peak',
    each: 'all',
    series: series => plus(series.get('edge.requests'), series.get('edge.other_requests')),
  },
  {
    name: 'edge_bits_per_s',
    tier: 'edge',
    what: 'egress to players, all edges',
    unit: 'bit/s',
    error: 'bytes',
    each: 'all',
    series: series => times(series.get('edge.bytes'), 8),
  },
  {
    name: 'busiest_edge_requests_per_s',
    tier: 'edge',
    what: 'requests at the busiest edge',
    unit: '1/s',
    error: 'peak',
    each: 'all',
    series: (series, input) => atBusiest(plus(series.get('edge.requests'), series.get('edge.other_requests')), input),
    capacity: ({ capacities }) => capacities.edgeRequestsPerSecond,
  },
  {
    name: 'busiest_edge_bits_per_s',
    tier: 'edge',
    what: 'egress of the busiest edge',
    unit: 'bit/s',
    error: 'bytes',
    each: 'all',
    series: (series, input) => atBusiest(times(series.get('edge.bytes'), 8), input),
    capacity: ({ capacities }) => capacities.edgeBitsPerSecond,
  },
  {
    name: 'busiest_edge_waiting',
    tier: 'edge',
    what: 'requests that wait at the busiest edge',
    unit: '1',
    error: 'held',
    each: 'all',
    series: (series, input) => atBusiest(series.get('edge.waiting'), input),
    capacity: ({ capacities }) => capacities.edgeWaiters,
  },
  {
    name: 'edge_without_segment_per_s',
    tier: 'edge',
    what: 'requests that got no segment: negative answers, refusals, failures',
    unit: '1/s',
    error: 'count',
    each: 'all',
    series: series => plus(series.get('edge.negative'), series.get('edge.refused'), series.get('edge.failed')),
  },
  {
    name: 'site_requests_per_s',
    tier: 'site fill',
    what: 'requests between the edges of a site, all sites',
    unit: '1/s',
    error: 'count',
    each: 'all',
    series: series => series.get('site.requests'),
  },
  {
    name: 'site_bits_per_s',
    tier: 'site fill',
    what: 'bytes between the edges of a site, all sites',
    unit: 'bit/s',
    error: 'bytes',
    each: 'all',
    series: series => times(series.get('site.bytes'), 8),
  },
  {
    name: 'origin_requests_per_s',
    tier: 'origin',
    what: 'requests to the origin',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, _, region) => originRequests(series, region),
    capacity: ({ capacities }) => capacities.originRequestsPerSecond * capacities.originNodes,
  },
  {
    name: 'origin_fills_per_s',
    tier: 'origin',
    what: 'fills: whole segments that the origin sends',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, _, region) => series.origin('origin.fills', region),
  },
  {
    name: 'origin_probes_per_s',
    tier: 'origin',
    what: 'probes: requests that bring no segment',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, _, region) => series.origin('origin.probes', region),
  },
  {
    name: 'origin_unreachable_per_s',
    tier: 'origin',
    what: 'requests to an origin that is gone',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, _, region) => series.origin('origin.unreachable', region),
  },
  {
    name: 'origin_held',
    tier: 'origin',
    what: 'held connections',
    unit: '1',
    error: 'held',
    each: 'region',
    series: (series, _, region) => series.origin('origin.held', region),
    capacity: ({ capacities }) => capacities.originHolds * capacities.originNodes,
  },
  {
    name: 'origin_bits_per_s',
    tier: 'origin',
    what: 'egress of the origin',
    unit: 'bit/s',
    error: 'bytes',
    each: 'region',
    series: (series, _, region) => times(series.origin('origin.bytes', region), 8),
    capacity: ({ capacities }) => capacities.originBitsPerSecond * capacities.originNodes,
  },
  {
    name: 'origin_cores',
    tier: 'origin',
    what: 'cores of the origin that are busy, TLS included',
    unit: 'cores',
    error: 'count',
    each: 'region',
    series: originCores,
    capacity: ({ capacities }) => capacities.originCores * capacities.originNodes,
  },
  {
    name: 'memcached_bits_per_s',
    tier: 'store',
    what: 'bodies read from memcached',
    unit: 'bit/s',
    error: 'bytes',
    each: 'region',
    series: (series, { topology }, region) => times(series.origin('origin.bytes', region), 8 * topology.memcachedShare),
    capacity: ({ capacities }) => capacities.memcachedBitsPerSecond,
  },
  {
    name: 'memcached_bytes',
    tier: 'store',
    what: 'bodies of the DVR window in memcached',
    unit: 'bytes',
    error: 'bytes',
    each: 'region',
    series: (series, input) => constant(series, (publishedBitsPerSecond(input) * input.event.dvrWindowMs) / 8_000),
    capacity: ({ capacities }) => capacities.memcachedBytes,
  },
  {
    name: 'store_reads_per_s',
    tier: 'store',
    what: 'reads that memcached does not take',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, { topology }, region) => times(series.origin('origin.fills', region), 1 - topology.memcachedShare),
    capacity: ({ capacities }) => capacities.storeReadsPerSecond,
  },
  {
    name: 'store_writes_per_s',
    tier: 'store',
    what: 'writes: every rendition of every pipeline, with its replicas',
    unit: '1/s',
    error: 'count',
    each: 'region',
    series: (series, { event, topology }) =>
      constant(
        series,
        (event.renditions.length * event.pipelines.length * topology.replicas) / (event.segmentMs / 1_000),
      ),
    capacity: ({ capacities }) => capacities.storeWritesPerSecond,
  },
  {
    name: 'backbone_bits_per_s',
    tier: 'backbone',
    what: 'from the origin to all sites, and replicas to the other regions',
    unit: 'bit/s',
    error: 'bytes',
    each: 'region',
    series: (series, input, region) => {
      const replicas = (publishedBitsPerSecond(input) * (input.topology.replicas - 1)) / input.topology.regions.length
      return series.origin('origin.bytes', region).map(bytes => bytes * 8 + replicas)
    },
    capacity: ({ capacities }) => capacities.backboneBitsPerSecond,
  },
]
