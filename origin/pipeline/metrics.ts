import { byRest, quantilesOf } from '../../process/counted.ts'
import type { ProcessMetrics, Reading, Sample } from '../../process/metrics.ts'
import type { Recorder } from '../../process/recorder.ts'
import type { PipelineConfig } from './config.ts'

// What a pipeline exports to Prometheus (process/metric-names.ts): read off its record.

/** Starts the metrics listener where `config` names a port; undefined where it does not. */
export async function exportMetrics(config: PipelineConfig, recorder: Recorder): Promise<ProcessMetrics | undefined> {
  const { name, metricsHost, metricsPort } = config
  if (metricsPort === undefined) return undefined
  // The library is loaded where it is used: a process of a run must start in a moment.
  const { listenForMetrics } = await import('../../process/metrics.ts')
  const read = () => readingOf(recorder)
  return listenForMetrics({ role: 'pipeline', name, host: metricsHost, port: metricsPort, read })
}

function readingOf(recorder: Recorder): Reading {
  const counts = recorder.counts()
  return {
    tidegate_requests_total: [
      ...byRest(counts, 'puts.status.').map(([status, times]): Sample => [status, 'answered', times]),
      ...byRest(counts, 'puts.failure.').map(([failure, times]): Sample => ['none', failure, times]),
    ],
    tidegate_bytes_sent_total: counts.get('bytes_sent') ?? 0,
    tidegate_put_seconds: quantilesOf(recorder.histogram('put_ms')),
  }
}
