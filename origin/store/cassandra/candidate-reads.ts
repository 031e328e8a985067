import type { Client, types } from 'cassandra-driver'
import { limits } from '../../../live/limits.ts'
import type { Ms } from '../../../live/units.ts'
import { assemble, type ChunkedBody, chunkedBody, chunksWithin, decodeChunk } from '../chunks.ts'
import {
  type ByteRange,
  type CandidateKey,
  formatKey,
  type KnownBody,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreObserver,
} from '../segment-store.ts'
import { framesElsewhere } from './elsewhere.ts'
import { InFlight } from './in-flight.ts'
import { withinBudget } from './retry-budget.ts'
import {
  type CandidateRow,
  chunkKey,
  chunkRoutingKey,
  fromRow,
  initialisationPartition,
  kindOf,
  rowKey,
} from './rows.ts'
import { blockOf, everyStripe } from './schema.ts'
import type { Statements } from './statements.ts'

// The read side. A body is its row and its chunks, all asked for at once: the row says whether the body is whole, every
// frame whether it is the chunk that was asked for.

export interface ReadOptions {
  readonly client: Client
  readonly keyspace: string
  readonly localDataCentre: string
  readonly statements: Statements
  readonly budgetMs: Ms
  readonly observer: StoreObserver
}

export class CandidateReads {
  readonly #options: ReadOptions
  readonly #inFlight: InFlight

  constructor(options: ReadOptions) {
    this.#options = options
    const waiting = limits.cassandraWaitingReads
    const onRefused = () => options.observer.count('store.cassandra.refused')
    this.#inFlight = new InFlight('reads', { running: limits.cassandraReads, waiting }, onRefused)
  }

  async body(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    const body = chunkedBody(key, known)
    const { first, last } = chunksWithin(body, range)
    const deadline = this.#deadline()
    const row = this.#row(key, deadline)
    const frames = Array.from({ length: last - first + 1 }, (_, i) => this.#frame(key, known.etag, first + i, deadline))
    // Whichever fails first is told; the others must not fail unheard.
    for (const frame of frames) frame.catch(() => {})
    checkRow(body, known, await row)
    const chunks = (await Promise.all(frames)).map((frame, i) =>
      this.#soundChunk({ key, known, body, index: first + i, deadline }, frame),
    )
    return assemble(body, await Promise.all(chunks), range)
  }

  async describe(key: CandidateKey): Promise<CandidateRow | undefined> {
    return await this.#row(key, this.#deadline())
  }

  async list({ event, renditions, from, to }: StoredRange): Promise<readonly StoredCandidate[]> {
    const [first, last] = [from as number, Math.min(to as number, limits.segmentNumber)]
    const { segment, initialisation } = this.#options.statements
    const { block, stripe, number } = initialisationPartition
    const partitions = await this.#partitions(event, renditions, blockOf(first), blockOf(last))
    const asked = [
      ...renditions.map(rendition =>
        this.#listed(initialisation.list, [event, rendition, block, stripe, number, number]),
      ),
      ...partitions.map(partition => this.#listed(segment.list, [event, ...partition, first, last])),
    ]
    return (await Promise.all(asked)).flat()
  }

  /** Rendition, block and stripe of every partition that may have something of these blocks. */
  async #partitions(event: string, renditions: readonly string[], first: number, last: number): Promise<Partition[]> {
    const possible = renditions.length * (last - first + 1) * everyStripe.length
    if (possible <= limits.cassandraListedPartitions) {
      const blocks = Array.from({ length: last - first + 1 }, (_, i) => first + i)
      return renditions.flatMap(rendition =>
        blocks.flatMap(block => everyStripe.map((stripe): Partition => [rendition, block, stripe])),
      )
    }
    const { partitions } = this.#options.statements.segment
    const found: Partition[] = []
    for await (const row of await this.#read('partitions', partitions, [], this.#deadline())) {
      const { block, stripe, rendition } = row
      const wanted = row.event === event && renditions.includes(rendition) && first <= block && block <= last
      if (wanted) found.push([rendition, block, stripe])
    }
    return found
  }

  async loadState(event: string): Promise<string | undefined> {
    const { rows } = await this.#read(
      `state of ${event}`,
      this.#options.statements.loadState,
      [event],
      this.#deadline(),
    )
    return rows[0]?.state ?? undefined
  }

