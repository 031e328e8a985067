import type { Side } from '../../lab/duel-scenario.ts'
import type { StoryState } from './story-state.ts'

// What the server tells the page, and what a recording holds: the first message says what is played, each further one
// how it stands. Everything here is JSON.

export const recordingSchemaName = 'tidegate-demo/1'

/** Of the whole session; sent again when a scenario starts anew. */
export interface Opening {
  readonly is: 'opening'
  readonly schema: typeof recordingSchemaName
  readonly scenario: string
  readonly shows: string
  /** The event's name, for the player on the page. */
  readonly event: string
  /** Whether its bodies are real media that a browser can play. */
  readonly playable: boolean
  readonly pipelines: readonly string[]
  /** Where players ask each side's edges. */
  readonly edges: Readonly<Record<Side, readonly { readonly edge: string; readonly url: string }[]>>
  readonly mostPlayers: number
}

export type Phase =
  | { readonly is: 'idle' }
  | { readonly is: 'starting'; readonly doing: string }
  | { readonly is: 'running'; readonly forMs: number; readonly ofMs: number }
  | { readonly is: 'ended' }
  | { readonly is: 'failed'; readonly why: string }

/** What happened to requests since the update before. */
export interface Flow {
  readonly asked: number
  readonly hits: number
  readonly negative: number
  readonly collapsed: number
  /** Went on: to the origin, or to a sibling. */
  readonly fills: number
  readonly refused: number
}

/** A second's worth of the same, over the last few. */
export interface Rates extends Flow {
  /** What reached the origin from this side. */
  readonly origin: number
}

export interface SideUpdate {
  /** `oca`, or `oca, changed`. */
  readonly policy: string
  readonly preset: string
  /** Behaviours that are on. */
  readonly on: readonly string[]
  readonly players: { readonly wanted: number; readonly present: number }
  readonly flow: Flow
  readonly rates: Rates
  /** Fetches of the edges that are under way, requests that wait for one of another's, requests that the origin holds. */
  readonly fetching: number
  readonly joined: number
  readonly held: number
  /** Of live segments in the last seconds, from publication to first byte; absent: none came. */
  readonly waitMs?: { readonly p50: number; readonly p99: number } | undefined
  /** Since everything was last reset. */
  readonly totals: {
    readonly requests: number
    readonly origin: number
    readonly stops: number
    readonly early404: number
    readonly wrongBodies: number
    readonly failures: number
  }
  readonly edges: readonly { readonly edge: string; readonly alive: boolean }[]
}

export interface Happening {
  /** Counts up, so that a page that joins late does not show it twice. */
  readonly number: number
  readonly atMs: number
  readonly text: string
  readonly kind: 'command' | 'event' | 'trouble'
}

/** A step of one request's way. */
interface FollowedStep {
  readonly afterMs: number
  readonly where: string
  readonly what: string
}

export interface Followed {
  readonly side: Side
  readonly id: string
  readonly steps: readonly FollowedStep[]
}

export interface Update {
  readonly is: 'update'
  readonly atMs: number
  readonly phase: Phase
  /** Absent while nothing runs. */
  readonly sides?: Readonly<Record<Side, SideUpdate>> | undefined
  readonly origin?:
    | {
        readonly alive: boolean
        readonly shedding: boolean
        readonly slowMs: number
        readonly down: boolean
        readonly version: number
        readonly masks: number
        readonly notifications: readonly {
          readonly sequence: number
          readonly type: string
          readonly text?: string | undefined
        }[]
      }
    | undefined
  readonly pipelines: readonly { readonly pipeline: string; readonly troubles: readonly string[] }[]
  readonly happened: readonly Happening[]
  readonly story?: StoryState | undefined
  readonly followed?: Followed | undefined
  /** What the server itself takes, as a share of one core, and how often it tells. */
  readonly server: { readonly cpuShare: number; readonly updatesPerS: number }
}

/** What was before a page joined; not recorded. */
interface Before {
  readonly is: 'before'
  /** Origin requests a second of both sides, one point a second. */
  readonly curve: readonly { readonly atMs: number; readonly left: number; readonly right: number }[]
  readonly happened: readonly Happening[]
}

export type Message = Opening | Before | Update
