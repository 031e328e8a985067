import type { Address } from '../../live/address.ts'
import type { Defect, EventState } from '../../live/live-state.ts'
import type { OriginReason, PublishReason } from '../../live/reasons.ts'
import type { Bytes, EpochMs, Ms, SegmentNumber } from '../../live/units.ts'

// What goes into the origin's core and what comes out: plain data, no functions, no bytes. The HTTP driver and the
// simulator speak to the core in these words only.

/** One request (or `count` alike ones) that is held. */
export type TicketId = number

/** A delivery request as the core sees it; Range, conditions and HEAD stay with the driver. */
export interface OriginQuestion {
  /** Absent: the path names nothing. */
  readonly address?: Address | undefined
  /** The event state that the asker knows of (`Live-Version`): an older answer would be kept as a newer one. */
  readonly asked?: EventState | undefined
  /** Who asks (`Live-Edge`): spreads the jitter, so that edges which asked together do not come back together. */
  readonly asker?: string | undefined
}

/** How long an answer may be kept: to an instant, or from whenever it is sent. */
export type Lifetime = { readonly is: 'until'; readonly untilMs: EpochMs } | { readonly is: 'for'; readonly forMs: Ms }

/** A body that is durable in the store, as the index knows it. */
export interface Candidate {
  readonly pipeline: string
  readonly rendition: string
  /** Absent: the initialisation segment. */
  readonly number?: SegmentNumber | undefined
  /** Strong; names pipeline, checksum and length. */
  readonly etag: string
  readonly bodyBytes: Bytes
  readonly defects: readonly Defect[]
  /** When the store had acknowledged it: from then on it was visible. */
  readonly storedMs: EpochMs
}

/** What a media playlist lists. */
export interface PlaylistSegments {
  readonly first: SegmentNumber
  readonly last: SegmentNumber
  readonly gaps: readonly SegmentNumber[]
  readonly ended: boolean
}

interface Answered {
  /** Until this instant, and while no event comes between, the same question has the same answer. */
  readonly validUntilMs: EpochMs
  /** How many askers may be let in with this verdict before the answer could change (the limit on holds). */
  readonly maxArrivals: number
}

/** A candidate's body, with its defects named downstream. */
export interface ServeVerdict extends Answered {
  readonly do: 'serve'
  readonly reason: Extract<OriginReason, 'published' | 'published-defective' | 'described'>
  readonly candidate: Candidate
  readonly lifetime: Lifetime
}

/** Waits until published, `longestMs` from its arrival at most. */
export interface HoldVerdict extends Answered {
  readonly do: 'hold'
  readonly reason: Extract<OriginReason, 'held' | 'waiting-for-candidate'>
  readonly rendition: string
  readonly number: SegmentNumber
  readonly longestMs: Ms
}

export interface RefuseVerdict extends Answered {
  readonly do: 'refuse'
  readonly status: 404 | 410 | 503
  readonly reason: OriginReason
  /** Absent: not to be kept at all. */
  readonly lifetime?: Lifetime | undefined
}

/** A text that the driver renders from the event's configuration. */
export interface DescribeVerdict extends Answered {
  readonly do: 'describe'
  readonly reason: Extract<OriginReason, 'described'>
  readonly address: Exclude<Address, { kind: 'segment' | 'init' }>
  /** Of a media playlist. */
  readonly segments?: PlaylistSegments | undefined
  readonly lifetime: Lifetime
}

/** The answer of `inspect`: what would be done with this question at this instant. */
export type OriginVerdict = ServeVerdict | HoldVerdict | RefuseVerdict | DescribeVerdict

/** What `ask` gives back; a ticket stands for a held request. */
export interface Asked {
  readonly verdict: OriginVerdict
  readonly ticket?: TicketId | undefined
}

/** What the driver must do, in order. */
export type OriginEffect =
  /** Answer all of these tickets with `verdict`. They are done for the core. */
  | { readonly do: 'release'; readonly tickets: readonly TicketId[]; readonly verdict: ServeVerdict | RefuseVerdict }
  /** Remove these candidates from the store: their number will not be asked for again. */
  | {
      readonly do: 'forget'
      readonly rendition: string
      readonly number: SegmentNumber
      readonly pipelines: readonly string[]
    }

/** The head of a PUT, its token already checked. */
export interface PutHead {
  readonly pipeline: string
  readonly event: string
  readonly rendition: string
  /** Absent: the initialisation segment. */
  readonly number?: SegmentNumber | undefined
  readonly bodyBytes: Bytes
  readonly defects: readonly Defect[]
}

/** A PUT whose whole body has arrived and was checksummed into `etag`. */
export interface PutBody extends PutHead {
  readonly etag: string
}

/** A final answer to a PUT. */
export interface PutAnswer {
  readonly do: 'answer'
  readonly status: 200 | 201 | 404 | 409 | 410 | 413 | 425
  readonly reason: PublishReason
}

/** What to do with a PUT's head, and then with its body. */
export type OfferVerdict = { readonly do: 'receive' } | PutAnswer
export type BodyVerdict = { readonly do: 'store' } | PutAnswer

/** A range of one pipeline's segments that is hidden from the choice. */
export interface Mask {
  readonly pipeline: string
  readonly from: SegmentNumber
  readonly to: SegmentNumber
  /** Absent: of every rendition. */
  readonly rendition?: string | undefined
}

/** Whether an operator's command was carried out; `why` is for the operator. */
export type Commanded =
  | { readonly done: true; readonly effects: readonly OriginEffect[] }
  | { readonly done: false; readonly why: string }

/** Fault switches, for scenarios. */
export interface OriginFaults {
  /** DVR is answered 503. */
  readonly shed: boolean
  /** Every answer's head is sent this much later. */
  readonly slowMs: Ms
  /** Everything is answered 503. */
  readonly down: boolean
}
