import type { Server } from 'node:net'
import { promisify } from 'node:util'
import { between } from '../../live/units.ts'
import type { AccessLog } from '../../process/access-log.ts'
import { guardSamples } from '../../process/counted.ts'
import type { ProcessMetrics, Reading } from '../../process/metrics.ts'
import type { EdgeCore } from '../core/edge.ts'
import type { EdgeConfig } from './config.ts'
import type { EdgeRecorder } from './edge-recorder.ts'

// What an edge exports to Prometheus (process/metric-names.ts): read off its record, its core and its listener.

interface EdgeMetricsParts {
  readonly recorder: EdgeRecorder
  readonly core: EdgeCore
  /** The players' listener. */
  readonly server: Server
  readonly accessLog: AccessLog | undefined
}

/** Starts the metrics listener where `config` names a port; undefined where it does not. */
export async function exportMetrics(config: EdgeConfig, parts: EdgeMetricsParts): Promise<ProcessMetrics | undefined> {
  const { name, metricsHost, metricsPort } = config
  if (metricsPort === undefined) return undefined
  // The library is loaded where it is used: a process of a run must start in a moment.
  const { listenForMetrics } = await import('../../process/metrics.ts')
  const read = () => readingOf(parts)
  const metrics = await listenForMetrics({ role: 'edge', name, host: metricsHost, port: metricsPort, read })
  parts.recorder.watch((entry, endedMs) => metrics.observe(between(entry.arrivedMs, endedMs)))
  return metrics
}

async function readingOf({ recorder, core, server, accessLog }: EdgeMetricsParts): Promise<Reading> {
  const counts = recorder.counts()
  const count = (name: string): number => counts.get(name) ?? 0
  const { evictions, bytes } = core.stats()
  return {
    tidegate_requests_total: [...recorder.answers].map(([reason, status, times]) => [status, reason, times]),
    tidegate_fills_total: [...recorder.fills],
    tidegate_collapsed_total:
      count('requests.reason.collapsed') +
      count('other_requests.reason.collapsed') +
      count('sibling_requests.reason.collapsed'),
    tidegate_waiters: recorder.waiting,
    tidegate_bytes_sent_total: count('bytes_sent'),
    tidegate_over_bound_total: count('waits_over_bound'),
    tidegate_guarded_total: guardSamples(counts),
    tidegate_connections: [['players', await promisify(server.getConnections).call(server)]],
    tidegate_stored_bytes: bytes,
    tidegate_evictions_total: evictions,
    tidegate_access_log_dropped_lines_total: accessLog?.droppedLines ?? 0,
  }
}
