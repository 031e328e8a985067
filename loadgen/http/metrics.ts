import { byRest, quantilesOf } from '../../process/counted.ts'
import type { ProcessMetrics, Reading, Sample } from '../../process/metrics.ts'
import { decodeHistogram } from '../../results/record/merge.ts'
import type { Part } from '../../results/record/part.ts'
import type { FleetConfig } from './config.ts'
import type { RunningFleet } from './running-fleet.ts'

// What a fleet exports to Prometheus (process/metric-names.ts): read off the part of the record of all its threads.

/** Starts the metrics listener where `config` names a port; undefined where it does not. */
export async function exportMetrics(config: FleetConfig, fleet: RunningFleet): Promise<ProcessMetrics | undefined> {
  const { name, metricsHost, metricsPort } = config
  if (metricsPort === undefined) return undefined
  // The library is loaded where it is used: a process of a run must start in a moment.
  const { listenForMetrics } = await import('../../process/metrics.ts')
  const read = () => readingOf(fleet)
  return listenForMetrics({ role: 'fleet', name, host: metricsHost, port: metricsPort, read })
}

async function readingOf(fleet: RunningFleet): Promise<Reading> {
  const [{ counts, histograms }, { present, inFlight }] = await Promise.all([fleet.record(), fleet.state()])
  const all = Object.entries(counts)
  return {
    tidegate_requests_total: [
      ...byRest(all, 'responses.status.').map(([status, times]): Sample => [status, 'answered', times]),
      ...byRest(all, 'failures.').map(([failure, times]): Sample => ['none', failure, times]),
      ['none', 'never-sent', counts.requests_never_sent ?? 0],
    ],
    tidegate_bytes_received_total: counts.bytes_received ?? 0,
    tidegate_wrong_bodies_total: counts.wrong_bodies ?? 0,
    tidegate_rebuffers_total: counts.rebuffers ?? 0,
    tidegate_players: present,
    tidegate_in_flight: inFlight,
    tidegate_time_to_first_byte_seconds: quantilesIn(histograms, 'ttfb_ms'),
    tidegate_lag_seconds: quantilesIn(histograms, 'lag_ms'),
  }
}

function quantilesIn(histograms: Part['histograms'], name: string): Sample[] {
  const encoded = histograms[name]
  return quantilesOf(encoded === undefined ? undefined : decodeHistogram(encoded))
}
