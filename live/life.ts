import type { LiveEvent } from './event.ts'
import { dueFrom, isOfEvent, leavesWindow, retryDeadline } from './template.ts'
import type { EpochMs, SegmentNumber } from './units.ts'

// The life of a segment number, as far as time and what was published decide it (design, "The life of a segment
// number"). By time, never by "the one after the last": a stalled segment must not drag the next ones along.
//
// | state     | from                                            | until                                   |
// |-----------|-------------------------------------------------|-----------------------------------------|
// | outside   | always, for numbers that are not of the event   | always                                  |
// | future    | the event's configuration is known              | its due window opens                    |
// | due       | its due window opens, while pushes arrive       | published, a hold ended, pushes stopped |
// | overdue   | a hold ended without it, or pushes stopped      | published, or the retry deadline        |
// | published | a candidate is chosen                           | it leaves the window, or is masked      |
// | gone      | never made in time, out of the window, masked   | always (masked: until unmasked)         |

type LifeState = 'outside' | 'future' | 'due' | 'overdue' | 'published' | 'gone'

/** What of a number's life is not a matter of time alone. */
export interface LifeFacts {
  /** A candidate can be served: at least one is stored and not masked, and the choice is made. */
  readonly chosen: boolean
  /** Candidates are stored, but every one is masked. */
  readonly allMasked: boolean
  /** A hold of this number ended without it. */
  readonly holdEnded: boolean
  /** The instant until which pushes count as arriving: 5 s after the last PUT, or after the scheduled start. */
  readonly pushesArriveUntilMs: EpochMs
}

export interface Life {
  readonly state: LifeState
  /** Why a number is gone. */
  readonly gone?: 'left-window' | 'never-made' | 'all-masked'
  /** Until this instant the same facts give the same state. */
  readonly validUntilMs: EpochMs
}

/** The state of `number` at `now`, and how long it stands when nothing happens. */
export function lifeOf(event: LiveEvent, number: SegmentNumber, facts: LifeFacts, now: EpochMs): Life {
  if (!isOfEvent(event, number)) return { state: 'outside', validUntilMs: Infinity }
  const leavesMs = leavesWindow(event, number)
  if (now >= leavesMs) return { state: 'gone', gone: 'left-window', validUntilMs: Infinity }
  if (facts.allMasked) return { state: 'gone', gone: 'all-masked', validUntilMs: leavesMs }
  if (facts.chosen) return { state: 'published', validUntilMs: leavesMs }
  const dueMs = dueFrom(event, number)
  if (now < dueMs) return { state: 'future', validUntilMs: dueMs }
  const deadlineMs = Math.min(retryDeadline(event, number), leavesMs)
  if (now >= deadlineMs) return { state: 'gone', gone: 'never-made', validUntilMs: leavesMs }
  if (facts.holdEnded || now >= facts.pushesArriveUntilMs) return { state: 'overdue', validUntilMs: deadlineMs }
  return { state: 'due', validUntilMs: Math.min(deadlineMs, facts.pushesArriveUntilMs) }
}
