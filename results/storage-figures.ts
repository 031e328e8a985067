import type { FigureName } from './figure-definitions.ts'
import type { Part } from './record/part.ts'
import { countAbove, histogramOf, percentile, sum, total } from './sums.ts'

// The figures of storage: what was acknowledged and is still there, what reads and publishes cost, what reached the
// database below the cache.

type Figures = Partial<Record<FigureName, number | undefined>>

/** A write above this is counted one by one. */
const slowWriteMs = 500

export function storageFigures(parts: readonly Part[]): Figures {
  const origins = parts.filter(part => part.role === 'origin')
  return { ...auditFigures(parts), ...readFigures(origins), ...publishFigures(origins) }
}

function auditFigures(parts: readonly Part[]): Figures {
  const audits = parts.filter(part => part.role === 'lab' && part.counts.acknowledged !== undefined)
  if (audits.length === 0) return {}
  return { acknowledged: total(audits, 'acknowledged'), acknowledged_lost: total(audits, 'acknowledged_lost') }
}

function readFigures(origins: readonly Part[]): Figures {
  const reads = total(origins, 'store_reads')
  if (reads === 0) return {}
  const tierReads = total(origins, 'store.memcached.reads')
  return {
    store_reads: reads,
    reads_failed_after_retries: sum(['unavailable', 'corrupt', 'schema'].map(fault => total(origins, `store.${fault}`))),
    read_retries: sum(
      ['cassandra.retries', 'cassandra.hedges', 'cassandra.read_elsewhere', 's3.retries'].map(what =>
        total(origins, `store.${what}`),
      ),
    ),
    database_reads_in_storm: tierReads > 0 ? total(origins, 'store.memcached.store_reads') / tierReads : undefined,
    storage_reads_in_404_storm: readsWithoutBody(origins, reads),
  }
}

/** The answers to segment requests that have a body from the store: at once, or when their hold ended. */
const bodyReasons = ['published', 'published-defective', 'store-failed']

/**
 * Reads that no answer with a body explains. Where a process follows another region's, it looks for what is replicated,
 * which is a read that no request asked for: then nothing is said.
 */
function readsWithoutBody(origins: readonly Part[], reads: number): number | undefined {
  if (total(origins, 'feed.lines_taken') > 0) return undefined
  const explained = bodyReasons.flatMap(reason => [`requests.reason.${reason}`, `holds.reason.${reason}`])
  const ofSegments = reads - total(origins, 'store_reads.init')
  return Math.max(0, ofSegments - sum(explained.map(name => total(origins, name))))
}

function publishFigures(origins: readonly Part[]): Figures {
  const publish = histogramOf(origins, 'publish_ms')
  const visible = histogramOf(origins, 'publish_to_hold_visible_ms')
  const elsewhere = new Set(origins.flatMap(({ histograms }) => Object.keys(histograms).filter(isVisibility)))
  const across = [...elsewhere].map(name => percentile(histogramOf(origins, name), 99))
  return {
    publish_ms_p50: percentile(publish, 50),
    publish_ms_p90: percentile(publish, 90),
    publish_ms_p99: percentile(publish, 99),
    writes_over_500_ms: countAbove(histogramOf(origins, 'store_write_ms'), slowWriteMs),
    publish_to_hold_visible_ms_p50: percentile(visible, 50),
    read_your_writes_ms_p99: percentile(visible, 99),
    read_your_writes_across_ms_p99: across.length > 0 ? Math.max(...across.map(ms => ms ?? 0)) : undefined,
  }
}

const isVisibility = (name: string): boolean => name.startsWith('store.visible_ms.')
