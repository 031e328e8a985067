import type { Client } from 'cassandra-driver'
import type { Ms } from '../../../live/units.ts'
import {
  type ByteRange,
  type CandidateKey,
  type CandidateMeta,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreObserver,
  type StoreStats,
} from '../segment-store.ts'
import { CandidateReads } from './candidate-reads.ts'
import { CandidateWrites } from './candidate-writes.ts'
import { statementsOf } from './statements.ts'

// Segments in Cassandra. Opened by open-cassandra.ts.

export interface CassandraStoreOptions {
  readonly writer: Client
  readonly reader: Client
  readonly keyspace: string
  readonly localDataCentre: string
  readonly budgetMs: Ms
  readonly keepMs: Ms
  readonly observer: StoreObserver
}

export class CassandraStore implements SegmentStore {
  readonly #clients: readonly Client[]
  readonly #reads: CandidateReads
  readonly #writes: CandidateWrites
  readonly #observer: StoreObserver
  #closing: Promise<unknown> | undefined

  constructor({ writer, reader, ...options }: CassandraStoreOptions) {
    const statements = statementsOf(options.keyspace)
    this.#clients = [writer, reader]
    this.#reads = new CandidateReads({ ...options, client: reader, statements })
    this.#writes = new CandidateWrites({ ...options, client: writer, statements })
    this.#observer = options.observer
  }

  async put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    this.#observer.count('store.cassandra.writes')
    await this.#timed('write', () => this.#writes.put(key, body, meta, token))
  }

  async get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    this.#observer.count('store.cassandra.reads')
    return await this.#timed('read', () => this.#reads.body(key, known, range))
  }

  async describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    return (await this.#open(() => this.#reads.describe(key)))?.meta
  }

  async remove(key: CandidateKey): Promise<void> {
    const row = await this.#open(() => this.#reads.describe(key))
    if (row) await this.#open(() => this.#writes.remove(key, row))
  }

  async list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    return await this.#open(() => this.#reads.list(range))
  }

  async loadState(event: string): Promise<string | undefined> {
    return await this.#open(() => this.#reads.loadState(event))
  }

  async saveState(event: string, text: string): Promise<void> {
    await this.#open(() => this.#writes.saveState(event, text))
  }

  async stats(): Promise<StoreStats> {
    return await this.#open(() => this.#reads.total())
  }

  async close(): Promise<void> {
    this.#closing ??= Promise.all(this.#clients.map(client => client.shutdown()))
    await this.#closing
  }

  async #timed<Result>(what: 'read' | 'write', act: () => Promise<Result>): Promise<Result> {
    const startedMs = performance.now()
    try {
      return await this.#open(act)
    } finally {
      this.#observer.time(`store.cassandra.${what}_ms`, performance.now() - startedMs)
    }
  }

  /** What was under way when the store was closed fails because of that, whatever the driver says. */
  async #open<Result>(act: () => Promise<Result>): Promise<Result> {
    const closed = (cause?: unknown) => new StoreError('closed', 'the store is closed', { cause })
    if (this.#closing) throw closed()
    try {
      return await act()
    } catch (error) {
      throw this.#closing ? closed(error) : error
    }
  }
}
