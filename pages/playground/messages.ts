import type { EdgeReason } from '../../live/reasons.ts'
import type { PlanRecord } from '../../sim/plan/plan-record.ts'
import type { Bases, PlanRequest, StormInput } from './input.ts'

// What the page and its worker say to each other. Plain data; crosses by structured clone.

export type Job = number

export type Asked =
  | { readonly do: 'know'; readonly bases: Bases }
  /** `trace`: every request for one segment is told, too; for small fleets. */
  | { readonly do: 'storm'; readonly job: Job; readonly input: StormInput; readonly trace: boolean }
  | { readonly do: 'plan'; readonly job: Job; readonly request: PlanRequest }
  | { readonly do: 'stop'; readonly job: Job }

export type Told =
  | { readonly says: 'storm'; readonly job: Job; readonly state: StormState }
  | { readonly says: 'storm-over'; readonly job: Job; readonly result: StormResult }
  | { readonly says: 'plan'; readonly job: Job; readonly done: number }
  | { readonly says: 'plan-over'; readonly job: Job; readonly command: string; readonly record: PlanRecord }
  | { readonly says: 'failed'; readonly job: Job; readonly why: string }

/** What happened in one step of virtual time. */
export interface Moment {
  /** The end of the step, from the storm's start. */
  readonly atMs: number
  readonly players: number
  /** Requests of players that came to an edge, by what became of them. */
  readonly hits: number
  readonly negative: number
  readonly collapsed: number
  readonly fills: number
  readonly refused: number
  /** Requests that came to the origin. */
  readonly origin: number
  /** Requests that wait at edges, and those of them that the origin holds, at the end of the step. */
  readonly waiting: number
  readonly held: number
}

/** How far a storm is: the moments since the last state. */
export interface StormState {
  /** As the command line names it. */
  readonly policy: string
  readonly doneMs: number
  readonly ofMs: number
  readonly moments: readonly Moment[]
}

export interface StormResult {
  readonly figures: Readonly<Record<string, number>>
  /** A hash of everything that every core decided. */
  readonly decisions: { readonly hash: string; readonly words: number }
  /** When the scenario acted, from the storm's start. */
  readonly actions: readonly { readonly atMs: number; readonly what: string }[]
  readonly tookMs: number
  readonly trace?: SegmentTrace | undefined
}

/** One segment as its requests met it. Instants are relative to its expected publication, ms. */
export interface SegmentTrace {
  readonly number: number
  readonly renditions: readonly string[]
  /** When it could be had, by rendition; absent: never in the storm. */
  readonly publishedMs: Readonly<Record<string, number>>
  readonly requests: readonly TracedRequest[]
  readonly upstream: readonly TracedUpstream[]
}

/** A player's request for the segment. */
export interface TracedRequest {
  readonly player: number
  readonly edge: string
  readonly rendition: string
  readonly sentMs: number
  /** At the edge; absent: it never came there. */
  readonly arrivedMs?: number | undefined
  /** At the player; absent: it gave up before. */
  readonly firstByteMs?: number | undefined
  readonly lastByteMs?: number | undefined
  readonly status: number
  /** Absent: the edge had nothing to say. */
  readonly reason?: EdgeReason | undefined
}

/** A request of an edge to the origin. */
export interface TracedUpstream {
  readonly edge: string
  readonly rendition: string
  /** At the origin. */
  readonly arrivedMs: number
  /** Its answer leaves the origin; absent: none came. */
  readonly leavesMs?: number | undefined
  readonly endsMs?: number | undefined
  /** 0: it failed, or nobody waited any more. */
  readonly status: number
}
