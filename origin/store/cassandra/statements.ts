import type { Kind } from './schema.ts'

// Every statement of the store, by what it does. All are prepared, and each may be sent twice: what is written is named
// by its key, and by a timestamp that the client gives once for all attempts.

const candidateKey = 'event = ? AND rendition = ? AND block = ? AND stripe = ? AND number = ? AND pipeline = ?'
const chunkKey = 'event = ? AND rendition = ? AND number = ? AND pipeline = ? AND etag = ? AND chunk = ?'
const described = 'number, pipeline, etag, body_bytes, defects, arrived_ms, chunks, staged_us'

export interface CandidateStatements {
  readonly stage: string
  /** The lightweight transaction that makes a body visible, unless another one is. */
  readonly commit: string
  readonly describe: string
  readonly list: string
  /** Which partitions there are: what `list` asks when its range has more than it can try. */
  readonly partitions: string
  readonly chunk: string
  readonly uncommit: string
  readonly unstage: string
  readonly total: string
}

export interface Statements {
  readonly segment: CandidateStatements
  readonly initialisation: CandidateStatements
  readonly loadState: string
  readonly saveState: string
}

export const statementsOf = (keyspace: string): Statements => ({
  segment: candidateStatements(keyspace, 'segment'),
  initialisation: candidateStatements(keyspace, 'initialisation'),
  loadState: `SELECT state FROM ${keyspace}.event_state WHERE event = ?`,
  saveState: `INSERT INTO ${keyspace}.event_state (event, state) VALUES (?, ?)`,
})

const candidateStatements = (keyspace: string, kind: Kind): CandidateStatements => ({
  stage: `INSERT INTO ${keyspace}.${kind}_chunk (event, rendition, number, pipeline, etag, chunk, frame) VALUES (?, ?, ?, ?, ?, ?, ?) USING TTL ?`,
  commit: `INSERT INTO ${keyspace}.${kind} (event, rendition, block, stripe, number, pipeline, etag, body_bytes, defects, arrived_ms, write_token, chunks, staged_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS USING TTL ?`,
  describe: `SELECT ${described} FROM ${keyspace}.${kind} WHERE ${candidateKey}`,
  list: `SELECT ${described} FROM ${keyspace}.${kind} WHERE event = ? AND rendition = ? AND block = ? AND stripe = ? AND number >= ? AND number <= ?`,
  partitions: `SELECT DISTINCT event, rendition, block, stripe FROM ${keyspace}.${kind}`,
  chunk: `SELECT frame FROM ${keyspace}.${kind}_chunk WHERE ${chunkKey}`,
  uncommit: `DELETE FROM ${keyspace}.${kind} WHERE ${candidateKey} IF EXISTS`,
  unstage: `DELETE FROM ${keyspace}.${kind}_chunk WHERE ${chunkKey}`,
  total: `SELECT COUNT(*) AS candidates, SUM(CAST(body_bytes AS bigint)) AS bytes FROM ${keyspace}.${kind}`,
})
