import type { FetchFailure, FetchPlan, UpstreamHead } from '../../edge/core/verdict.ts'
import type { Bytes, EpochMs, Ms } from '../../live/units.ts'
import type { PlaylistSegments } from '../../origin/core/verdict.ts'
import type { ObjectId } from '../objects.ts'

// A request from an edge to the origin or to a sibling, as both ends see it.

/** What a player reads of an object, beside its size: it travels with the object through every cache. */
export interface ObjectFacts {
  /** When it was published, as `CMSD-Static` says it; NaN where nothing says it. */
  readonly availableMs: EpochMs
  readonly playlist: PlaylistSegments | undefined
  /** Whose body it is, and how long that is as it was published: a player that gets another one has a wrong body. */
  readonly body: { readonly object: ObjectId; readonly bytes: number } | undefined
}

export const noFacts: ObjectFacts = { availableMs: NaN, playlist: undefined, body: undefined }

/** The asking edge's end: instants are those at which something leaves the upstream. */
export interface UpstreamCall {
  readonly edge: string
  readonly site: string
  readonly plan: FetchPlan
  /** The asker has taken it back, or is gone: nothing need be sent. */
  readonly isOver: boolean
  /** How long a sibling may take. */
  boundMs(now: EpochMs): Ms
  headLeaves(head: UpstreamHead, facts: ObjectFacts, at: EpochMs): void
  /** `bytes` of the body, and its end. */
  bodyLeaves(bytes: Bytes, at: EpochMs): void
  fails(failure: FetchFailure, at: EpochMs): void
  /** Called when the asker takes it back. */
  onTakenBack: ((now: EpochMs) => void) | undefined
}

/** Whether `bytes` of a copy with `facts` are not the whole body of `object`. */
export const isWrong = ({ body }: ObjectFacts, object: ObjectId, bytes: number): boolean =>
  body !== undefined && (body.object !== object || body.bytes !== bytes)
