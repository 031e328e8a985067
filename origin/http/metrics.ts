import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { between } from '../../live/units.ts'
import type { AccessLog } from '../../process/access-log.ts'
import { byRest, guardSamples } from '../../process/counted.ts'
import type { ProcessMetrics, Reading } from '../../process/metrics.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// What an origin exports to Prometheus (process/metric-names.ts): read off its books, its store and its listeners.

interface OriginMetricsParts {
  readonly origin: OriginRuntime
  /** Listeners by purpose. */
  readonly servers: Readonly<Record<string, Server>>
  readonly accessLog: AccessLog | undefined
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

async function readingOf({ origin, servers, accessLog }: OriginMetricsParts): Promise<Reading> {
  const { books, store } = origin
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
    tidegate_stored_bytes: (await store.stats()).bytes as number,
    tidegate_access_log_dropped_lines_total: accessLog?.droppedLines ?? 0,
  }
}
