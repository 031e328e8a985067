import type { FetchId, FetchPlan, UpstreamHead } from '../../edge/core/verdict.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { SiteEdge } from './site-edge.ts'

// What an edge of a simulated site is asked with and answers, and what it asks of those behind it.

/** How an asker's request ended at this edge. */
export interface EdgeAnswer {
  readonly status: number
  readonly bodyBytes: number
  /** When the whole body is at this edge. */
  readonly wholeMs: EpochMs
  readonly playlist: PlaylistSegments | undefined
  readonly reason: EdgeReason
  readonly collapsed: boolean
  /** The fields for a sibling. */
  readonly fields: () => Record<string, string>
}

export interface Asker {
  /** How many alike requests it stands for. */
  readonly count: number
  /** Set: it begins no fill. It is called when somebody else has begun one, or, with `mayBegin`, when nobody has. */
  readonly askAgain?: ((mayBegin: boolean) => void) | undefined
  answered(answer: EdgeAnswer): void
  failed(how: 'refused' | 'reset'): void
}

export interface UpstreamAnswer {
  readonly head: UpstreamHead
  readonly bodyBytes: number
  readonly playlist: PlaylistSegments | undefined
}

/** Carries out requests upstream: to the origin of the region, or to a sibling. */
export interface Upstreams {
  send(from: SiteEdge, fetch: SentFetch): void
}

export interface SentFetch {
  readonly id: FetchId
  readonly plan: FetchPlan
  readonly count: number
  readonly key: string
  answered(answer: UpstreamAnswer): void
  failed(): void
}
