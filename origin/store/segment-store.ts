import type { Bytes, SegmentNumber } from '../../live/units.ts'

// Where candidates' bodies are durable. One interface for every store; what it must keep is in store-contract.ts.

/** One candidate: what one pipeline made of one segment, or (`init`) of a rendition's initialisation segment. */
export interface CandidateKey {
  readonly event: string
  readonly rendition: string
  readonly number: SegmentNumber | 'init'
  readonly pipeline: string
}

/** What is kept beside the body. */
export interface CandidateMeta {
  /** Strong ETag; names pipeline, checksum and length. */
  readonly etag: string
  readonly bodyBytes: Bytes
  /** The value of `Live-Defects`; absent for a sound body. */
  readonly defects?: string | undefined
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
  /** The body, or `range` of it (which must lie within it). Rejects with `missing`. Must not be changed by the caller. */
  get(key: CandidateKey, range?: ByteRange): Promise<Uint8Array>
  /** What is kept beside the body; undefined when there is none. */
  describe(key: CandidateKey): Promise<CandidateMeta | undefined>
  /** Removes a candidate; one that is not there is removed already. */
  remove(key: CandidateKey): Promise<void>
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

/** A key as text, for maps and messages: `event/rendition/number/pipeline`. */
export const formatKey = ({ event, rendition, number, pipeline }: CandidateKey): string =>
  `${event}/${rendition}/${number}/${pipeline}`
