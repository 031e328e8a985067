import { type Client, policies, types } from 'cassandra-driver'
import { limits } from '../../../live/limits.ts'
import type { Ms } from '../../../live/units.ts'
import { type ChunkedBody, chunkedBody, encodeChunk } from '../chunks.ts'
import { type CandidateKey, type CandidateMeta, formatKey, StoreError, type StoreObserver } from '../segment-store.ts'
import { InFlight } from './in-flight.ts'
import { withinBudget } from './retry-budget.ts'
import { type CandidateRow, chunkKey, kindOf, rowKey } from './rows.ts'
import { forEver, ttlSeconds } from './schema.ts'
import type { Statements } from './statements.ts'

// The write side: chunks first, all at once, then the row, by a lightweight transaction. Nobody reads chunks without a
// row, so that a body is there whole or not at all, and of two bodies for one key one wins.

export interface WriteOptions {
  readonly client: Client
  readonly keyspace: string
  readonly statements: Statements
  readonly budgetMs: Ms
  readonly keepMs: Ms
  readonly observer: StoreObserver
}

/** Chunks outlive their row, so that a row never promises what is not there. */
const chunksOutliveRowS = 60
/** Of the budget, for one attempt at a commit: a node that hangs must leave time for another one. */
const commitShare = 0.25

interface AttemptOptions {
  readonly timestamp?: types.Long
  readonly isIdempotent?: boolean
  /** How long one attempt may take; as long as there is time left when absent. */
  readonly longestMs?: number
}

interface Write {
  readonly key: CandidateKey
  readonly meta: CandidateMeta
  readonly body: ChunkedBody
  readonly token: string
  readonly deadline: number
  /** One timestamp for all attempts: the second one changes nothing, and what removes this write names it. */
  readonly stagedUs: types.Long
}

export class CandidateWrites {
  readonly #options: WriteOptions
  readonly #inFlight: InFlight
  readonly #clock = new policies.timestampGeneration.MonotonicTimestampGenerator(0, 0)

  constructor(options: WriteOptions) {
    this.#options = options
    const waiting = limits.cassandraWaitingWrites
    const onRefused = () => options.observer.count('store.cassandra.refused')
    this.#inFlight = new InFlight('writes', { running: limits.cassandraWrites, waiting }, onRefused)
  }

  async put(key: CandidateKey, bytes: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    const write = {
      key,
      meta,
      token,
      body: chunkedBody(key, meta),
      deadline: this.#deadline(),
      stagedUs: this.#nowUs(),
    }
    const { observer } = this.#options
    const startedMs = performance.now()
    const indexes = Array.from({ length: write.body.count }, (_, index) => index)
    await Promise.all(indexes.map(index => this.#stage(write, bytes, index)))
    const stagedMs = performance.now()
    observer.time('store.cassandra.stage_ms', stagedMs - startedMs)
    const standing = await this.#commit(write)
    observer.time('store.cassandra.commit_ms', performance.now() - stagedMs)
    if (!standing || standing.token === token) return
    observer.count('store.cassandra.conflicts')
    // The same bytes by another token lie under the same names: these are the winner's.
    if (standing.etag !== meta.etag) {
      const unstaged = this.#unstage(key, meta.etag, write.body.count, write.stagedUs, write.deadline)
      // What cannot be removed now expires; that the body was refused is what the caller must hear.
      await unstaged.catch(() => observer.count('store.cassandra.orphans'))
    }
    throw new StoreError('conflict', `${formatKey(key)} is kept with another body (${standing.etag})`)
  }

  /** The row first: without it nobody looks for the chunks. */
  async remove(key: CandidateKey, row: CandidateRow): Promise<void> {
    const deadline = this.#deadline()
    await this.#write(formatKey(key), this.#options.statements[kindOf(key)].uncommit, rowKey(key), deadline, {})
    await this.#unstage(key, row.meta.etag, row.chunks, row.stagedUs, deadline)
  }

  async saveState(event: string, text: string): Promise<void> {
    const { saveState } = this.#options.statements
    await this.#write(`state of ${event}`, saveState, [event, text], this.#deadline(), { timestamp: this.#nowUs() })
  }

  async #stage({ key, meta, body, deadline, stagedUs }: Write, bytes: Uint8Array, index: number): Promise<void> {
    const rowTtl = this.#ttl(key)
    const ttl = rowTtl === forEver ? forEver : rowTtl + chunksOutliveRowS
    const values = [...chunkKey(key, meta.etag, index), encodeChunk(body, bytes, index), ttl]
    await this.#write(body.name, this.#options.statements[kindOf(key)].stage, values, deadline, { timestamp: stagedUs })
    this.#options.observer.count('store.cassandra.chunk_writes')
  }

  /** Makes the body visible. Gives what stands there instead, which after an unheard answer may be this very write. */
  async #commit({
    key,
    meta,
    body,
    token,
    deadline,
    stagedUs,
  }: Write): Promise<{ etag: string; token: string } | undefined> {
    const ttl = this.#ttl(key)
    const columns = [meta.etag, meta.bodyBytes, meta.defects ?? null, meta.arrivedMs, token, body.count, stagedUs, ttl]
    const { commit } = this.#options.statements[kindOf(key)]
    // Not hedged: two transactions of one write would only get into each other's way. Asked again after a while instead.
    const longestMs = (this.#options.budgetMs as number) * commitShare
    const options = { isIdempotent: false, longestMs }
    const result = await this.#write(body.name, commit, [...rowKey(key), ...columns], deadline, options)
    const row = result.rows[0]
    if (result.wasApplied() || !row) return undefined
    return { etag: row.etag as string, token: row.write_token as string }
  }

  /** Removes chunks of one write, and no later ones of the same name: its own timestamp says which. */
  async #unstage(
    key: CandidateKey,
    etag: string,
    count: number,
    stagedUs: types.Long,
    deadline: number,
  ): Promise<void> {
    const { unstage } = this.#options.statements[kindOf(key)]
    const indexes = Array.from({ length: count }, (_, index) => index)
    await Promise.all(
      indexes.map(index =>
        this.#write(formatKey(key), unstage, chunkKey(key, etag, index), deadline, { timestamp: stagedUs }),
      ),
    )
  }

  #write(
    what: string,
    statement: string,
    values: readonly unknown[],
    deadline: number,
    { longestMs = Number.POSITIVE_INFINITY, ...options }: AttemptOptions,
  ): Promise<types.ResultSet> {
    const { client, keyspace, observer } = this.#options
    const onRetry = () => observer.count('store.cassandra.retries')
    return this.#inFlight.run(deadline, () =>
      withinBudget({ what, deadline, onRetry }, leftMs =>
        client.execute(statement, [...values], { keyspace, readTimeout: Math.min(leftMs, longestMs), ...options }),
      ),
    )
  }

  #ttl({ number }: CandidateKey): number {
    return number === 'init' ? forEver : ttlSeconds(this.#options.keepMs)
  }

  #deadline(): number {
    return performance.now() + (this.#options.budgetMs as number)
  }

  /** Microseconds, never the same one twice. */
  #nowUs(): types.Long {
    const next = this.#clock.next(this.#options.client)
    return typeof next === 'number' ? types.Long.fromNumber(next) : next
  }
}
