import type { Ms } from '../../live/units.ts'

// What distinguishes one player from another, as data (facts/players-and-crowds.md, "Player defaults that shape a
// storm"). Where the fact file is silent the value is that of the player's own defaults, with their name; what no source
// states is marked as an assumption.

/** What a player fetches: each has a retry schedule and time-outs of its own. */
export type Wanted = 'manifest' | 'playlist' | 'init' | 'segment'

/** Why a request failed, as far as players tell failures apart. */
export type FailureClass = 'client-error' | 'server-error' | 'transport' | 'timeout' | 'wrong-body'

/** The waits before the first, second, … retry; empty: never retried. */
export type RetrySchedule = readonly Ms[]

export interface Timeouts {
  /** To the first byte, from when the request is made. */
  readonly firstByteMs: Ms
  /** To the last byte: the player aborts then, so that a driver that never answers cannot keep a player waiting. */
  readonly wholeMs: Ms
}

export interface ThroughputRule {
  /** Half-lives of two moving averages, weighted by download time; the lower one counts. Absent: a sliding median. */
  readonly halfLives?: { readonly fastMs: Ms; readonly slowMs: Ms } | undefined
  /** Estimate before anything was measured. */
  readonly initialBitsPerSecond: number
  /** A sample counts as at least this long: short ones measure the machine, not the network. */
  readonly shortestSampleMs: Ms
  /** A higher rung must fit into this share of the estimate. */
  readonly upFactor: number
  /** The present rung, or a lower one, must fit into this share. */
  readonly keepFactor: number
  /** Goes up only with this much media buffered, or `upLiveShare` of what can be reached at live when that is less. */
  readonly upNeedsBufferMs: Ms
  readonly upLiveShare: number
  /** With more than this buffered the rung is not lowered. */
  readonly holdsAboveMs: Ms
  /** A rung that was chosen by throughput is kept at least this long. */
  readonly switchEveryMs: Ms
}

export interface Profile {
  readonly name: 'hls.js' | 'dash.js' | 'media3-dash' | 'media3-hls' | 'shaka' | 'rfc8216'
  /** `template`: asks at computed availability by its own clock. `playlist`: asks for what a playlist lists. */
  readonly timing: 'template' | 'playlist'
  /** Behind the live edge, in segments; absent: the event's suggested delay. */
  readonly delaySegments?: number | undefined
  /** Further behind after each stall, when it next goes to the live edge. */
  readonly delayPerStallMs: Ms
  readonly bufferGoalMs: Ms
  /** The scheduler looks again at multiples of this, counted from the join. */
  readonly schedulerMs: Ms
  /** … and of this share of a segment where that is shorter; absent: of `schedulerMs` whatever the segment. */
  readonly schedulerSegments?: number | undefined
  /** Media that must be buffered before playback starts, and before it goes on after a stall. */
  readonly startBufferMs: Ms
  readonly resumeBufferMs: Ms
  readonly timeouts: Readonly<Record<Wanted, Timeouts>>
  readonly retries: Readonly<Record<Wanted, Readonly<Record<FailureClass, RetrySchedule>>>>
  /** Each wait before a retry is drawn from this share below it to this share above it; 0: none is. */
  readonly retryJitter: number
  /** With retries and rungs used up it asks on for ever, with this wait between; absent: it does not. */
  readonly liveRetryMs?: Ms | undefined
  /** On these statuses it leaves the rung at once, before any retry, while another rung is left. */
  readonly leavesRungOn: readonly number[]
  /** With its retries used up it leaves the rung, while another one is left. */
  readonly leavesRungWhenExhausted: boolean
  /** A rung that was left is not taken again for this long. */
  readonly rungPenaltyMs: Ms
  /** Which rung it takes instead: the next lower one, round to the top; or the best that the throughput allows. */
  readonly nextRung: 'next-lower' | 'best'
  /** Failures are counted on until a segment arrives, also on another rung; else each rung's segment has all its retries. */
  readonly retriesSpanRungs: boolean
  /** Segments in a row that it skips after their last retry before it gives up. */
  readonly skipsInARow: number
  readonly throughput: ThroughputRule
}

/** It is not tried again. */
export const never: RetrySchedule = []
/** The same schedule whatever failed. */
export const ofAll = (schedule: RetrySchedule): Record<FailureClass, RetrySchedule> => ({
  'client-error': schedule,
  'server-error': schedule,
  transport: schedule,
  timeout: schedule,
  'wrong-body': schedule,
})
