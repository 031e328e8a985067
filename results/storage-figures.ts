import { limits } from '../live/limits.ts'
import type { FigureName } from './figure-definitions.ts'
import type { Part } from './record/part.ts'
import { countAbove, histogramOf, maximum, percentile, sum, total } from './sums.ts'

// The figures of storage: what was acknowledged and is still there, what reads and publishes cost, what reached the
// database below the cache.

type Figures = Partial<Record<FigureName, number | undefined>>

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
  // A store that was written to and never read is measured, too: what it was not asked is the point of a storm of 404s.
  if (reads === 0 && total(origins, 'store_writes') === 0) return {}
  const tierReads = total(origins, 'store.memcached.reads')
  return {
    store_reads: reads,
    reads_failed_after_retries: sum(
      ['unavailable', 'missing', 'corrupt', 'schema'].map(fault => total(origins, `store.${fault}`)),
    ),
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
  return {
    publish_ms_p50: percentile(publish, 50),
    publish_ms_p90: percentile(publish, 90),
    publish_ms_p99: percentile(publish, 99),
    writes_over_500_ms: countAbove(histogramOf(origins, 'store_write_ms'), limits.slowWriteMs),
    publish_to_hold_visible_ms_p50: percentile(visible, 50),
    read_your_writes_ms_p99: slowest(origins, (written, read) => written === read),
    read_your_writes_across_ms_p99: slowest(origins, (written, read) => written !== read),
  }
}

const visibility = 'store.visible_ms.'

/** The 99th percentile from a write in one region to its body's read in one, of the slowest pair of those that are meant. */
function slowest(origins: readonly Part[], isMeant: (written: string, read: string | undefined) => boolean) {
  const byPair = origins.flatMap(origin =>
    Object.keys(origin.histograms)
      .filter(name => name.startsWith(visibility) && isMeant(name.slice(visibility.length), origin.region))
      .map(name => percentile(histogramOf([origin], name), 99) ?? 0),
  )
  return maximum(byPair)
}
