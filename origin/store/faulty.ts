import { setTimeout as delay } from 'node:timers/promises'
import type { Ms } from '../../live/units.ts'
import {
  type ByteRange,
  type CandidateKey,
  type CandidateMeta,
  type KnownBody,
  type SegmentStore,
  type StoredCandidate,
  type StoredRange,
  StoreError,
  type StoreStats,
} from './segment-store.ts'

// Faults of a store by switch, for scenarios: the same over any store.

export interface StoreFaults {
  /** Every operation begins so much later. */
  readonly slowMs: Ms
  /** No operation succeeds. */
  readonly fails: boolean
}

export class FaultyStore implements SegmentStore {
  readonly #store: SegmentStore
  #faults: StoreFaults = { slowMs: 0, fails: false }

  constructor(store: SegmentStore) {
    this.#store = store
  }

  get faults(): StoreFaults {
    return this.#faults
  }

  /** Changes the given switches; operations that run go on as they began. */
  setFaults(given: Partial<StoreFaults>): void {
    this.#faults = { ...this.#faults, ...given }
  }

  put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void> {
    return this.#under(() => this.#store.put(key, body, meta, token))
  }

  get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array> {
    return this.#under(() => this.#store.get(key, known, range))
  }

  describe(key: CandidateKey): Promise<CandidateMeta | undefined> {
    return this.#under(() => this.#store.describe(key))
  }

  remove(key: CandidateKey): Promise<void> {
    return this.#under(() => this.#store.remove(key))
  }

  list(range: StoredRange): Promise<readonly StoredCandidate[]> {
    return this.#under(() => this.#store.list(range))
  }

  loadState(event: string): Promise<string | undefined> {
    return this.#under(() => this.#store.loadState(event))
  }

  saveState(event: string, text: string): Promise<void> {
    return this.#under(() => this.#store.saveState(event, text))
  }

  /** What people look at meanwhile is not touched. */
  stats(): Promise<StoreStats> {
    return this.#store.stats()
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async #under<Result>(operation: () => Promise<Result>): Promise<Result> {
    const { slowMs, fails } = this.#faults
    if (slowMs > 0) await delay(slowMs as number)
    if (fails) throw new StoreError('unavailable', 'a fault switch makes the store fail')
    return operation()
  }
}
