import type { Bytes, EpochMs, Ms, SegmentNumber } from '../../live/units.ts'

// Where candidates' bodies are durable. One interface for every store; what it must keep is in store-contract.ts.

/** One candidate: what one pipeline made of one segment, or (`init`) of a rendition's initialisation segment. */
export interface CandidateKey {
  readonly event: string
  readonly rendition: string
  readonly number: SegmentNumber | 'init'
  readonly pipeline: string
}

/** What a reader knows of a body before it reads it: the origin's index has it, so that no read asks for it first. */
export interface KnownBody {
  /** Strong ETag; names pipeline, checksum and length. */
  readonly etag: string
  readonly bodyBytes: Bytes
}

/** What is kept beside the body. */
export interface CandidateMeta extends KnownBody {
  /** The value of `Live-Defects`; absent for a sound body. */
  readonly defects?: string | undefined
  /** When its whole body had arrived at the origin: what `list` gives back must not look newer than it is. */
  readonly arrivedMs: EpochMs
}

/** A candidate that is kept, whole. */
export interface StoredCandidate {
  readonly key: CandidateKey
  readonly meta: CandidateMeta
}

/** Which candidates an origin wants to know of when it starts: the numbers of its window, ends included. */
export interface StoredRange {
  readonly event: string
  readonly renditions: readonly string[]
  readonly from: SegmentNumber
  readonly to: SegmentNumber
}

/** Bytes `from` to `to`, both included, as in a Range. */
export interface ByteRange {
  readonly from: Bytes
  readonly to: Bytes
}

export interface StoreStats {
  readonly candidates: number
  readonly bytes: Bytes
  /** Absent: bounded by something else than itself. */
  readonly limitBytes?: Bytes | undefined
}

export interface SegmentStore {
  /**
   * Keeps `body` whole; when it resolves the body is durable and can be read, and before that nothing of it can be.
   * `token` names the attempt's content: the same token again is the same write and changes nothing, another one is a
   * `conflict`. The store may keep `body` itself: the caller must not change it afterwards.
   */
  put(key: CandidateKey, body: Uint8Array, meta: CandidateMeta, token: string): Promise<void>
  /**
   * The body that `known` names, or `range` of it (which must lie within it). Rejects with `missing`, and with `corrupt`
   * when what is kept does not bear its checksum or is another body. Must not be changed by the caller.
   */
  get(key: CandidateKey, known: KnownBody, range?: ByteRange): Promise<Uint8Array>
  /** What is kept beside the body; undefined when there is none. */
  describe(key: CandidateKey): Promise<CandidateMeta | undefined>
  /** Removes a candidate; one that is not there is removed already. */
  remove(key: CandidateKey): Promise<void>
  /** Every whole candidate in `range`, and the initialisation segments of its renditions, in no order. */
  list(range: StoredRange): Promise<readonly StoredCandidate[]>
  /** What `saveState` kept for this event; undefined when it never did. */
  loadState(event: string): Promise<string | undefined>
  /** Keeps a small text for an event (its version, rules, masks, notifications): the last one wins. */
  saveState(event: string, text: string): Promise<void>
  stats(): Promise<StoreStats>
  /** Gives back what the store holds open. Everything afterwards rejects with `closed`. */
  close(): Promise<void>
}

export type StoreFault =
  /** Nothing is kept under this key. */
  | 'missing'
  /** Another body is kept under this key. */
  | 'conflict'
  /** The store's limit is met: nothing was kept. */
  | 'full'
  /** The store did not answer in time or at all: whether it kept the body is not known. Try again. */
  | 'unavailable'
  /** What is kept does not bear its checksum or its length. It is never given out. */
  | 'corrupt'
  /** What is kept was written by another version of Tidegate: refused until it is migrated. */
  | 'schema'
  | 'closed'

/** How a store fails: always with one of the faults, so that the origin can answer for it. */
export class StoreError extends Error {
  readonly fault: StoreFault
  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.fault = fault
  }
}

/**
 * Takes what a store counts and times, by the names of docs/processes.md: `store.{tier}.reads`, `….writes`, `….retries`,
 * …, where the tier is `memory`, `lsm`, `cassandra`, `s3` or `memcached`.
 */
export interface StoreObserver {
  count(name: `store.${string}`, by?: number): void
  time(name: `store.${string}_ms`, durationMs: Ms): void
}

/** For stores that nobody watches. */
export const unobserved: StoreObserver = { count: () => undefined, time: () => undefined }

/** A key as text, for maps and messages: `event/rendition/number/pipeline`. */
export const formatKey = ({ event, rendition, number, pipeline }: CandidateKey): string =>
  `${event}/${rendition}/${number}/${pipeline}`
