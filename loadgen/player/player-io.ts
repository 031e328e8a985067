import type { Address } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { Bytes, EpochMs, Ms, SegmentNumber } from '../../live/units.ts'
import type { ProfileName } from '../../scenarios/schema.ts'

// What goes into a player's core and what comes out. A driver (HTTP or virtual time) wakes it when it asked for that,
// carries out its requests and reports how they ended; nothing else passes between them.

/** One player of a fleet: all that decides what it will do. Depends on scenario, seed and `index` only. */
export interface PlayerSetup {
  readonly index: number
  readonly seed: number
  readonly profile: ProfileName
  readonly event: LiveEvent
  /** What this player's clock shows minus the true time. */
  readonly clockErrorMs: Ms
  readonly joinMs: EpochMs
  /** Leaves then; absent: stays to the end. */
  readonly leaveMs?: EpochMs | undefined
  /** Absent for half-time: away between these instants. */
  readonly away?: { readonly fromMs: EpochMs; readonly toMs: EpochMs } | undefined
  /** Seeks once, `behindMs` behind the live edge. */
  readonly seek?: { readonly atMs: EpochMs; readonly behindMs: Ms } | undefined
  /** Asks for the next segment again and again before it exists, whatever its profile says: the 404 storm. */
  readonly poller?: { readonly everyMs: Ms; readonly aheadMs: Ms } | undefined
}

/** Identifies a request within one player. */
export type RequestNumber = number

export type PlayerOutput =
  | {
      readonly do: 'request'
      readonly request: RequestNumber
      readonly address: Address
      /** When the player meant to ask: lateness is counted from here. */
      readonly plannedMs: EpochMs
      /** 0 for the first try. */
      readonly attempt: number
      /** The player gives up when no first byte has come by then. */
      readonly firstByteByMs: EpochMs
    }
  /** Abort the request; nothing more is reported of it. */
  | { readonly do: 'abort'; readonly request: RequestNumber }
  /** For the record. `rebuffer` at its end, with how long it lasted. */
  | { readonly do: 'note'; readonly note: 'joined' | 'started' | 'left' | 'switch-up' | 'switch-down' | 'gave-up' }
  | { readonly do: 'note'; readonly note: 'rebuffer'; readonly lastedMs: Ms }

/** How a request ended. */
export interface RequestOutcome {
  readonly request: RequestNumber
  /** The status, or how the transport failed. A wrong or torn body counts as `wrong-body`. */
  readonly result: number | 'refused' | 'reset' | 'timeout' | 'wrong-body'
  readonly sentMs: EpochMs
  readonly firstByteMs: EpochMs
  readonly lastByteMs: EpochMs
  readonly bodyBytes: Bytes
  /** Of a media playlist: what it lists. */
  readonly playlist?:
    | {
        readonly first: SegmentNumber
        readonly last: SegmentNumber
        readonly gaps: readonly SegmentNumber[]
        readonly ended: boolean
      }
    | undefined
}
