import type { TierReason } from '../../../live/reasons.ts'
import type { Bytes, EpochMs, Ms } from '../../../live/units.ts'

// What the core of the tiers is asked and what it wants done. It sees names, numbers of chunks and instants; the driver
// has the bytes.

/** A body as the tiers see it. */
export interface TierBody {
  /** Names key and ETag: another body under the same key is another body here. */
  readonly id: string
  /** Chunks that it consists of; at least one. */
  readonly chunks: number
  /** Length of every chunk but the last. */
  readonly chunkBytes: Bytes
}

/** One question to a cache server or to the store, until it is answered, failed or abandoned. */
export type AskId = number
/** The handling of one body from its first reader or its publish until nothing of it is under way. */
export type FlightId = number
export type ReaderId = number

/** What is counted, by its name behind `store.memcached.` (docs/processes.md, "Storage"). */
export type TierCount =
  | 'reads'
  | 'joined'
  | 'hits'
  | 'misses'
  | 'corrupt'
  | 'store_reads'
  | 'fills'
  | 'writes'
  | 'writes_dropped'
  | 'failures'
  | 'timeouts'
  | 'resting'
  | 'rests'

/** Why the store is asked. */
export type StoreReason = Extract<
  TierReason,
  'cache-miss' | 'cache-corrupt' | 'cache-slow' | 'cache-failed' | 'cache-resting'
>

export type TierEffect =
  /** Answer with `cacheRead` or `cacheFailed`. */
  | {
      readonly do: 'ask-cache'
      readonly ask: AskId
      readonly server: string
      readonly flight: FlightId
      readonly chunks: readonly number[]
      readonly reason: 'cache-first'
    }
  /** Chunks `first` to `last`, both included. Answer with `storeRead` or `storeFailed`. */
  | {
      readonly do: 'ask-store'
      readonly ask: AskId
      readonly flight: FlightId
      readonly first: number
      readonly last: number
      readonly reason: StoreReason
    }
  /** Chunks that the driver has by now. Answer with `cacheChanged` or `cacheFailed`. */
  | {
      readonly do: 'write-cache'
      readonly ask: AskId
      readonly server: string
      readonly flight: FlightId
      readonly chunks: readonly number[]
      readonly reason: 'published' | 'fill'
    }
  /** Every chunk of a body. Answer with `cacheChanged` or `cacheFailed`. */
  | {
      readonly do: 'delete-from-cache'
      readonly ask: AskId
      readonly server: string
      readonly body: TierBody
      readonly reason: 'removed'
    }
  /** Nobody waits for the answer to this ask of a cache server any more. */
  | { readonly do: 'abandon'; readonly ask: AskId; readonly reason: 'cache-slow' }
  /** The server is left alone until `untilMs`: its connection is given up, with what is on its way. */
  | {
      readonly do: 'rest'
      readonly server: string
      readonly untilMs: EpochMs
      readonly reason: 'cache-slow' | 'cache-failed'
    }
  /** A server that was left alone answers again. */
  | { readonly do: 'resume'; readonly server: string }
  /** The driver has every chunk that these readers asked for. */
  | { readonly do: 'serve'; readonly flight: FlightId; readonly readers: readonly ReaderId[] }
  /** The store failed at `ask`, and these readers with it. */
  | { readonly do: 'fail'; readonly ask: AskId; readonly readers: readonly ReaderId[] }
  /** The driver can let go of the flight's bytes. */
  | { readonly do: 'land'; readonly flight: FlightId }
  | { readonly do: 'count'; readonly name: TierCount; readonly by: number }

export interface TierConfig {
  /** Cache servers, by any names that are the same wherever the cache is shared. */
  readonly servers: readonly string[]
  /** A read that the cache has not answered by then is asked of the store. */
  readonly readMs: Ms
  /** A write or deletion that it has not acknowledged by then is given up. */
  readonly writeMs: Ms
  /** Failures in a row, after which a server is left alone. */
  readonly failures: number
  /** How long at first, doubled with every trial that fails, and at most. */
  readonly restMs: Ms
  readonly longestRestMs: Ms
  readonly writingBytes: Bytes
  readonly bodies: number
  readonly readers: number
}
