import type { EventState } from '../../live/live-state.ts'
import type { Bytes, EpochMs } from '../../live/units.ts'
import type { HttpFacts } from './http-object.ts'
import type { Target } from './target.ts'
import type { CopyId, FetchId, FetchPlan, Question, ShortAnswer, TicketId } from './verdict.ts'

// What an edge's core remembers while it runs, in one place.
//
// | a copy is  | from                                    | until                                              |
// |------------|-----------------------------------------|----------------------------------------------------|
// | arriving   | the head of its answer came             | its last byte, or its fill broke                   |
// | complete   | exactly the bytes that it promised came | evicted, replaced, flushed, or not worth keeping   |
// | gone       | dropped or broken                       | its head is forgotten a little later               |
//
// | a fill is  | from                                    | until                                              |
// |------------|-----------------------------------------|----------------------------------------------------|
// | asking     | it is sent upstream                     | its head comes, or it fails                        |
// | arriving   | its head came                           | its end, or it breaks                              |
// | mending    | it broke, and is resumed or begun anew  | the new head comes, or it fails for the second time |
//
// | a ticket   | from                                    | until (at the latest its own deadline)             |
// |------------|-----------------------------------------|----------------------------------------------------|
// | waiting    | it joined or began a fill               | delivered, answered, or its client left            |
// | polling    | it found the lock taken (nginx)         | it looks again and finds a copy or a free lock     |

/** One stored or arriving answer. */
export interface Copy {
  readonly id: CopyId
  /** Changes once at most: when the event's configuration is learned while it is stored. */
  target: Target
  readonly status: number
  /** Fields as they came; those of a 304 are merged in. */
  headers: Readonly<Record<string, string>>
  /** The event state that its request named, or that its answer stated where the request could not. */
  readonly began: EventState | undefined
  arrivedMs: EpochMs
  initialAgeMs: number
  freshUntilMs: EpochMs
  /** Where it stands in the order of eviction: the instant that the segment speaks of, or that of its arrival. */
  readonly ageMs: EpochMs
  /** What the answer promised; absent when it is chunked. */
  readonly expectedBytes: Bytes | undefined
  receivedBytes: Bytes
  complete: boolean
  /** Found by lookups under its key. */
  stored: boolean
  /** RFC 9111's view of it, for what is no live object. */
  http: HttpFacts | undefined
}

/** One collapsed or single request upstream with everything that becomes of it. */
export interface Fill {
  target: Target
  /** The target's key, or that of one variant of it. */
  key: string
  /** The question that began it, or turned it to the origin. */
  question: Question
  /** How many alike requests it stands for: more than one only when they do not collapse. */
  readonly count: number
  /** Others join it under its key. */
  readonly shared: boolean
  /** Its answer may be stored. */
  keeps: boolean
  /** Its copy is to be found by lookups once it is complete. */
  publishes: boolean
  fetch: FetchId
  plan: FetchPlan
  /** When the request that is in flight was sent. */
  sentMs: EpochMs
  /** The one retry has been used. */
  retried: boolean
  /** Siblings that were asked for it. */
  readonly siblings: string[]
  copy: Copy | undefined
  /** Broken, its readers wait for what comes instead. */
  doomed: Copy | undefined
  /** The stored copy that a conditional request speaks of. */
  revalidates: Copy | undefined
  readonly waiting: Set<Ticket>
}

/** `count` alike requests that wait for one answer. */
export interface Ticket {
  readonly id: TicketId
  readonly question: Question
  count: number
  readonly arrivedMs: EpochMs
  deadlineMs: EpochMs
  /** When it is looked at next: its deadline, or its next look at the lock. */
  wakeMs: EpochMs
  /** Absent while it polls. */
  fill: Fill | undefined
  /** It began its fill, so that it gets the head at once under every policy. */
  began: boolean
  /** The event state known when it came: an answer that is older than that is not for it. */
  readonly known: EventState | undefined
}

/** What an earlier fill of a key has left behind when it stored nothing. */
export type Aftermath =
  /** `stale`: a stale copy was given instead of the failure, and is for as long. */
  | { readonly is: 'failure'; readonly answer: ShortAnswer; readonly untilMs: EpochMs; readonly stale?: boolean }
  /** Until `untilMs` requests go through without waiting for each other. */
  | { readonly is: 'uncacheable'; readonly untilMs: EpochMs }
