import type { EventState } from '../../live/live-state.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { Bytes, EpochMs, Ms } from '../../live/units.ts'

// What goes into the edge's core and what comes out: plain data, no functions, no bytes. The HTTP driver and the
// simulator speak to the core in these words only.

/** A copy of an answer in the edge's storage, complete or still arriving. */
export type CopyId = number
/** One request (or `count` alike ones) that waits at this edge. */
export type TicketId = number
/** One request upstream. */
export type FetchId = number

/** A request as the core sees it. The driver has already refused what HTTP does not allow. */
export interface Question {
  /** GET and HEAD are answered out of storage; any other goes through, and is never asked of a live object. */
  readonly method: string
  /** Path with query, exactly as asked (validated: printable, no dot segments). */
  readonly path: string
  /** Absent: a player asks. Present: a sibling does (`CDN-Loop`), for this event state, and with this much time left. */
  readonly sibling?: { readonly edge: string; readonly asked: EventState; readonly boundMs: Ms } | undefined
  /**
   * Request fields that RFC 9111 cares about (`authorization`, `cache-control`, `pragma`, and what `Vary` may name),
   * lower case; only consulted for what is not a live object. `range`, `if-range` and conditionals stay with the driver.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The asker's `Host`, where what it names could be another's (RFC 9111, 4.4). */
  readonly host?: string | undefined
}

interface Answered {
  readonly reason: EdgeReason
  /** Until this instant, and while no event comes between, the same question has the same answer. */
  readonly validUntilMs: EpochMs
  /** How many askers may be let in with this verdict before the answer could change (waiter limit). */
  readonly maxArrivals: number
}

/** The answer of `inspect`: what would be done with this question at this instant. */
export type Verdict = Answered &
  (
    | {
        /**
         * From storage: a copy that may still be arriving (reason `collapsed`; stream it). A hit changes no state.
         * `refresh`: one background revalidation begins with it, so that such a verdict is to be admitted.
         */
        readonly do: 'serve'
        readonly key: string
        readonly copy: CopyId
        readonly refresh?: FetchPlan | undefined
        /** Stands with `refresh`. */
        readonly question?: Question | undefined
      }
    | {
        /** By the edge itself, nothing goes upstream. `askAgainInMs` counts from the asking. */
        readonly do: 'refuse'
        readonly status: 400 | 404 | 405 | 410 | 503 | 504 | 508
        readonly askAgainInMs?: Ms | undefined
      }
    /** Joins the fill in flight. */
    | ({ readonly do: 'join'; readonly fetch: FetchId } & Waiting)
    /** The first arrival starts a fill; all further ones join it. */
    | ({ readonly do: 'fill'; readonly plan: FetchPlan } & Waiting)
    /** Waits for the lock by looking again (nginx). */
    | ({ readonly do: 'poll'; readonly againAtMs: EpochMs } & Waiting)
    /** Every arrival goes upstream by itself, uncollapsed. */
    | ({ readonly do: 'pass'; readonly plan: FetchPlan } & Waiting)
  )

/**
 * A verdict after which the askers wait. It carries the question, so that `admit` needs nothing else and a logged
 * verdict can be replayed. Its instants (`headByMs`, `againAtMs`) count from the asking; `admit` counts them anew.
 */
interface Waiting {
  readonly key: string
  readonly question: Question
}

/** Whom to ask. `region` is absent where there is one origin whose region nobody has named. */
export type Upstream =
  | { readonly is: 'origin'; readonly region?: string | undefined }
  | { readonly is: 'sibling'; readonly edge: string }

/** A request upstream as the driver has to make it. */
export interface FetchPlan {
  readonly method: string
  readonly path: string
  readonly upstream: Upstream
  readonly reason: EdgeReason
  /** Sent as `Live-Version`: an answer that is older is refused. Absent for unknown events. */
  readonly asked?: EventState | undefined
  /** The rest of a broken fill: Range from here, If-Range with this strong ETag. */
  readonly resume?: { readonly fromBytes: Bytes; readonly etag: string } | undefined
  /** Fields to revalidate with, or that the asker's request must carry (what is not a live object). */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The driver gives up when no head has come by then (design: every bound is inside the next). */
  readonly headByMs: EpochMs
}

/** What `admit` gives back. `ticket` is absent when the verdict needs no waiting (`serve`, `refuse`). */
export interface Admission {
  readonly ticket?: TicketId | undefined
  readonly effects: readonly Effect[]
}

/** A final short answer to a ticket, of the edge's own making or handed on. */
export interface ShortAnswer {
  readonly status: number
  readonly reason: EdgeReason
  readonly askAgainInMs?: Ms | undefined
}

/** What the driver must do, in order. */
export type Effect =
  /** Send `count` such requests upstream; bytes of the answer go into copy storage once its head makes a copy. */
  | {
      readonly do: 'fetch'
      readonly fetch: FetchId
      readonly plan: FetchPlan
      readonly count: number
      readonly key: string
    }
  /** Abort this upstream request; nothing more is reported of it. */
  | { readonly do: 'abandon'; readonly fetch: FetchId }
  /** From now on the bytes of this fetch belong to `copy`, starting at offset `fromBytes`. */
  | { readonly do: 'collect'; readonly fetch: FetchId; readonly copy: CopyId; readonly fromBytes: Bytes }
  /** Answer this ticket from `copy` (which may still be arriving: stream). The ticket is done for the core. */
  | {
      readonly do: 'deliver'
      readonly ticket: TicketId
      readonly copy: CopyId
      readonly reason: EdgeReason
      readonly collapsed: boolean
    }
  /** Answer this ticket without a copy. The ticket is done for the core. */
  | { readonly do: 'answer'; readonly ticket: TicketId; readonly answer: ShortAnswer }
  /**
   * What was delivered from `copy` cannot be completed: readers that have bytes are reset; readers that have none yet
   * start again from `by` where it is present, else get the short answer.
   */
  | { readonly do: 'break'; readonly copy: CopyId; readonly by?: CopyId | undefined; readonly answer: ShortAnswer }
  /** Every byte of `copy` is there: readers can end. */
  | { readonly do: 'complete'; readonly copy: CopyId }
  /** Free the bytes of `copy` as soon as its present readers are done. */
  | { readonly do: 'drop'; readonly copy: CopyId }
  /** Ask the origin for `event.json` (once; further asks are answered by the same request) and hand it to `learn`. */
  | { readonly do: 'learn-event'; readonly event: string }

/** The head of an upstream answer. Field names are lower case, repeated fields joined by `, `. */
export interface UpstreamHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Why a fetch ended badly. */
export type FetchFailure =
  | 'refused' // no connection
  | 'reset' // broke before its end, or fewer or more bytes than its length said
  | 'timeout' // no head by `headByMs`, or silence in the body
  | 'malformed' // no HTTP, or an answer that cannot be (status 600, 206 without Content-Range, body without an end)

/** What the core knows of a copy; the driver renders headers from it at the instant of sending. */
export interface CopyHead {
  readonly copy: CopyId
  readonly key: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly etag?: string | undefined
  /** Absent while an answer without length is still arriving. */
  readonly bodyBytes?: Bytes | undefined
  readonly complete: boolean
  /** When its head arrived, and how old it was then (`Age`, for what is not a live object). */
  readonly arrivedMs: EpochMs
  readonly initialAgeMs: Ms
  /** Infinity is never used: an uncacheable copy has `arrivedMs` here. */
  readonly freshUntilMs: EpochMs
  readonly live: boolean
  /** The event state that was asked for with it; what `renderHead` vouches for to siblings. */
  readonly asked?: EventState | undefined
}
