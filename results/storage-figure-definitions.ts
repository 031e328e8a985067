import type { FigureDefinition } from './figure-definitions.ts'

// The figures of storage, for the table of results/figure-definitions.ts.

const publishes = [50, 90, 99] as const

export const storageFigureDefinitions = [
  {
    name: 'acknowledged',
    unit: '1',
    kind: 'banded',
    definition:
      'Segment numbers and initialisation segments, of a rendition and in the store of one publish listener, that were acknowledged and still in the DVR window when they were read back after the storm, with every fault mended.',
  },
  {
    name: 'acknowledged_lost',
    unit: '1',
    kind: 'exact',
    definition:
      'Those of them of which no acknowledged candidate of either pipeline could be read back with its checksum.',
  },
  {
    name: 'store_reads',
    unit: '1',
    kind: 'banded',
    definition: 'Segment bodies that origins asked of their stores; of those who want one at once, one reads for all.',
  },
  {
    name: 'reads_failed_after_retries',
    unit: '1',
    kind: 'exact',
    definition: 'Those of them that ended without the body, after every retry.',
  },
  {
    name: 'read_retries',
    unit: '1',
    kind: 'banded',
    definition:
      'Requests to Cassandra or S3 that were sent once more: retries and hedges (of reads and writes, which the drivers do not count apart), and chunks that were read from another replica.',
  },
  {
    name: 'database_reads_in_storm',
    unit: 'share',
    kind: 'banded',
    definition:
      'Reads that the memcached tier passed on to the store below it, as a share of the reads that it was asked for; only with such a tier.',
  },
  {
    name: 'storage_reads_in_404_storm',
    unit: '1',
    kind: 'exact',
    definition:
      'Reads of segments from the store that no answer with a body explains: what 404s and decisions would cost; not known where a process looks for what another region replicates.',
  },
  ...publishes.map(percent => ({
    name: `publish_ms_p${percent}` as const,
    unit: 'ms' as const,
    kind: 'timed' as const,
    definition:
      percent === 50
        ? "From a PUT's whole body at the origin to its acknowledgement by the store: median."
        : `The same, ${percent}th percentile.`,
  })),
  {
    name: 'writes_over_500_ms',
    unit: '1',
    kind: 'timed',
    definition:
      "Writes to the stores that took longer than 500 ms, acknowledged or not; each is named in its origin's `stderr.log`.",
  },
  {
    name: 'publish_to_hold_visible_ms_p50',
    unit: 'ms',
    kind: 'timed',
    definition:
      "From a segment's acknowledgement by the store to the head of the answer that a held request for it gets, in whichever process that is held: median.",
  },
  {
    name: 'read_your_writes_ms_p99',
    unit: 'ms',
    kind: 'timed',
    definition:
      "From a segment's acknowledgement in a region to the first read of its body from that region's store, for those who waited for it: 99th percentile, of the slowest process.",
  },
  {
    name: 'read_your_writes_across_ms_p99',
    unit: 'ms',
    kind: 'timed',
    definition:
      "From a segment's acknowledgement in one region to the first read of its body from the other one's store: 99th percentile, of the slowest process.",
  },
] as const satisfies readonly FigureDefinition[]
