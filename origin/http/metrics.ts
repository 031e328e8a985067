import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { between } from '../../live/units.ts'
import type { AccessLog } from '../../process/access-log.ts'
import { now } from '../../process/clock.ts'
import { byRest, guardSamples, quantilesOf } from '../../process/counted.ts'
import type { ProcessMetrics, Reading, Sample } from '../../process/metrics.ts'
import type { Feed } from './feed.ts'
import type { Following } from './following.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// What an origin exports to Prometheus (process/metric-names.ts): read off its books, its store and its listeners.

interface OriginMetricsParts {
  readonly origin: OriginRuntime
  /** Listeners by purpose. */
  readonly servers: Readonly<Record<string, Server>>
  readonly accessLog: AccessLog | undefined
  /** Where it publishes. */
  readonly feed: Feed | undefined
  readonly followings: readonly Following[]
}

/** Starts the metrics listener where the configuration names a port; undefined where it does not. */
export async function exportMetrics(parts: OriginMetricsParts): Promise<ProcessMetrics | undefined> {
  const { config, books } = parts.origin
  const { name, metricsHost, metricsPort } = config
  if (metricsPort === undefined) return undefined
  // The library is loaded where it is used: a process of a run must start in a moment.
  const { listenForMetrics } = await import('../../process/metrics.ts')
  const read = () => readingOf(parts)
  const metrics = await listenForMetrics({ role: 'origin', name, host: metricsHost, port: metricsPort, read })
  books.watch((entry, endedMs) => metrics.observe(between(entry.arrivedMs, endedMs)))
  return metrics
}

async function readingOf({ origin, servers, accessLog, feed, followings }: OriginMetricsParts): Promise<Reading> {
  const { books, store, core } = origin
  const counts = books.counts()
  const listeners = Object.entries(servers).map(async ([listener, server]) => {
    return [listener, await promisify(server.getConnections).call(server)] as const
  })
  return {
    tidegate_requests_total: [...books.answers].map(([reason, status, times]) => [status, reason, times]),
    tidegate_bytes_sent_total: counts.get('bytes_sent') ?? 0,
    tidegate_held: books.heldNow,
    tidegate_over_bound_total: counts.get('holds_over_bound') ?? 0,
    tidegate_publishes_total: byRest(counts, 'publishes.reason.'),
    tidegate_guarded_total: guardSamples(counts),
    tidegate_connections: await Promise.all(listeners),
    ...(await storedBytes(store)),
    tidegate_store_operations_total: [...storeSamples(counts)],
    tidegate_store_read_seconds: quantilesOf(books.histogram('store_read_ms')),
    tidegate_store_write_seconds: quantilesOf(books.histogram('store_write_ms')),
    tidegate_limiting: core.limiter(now()).limiting ? 1 : 0,
    tidegate_feed_followers: feed?.followers ?? 0,
    tidegate_feeds_lost: followings.filter(following => following.state().liveSinceMs === undefined).length,
    tidegate_access_log_dropped_lines_total: accessLog?.droppedLines ?? 0,
  }
}

/** A store that is lost has no series; the rest is told all the same. */
const storedBytes = (store: OriginRuntime['store']): Promise<Reading> =>
  store.stats().then(
    ({ bytes }) => ({ tidegate_stored_bytes: bytes as number }),
    () => ({}),
  )

/** `store.cassandra.retries` as tier and what; what the origin counts itself has the tier `origin`. */
function* storeSamples(counts: ReadonlyMap<string, number>): Generator<Sample> {
  yield ['origin', 'reads', counts.get('store_reads') ?? 0]
  yield ['origin', 'writes', counts.get('store_writes') ?? 0]
  for (const [name, count] of byRest(counts, 'store.')) {
    const at = name.indexOf('.')
    yield at < 0 ? ['origin', name, count] : [name.slice(0, at), name.slice(at + 1), count]
  }
}