  /** Candidates and bytes of everything. Reads every row, so that it is not for large clusters' dashboards. */
  async total(): Promise<{ candidates: number; bytes: number }> {
    const { segment, initialisation } = this.#options.statements
    const totals = await Promise.all(
      [segment, initialisation].map(({ total }) => this.#read('statistics', total, [], this.#deadline())),
    )
    const sum = (column: string) => totals.reduce((all, { rows }) => all + Number(rows[0]?.[column] ?? 0), 0)
    return { candidates: sum('candidates'), bytes: sum('bytes') }
  }

  async #listed(statement: string, values: readonly [event: string, rendition: string, ...unknown[]]) {
    const [event, rendition] = values
    const { rows } = await this.#read(`${event}/${rendition}`, statement, values, this.#deadline())
    return rows.map((row): StoredCandidate => {
      const { key, meta } = fromRow({ event, rendition }, row)
      return { key, meta }
    })
  }

  async #row(key: CandidateKey, deadline: number): Promise<CandidateRow | undefined> {
    const { describe } = this.#options.statements[kindOf(key)]
    const { rows } = await this.#read(formatKey(key), describe, rowKey(key), deadline)
    return rows[0] && fromRow(key, rows[0])
  }

  async #frame(key: CandidateKey, etag: string, index: number, deadline: number): Promise<Uint8Array | undefined> {
    const { chunk } = this.#options.statements[kindOf(key)]
    const { rows } = await this.#read(formatKey(key), chunk, chunkKey(key, etag, index), deadline)
    this.#options.observer.count('store.cassandra.chunk_reads')
    return rows[0]?.frame as Buffer | undefined
  }

  /** The bytes of a chunk: those that the quorum gave, or, where these are broken or absent, those of one replica. */
  async #soundChunk(sought: Sought, frame: Uint8Array | undefined): Promise<Uint8Array> {
    const { key, known, body, index, deadline } = sought
    const { client, keyspace, localDataCentre, statements, observer } = this.#options
    const first = frame ? decoded(sought, frame) : absent(sought)
    if (!(first instanceof StoreError)) return first
    observer.count(frame ? 'store.cassandra.corrupt' : 'store.cassandra.absent_chunks')
    const statement = statements[kindOf(key)].chunk
    const where = { key: chunkKey(key, known.etag, index), routingKey: chunkRoutingKey(key, known.etag, index) }
    const leftMs = () => deadline - performance.now()
    let told = first
    for await (const other of framesElsewhere(client, { keyspace, localDataCentre, statement, ...where }, leftMs)) {
      const bytes = decoded({ body, index }, other)
      if (!(bytes instanceof StoreError)) {
        observer.count('store.cassandra.read_elsewhere')
        return bytes
      }
      told = bytes
    }
    throw told
  }

  #read(what: string, statement: string, values: readonly unknown[], deadline: number): Promise<types.ResultSet> {
    const { client, keyspace, observer } = this.#options
    const onRetry = () => observer.count('store.cassandra.retries')
    return this.#inFlight.run(deadline, () =>
      withinBudget({ what, deadline, onRetry }, leftMs =>
        client.execute(statement, [...values], { keyspace, readTimeout: leftMs }),
      ),
    )
  }

  #deadline(): number {
    return performance.now() + (this.#options.budgetMs as number)
  }
}

type Partition = readonly [rendition: string, block: number, stripe: number]

interface Sought {
  readonly key: CandidateKey
  readonly known: KnownBody
  readonly body: ChunkedBody
  readonly index: number
  readonly deadline: number
}

function checkRow(body: ChunkedBody, { etag }: KnownBody, row: CandidateRow | undefined): void {
  if (!row) throw new StoreError('missing', `nothing is kept under ${body.name}`)
  if (row.meta.etag !== etag) {
    throw new StoreError('corrupt', `${body.name} is kept as ${row.meta.etag}, not as ${etag}`)
  }
  if (row.chunks !== body.count) {
    throw new StoreError(
      'schema',
      `${body.name} is kept in ${row.chunks} chunks, this Tidegate cuts it into ${body.count}`,
    )
  }
}

function decoded({ body, index }: Pick<Sought, 'body' | 'index'>, frame: Uint8Array): Uint8Array | StoreError {
  try {
    return decodeChunk(body, frame, index)
  } catch (error) {
    if (error instanceof StoreError && error.fault === 'corrupt') return error
    throw error
  }
}

/** Committed and not there: written in another region a moment ago, and not here yet. */
const absent = ({ body, index }: Sought): StoreError =>
  new StoreError('unavailable', `${body.name}: chunk ${index + 1} of ${body.count} has not come to this region yet`)
