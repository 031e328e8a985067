import { createHash } from 'node:crypto'
import type { Ms } from '../../../live/units.ts'

// What is kept where in Cassandra (docs/storage.md says why, docs/decisions/015-cassandra.md what else was weighed).
//
//   segment, initialisation              one row a candidate: that there is a row means that its body is whole
//   segment_chunk, initialisation_chunk  one partition a chunk, in a frame with its checksum
//   event_state                          a small text for each event
//   schema_version                       which version of these tables this is
//
// Segments expire with the event's window; initialisation segments live as long as their event, and stand apart so that
// the tables of what expires can be dropped from disk whole.

export const schemaVersion = 1

/** Numbers of one block, and the stripes over which they are dealt: 64 numbers, a few kB, in each partition. */
const blockNumbers = 1_024
const stripes = 16

/** Where a candidate's row lies: consecutive numbers in different partitions, so that the live edge is on every node. */
export const blockOf = (number: number): number => Math.floor(number / blockNumbers)
/** `turn` (of the pipeline) keeps the two pipelines' rows of one number apart: their commits do not wait for another. */
export const stripeOf = (number: number, turn: number): number => (number + turn) % stripes
export const everyStripe: readonly number[] = Array.from({ length: stripes }, (_, i) => i)

export type Kind = 'segment' | 'initialisation'

/** Compaction windows over the life of a segment: Cassandra recommends 20 to 30. */
const windows = 24
const minuteS = 60
/** Hints and tombstones of data that expires are of no use after it; a node may be away for ten minutes at least. */
const shortestGraceS = 10 * minuteS
const longestGraceS = 24 * 60 * minuteS

/** A node that asks a slow replica asks another one soon: what our own hedges are between us and the nodes. */
const hedged = `speculative_retry = 'MIN(99PERCENTILE,50ms)'`

/** Cassandra's word for "as long as it is not removed". */
export const forEver = 0
/** Cassandra cannot keep expiry dates beyond 2038 in every mode: what is to be kept for longer than this does not expire. */
const longestTtlS = 365 * 24 * 60 * minuteS

/** How long a row lives, in whole seconds, so that it is never shorter than asked. */
export function ttlSeconds(keepMs: Ms): number {
  const seconds = Math.max(1, Math.ceil((keepMs as number) / 1_000))
  return seconds > longestTtlS ? forEver : seconds
}

/** The statements that make the tables; each does nothing when its table is there. `keepMs` sizes the compaction. */
export function tableStatements(keyspace: string, keepMs: Ms): readonly string[] {
  const ttlS = ttlSeconds(keepMs) || longestTtlS
  const windowMinutes = Math.max(1, Math.ceil(ttlS / windows / minuteS))
  const graceS = Math.min(longestGraceS, Math.max(shortestGraceS, ttlS))
  const expiring = `compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'MINUTES', 'compaction_window_size': ${windowMinutes}} AND gc_grace_seconds = ${graceS}`
  return [
    ...candidateTables(keyspace, 'segment', `${hedged} AND ${expiring}`),
    ...candidateTables(keyspace, 'initialisation', hedged),
    table(keyspace, 'event_state', 'event text PRIMARY KEY, state text'),
    table(keyspace, 'schema_version', 'id text PRIMARY KEY, version int'),
  ]
}

function candidateTables(keyspace: string, kind: Kind, options: string): readonly string[] {
  return [
    table(
      keyspace,
      kind,
      `event text, rendition text, block int, stripe int, number int, pipeline text,
       etag text, body_bytes int, defects text, arrived_ms double, write_token text, chunks int, staged_us bigint,
       PRIMARY KEY ((event, rendition, block, stripe), number, pipeline)`,
      options,
    ),
    // Media do not get smaller: compressing them again costs CPU. A frame has its own checksum. Chunks are written once,
    // so that a read that finds one replica behind has nothing to repair before it answers.
    table(
      keyspace,
      `${kind}_chunk`,
      `event text, rendition text, number int, pipeline text, etag text, chunk int, frame blob,
       PRIMARY KEY ((event, rendition, number, pipeline, etag, chunk))`,
      `${options} AND compression = {'enabled': false} AND read_repair = 'NONE'`,
    ),
  ]
}

/**
 * The table's id follows from its name and version: origins that make it at the same moment by different nodes make the
 * same table, where Cassandra would otherwise end with two.
 */
function table(keyspace: string, name: string, columns: string, options?: string): string {
  const hash = createHash('sha256').update(`tidegate ${keyspace} ${name} ${schemaVersion}`).digest('hex')
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  return `CREATE TABLE IF NOT EXISTS ${keyspace}.${name} (${columns}) WITH id = ${id}${options ? ` AND ${options}` : ''}`
}

/** The keyspace with its copies in each data centre (= region). */
export function keyspaceStatement(keyspace: string, replication: Readonly<Record<string, number>>): string {
  const copies = Object.entries(replication).map(
    ([dataCentre, count]) => `'${dataCentre.replaceAll("'", "''")}': ${count}`,
  )
  return `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${copies.join(', ')}}`
}
