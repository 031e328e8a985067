import { limits } from '../../live/limits.ts'
import { formatDefects } from '../../live/live-state.ts'
import { between, type EpochMs, type Ms } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import type { StoreRead } from '../core/limiter.ts'
import type { Candidate, PutBody } from '../core/verdict.ts'
import {
  type CandidateKey,
  formatKey,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreStats,
} from '../store/segment-store.ts'

// The store as the sides of an origin use it: every operation bounded in time, counted and timed; and of several who
// want one body at once, one reads it for all.

type Target = Pick<Candidate, 'pipeline' | 'rendition' | 'number'>

export interface OriginStoreParts {
  readonly event: string
  readonly store: SegmentStore
  /** How long the store may take for an operation, with all of its retries: a segment. */
  readonly budgetMs: Ms
  readonly count: (name: string, by?: number) => void
  readonly time: (name: string, durationMs: Ms) => void
  readonly readEnded: (read: StoreRead, now: EpochMs) => void
}

export class OriginStore {
  readonly #parts: OriginStoreParts
  readonly #reads = new Map<string, Promise<Uint8Array>>()

  constructor(parts: OriginStoreParts) {
    this.#parts = parts
  }

  keyOf({ pipeline, rendition, number }: Target): CandidateKey {
    return { event: this.#parts.event, rendition, number: number ?? 'init', pipeline }
  }

  /** The body of `candidate`. Rejects with a StoreError. */
  read(candidate: Candidate): Promise<Uint8Array> {
    const name = `${formatKey(this.keyOf(candidate))} ${candidate.etag}`
    const running = this.#reads.get(name)
    if (running) {
      this.#parts.count('store_reads_shared')
      return running
    }
    const read = this.#read(candidate).finally(() => this.#reads.delete(name))
    this.#reads.set(name, read)
    return read
  }

  /** The body of a candidate that may not be in this store yet; undefined while it is not, or cannot be read. */
  async look(candidate: Candidate): Promise<Uint8Array | undefined> {
    const { store, count } = this.#parts
    count('store_reads')
    try {
      return await this.#bounded(store.get(this.keyOf(candidate), candidate), 'give')
    } catch {
      // Whoever looks looks again, and counts what he never finds.
      return undefined
    }
  }

  /** The body that `known` names, for an audit: no read of an event. Rejects with a StoreError. */
  readBack(target: Target, known: KnownBody): Promise<Uint8Array> {
    this.#parts.count('audit_reads')
    return this.#bounded(this.#parts.store.get(this.keyOf(target), known), 'give')
  }

  /** Keeps the whole body of a PUT. Rejects with a StoreError: but for `conflict` and `full` it may be kept all the same. */
  async put(body: PutBody, bytes: Uint8Array, arrivedMs: EpochMs): Promise<void> {
    const { store, count, time } = this.#parts
    const { etag, bodyBytes, defects } = body
    const meta = { etag, bodyBytes, defects: formatDefects(defects), arrivedMs }
    const begunMs = now()
    count('store_writes')
    try {
      await this.#bounded(store.put(this.keyOf(body), bytes, meta, etag), 'keep')
    } finally {
      const tookMs = between(begunMs, now()) as number
      time('store_write_ms', tookMs)
      if (tookMs > limits.slowWriteMs) {
        process.stderr.write(
          `tidegate: the store took ${Math.round(tookMs)} ms to keep ${formatKey(this.keyOf(body))}\n`,
        )
      }
    }
  }

  async remove(candidate: Target): Promise<void> {
    await this.#bounded(this.#parts.store.remove(this.keyOf(candidate)), 'remove')
  }

  /** Every whole candidate of a range: of a whole window, so it is not held to the budget of one. */
  list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    return this.#bounded(this.#parts.store.list(range), 'list', limits.storeListMs)
  }

  loadState(): Promise<string | undefined> {
    return this.#bounded(this.#parts.store.loadState(this.#parts.event), 'load')
  }

  saveState(text: string): Promise<void> {
    this.#parts.count('store_states_saved')
    return this.#bounded(this.#parts.store.saveState(this.#parts.event, text), 'save')
  }

  stats(): Promise<StoreStats> {
    return this.#bounded(this.#parts.store.stats(), 'count')
  }

  close(): Promise<void> {
    return this.#parts.store.close()
  }

  async #read(candidate: Candidate): Promise<Uint8Array> {
    const { store, count, time, readEnded } = this.#parts
    const begunMs = now()
    const ended = (failed: boolean) => {
      const endedMs = now()
      time('store_read_ms', between(begunMs, endedMs))
      readEnded({ durationMs: between(begunMs, endedMs), failed }, endedMs)
    }
    count('store_reads')
    if (candidate.number === undefined) count('store_reads.init')
    try {
      const body = await this.#bounded(store.get(this.keyOf(candidate), candidate), 'give')
      ended(false)
      return body
    } catch (error) {
      const { fault } = error as StoreError
      ended(fault === 'unavailable')
      count(`store.${fault}`)
      throw error
    }
  }

  /** The store keeps to its budget by itself; this keeps to it where the store hangs. Every failure is a StoreError. */
  #bounded<Result>(operation: Promise<Result>, what: string, budgetMs: Ms = this.#parts.budgetMs): Promise<Result> {
    return new Promise((done, fail) => {
      const bound = setTimeout(
        () => fail(new StoreError('unavailable', `the store did not ${what} it within ${budgetMs} ms`)),
        budgetMs as number,
      )
      operation.then(done, (error: Error) =>
        fail(error instanceof StoreError ? error : new StoreError('unavailable', error.message, { cause: error })),
      )
      operation.then(
        () => clearTimeout(bound),
        () => clearTimeout(bound),
      )
    })
  }
}
