import type { Invalidation, LiveEvent } from '../../live/event.ts'
import type { EventState } from '../../live/live-state.ts'
import { type Notification, type NotificationState, withNotification } from '../../live/notifications.ts'
import type { EpochMs } from '../../live/units.ts'
import { settlesAtMs } from './choice.ts'
import { firstHoldEndMs } from './holds.ts'
import { eventStateOf, inspectQuestion } from './inspect.ts'
import { dropBody, judgeBody, noteAlive, offerHead, publishBody, type Stored } from './intake.ts'
import { withInvalidation } from './invalidations.ts'
import { dropCandidate, learnCandidate, type Restored, restoreCandidates } from './learning.ts'
import type { CountedRead, LimiterView, StoreRead } from './limiter.ts'
import { withMask, withoutMask } from './masks.ts'
import {
  type Adopted,
  adoptState,
  type OperatorState,
  operatorStateOf,
  raiseEpoch,
  raiseVersion,
} from './operator-state.ts'
import { isShedding, makeOriginState, type OriginCoreConfig, type OriginState } from './origin-state.ts'
import { changeMasks, hold, restIfIdle, settle, settleAll } from './settle.ts'
import type {
  Asked,
  BodyVerdict,
  Candidate,
  Commanded,
  Mask,
  OfferVerdict,
  OriginEffect,
  OriginFaults,
  OriginQuestion,
  OriginVerdict,
  PutBody,
  PutHead,
  TicketId,
} from './verdict.ts'

// The origin's core for one live event: what to answer, whom to hold, which candidate to choose, which PUT to take.
//
// | a number's entry is | while                                                        | leaves it by                     |
// |---------------------|--------------------------------------------------------------|----------------------------------|
// | absent              | nobody asked for it when due, nothing was put                | a hold, a body                   |
// | waited for          | requests are held, no candidate can be seen                  | a candidate, the end of a hold   |
// | undecided           | only defective candidates can be seen (`decideAtMs`)         | a sound one, `settlesAtMs`       |
// | late                | a hold ended without it (`holdEnded`): nobody is held again  | a candidate, chosen at once      |
// | pinned              | a candidate is chosen                                        | a mask that hides it             |
// | masked              | candidates are stored, all hidden                            | another candidate, a mask lifted |
// | forgotten           | it left the window and the retry time after it               | –                                |
// What a number's life is at an instant, and so what is answered, follows from this and from the time: live/life.ts.

/** The methods that change the core: what a decision log must hold so that it can be replayed. */
export const originInputs = [
  'ask',
  'admit',
  'wake',
  'leave',
  'offer',
  'arrived',
  'stored',
  'failed',
  'mask',
  'liftMask',
  'invalidate',
  'raiseVersion',
  'notify',
  'pushed',
  'learned',
  'restore',
  'unreadable',
  'adopt',
  'raiseEpoch',
  'readEnded',
  'setFaults',
] as const satisfies readonly (keyof OriginCore)[]

export class OriginCore {
  readonly #state: OriginState

  constructor(config: OriginCoreConfig) {
    this.#state = makeOriginState(config)
  }

  /** What would be answered at `now`. Changes nothing. */
  inspect(question: OriginQuestion, now: EpochMs): OriginVerdict {
    return inspectQuestion(this.#state, question, now)
  }

  /** Lets `count` askers in with a verdict that still stands; held ones get one ticket for all of them. */
  admit(verdict: OriginVerdict, count: number, now: EpochMs): { readonly ticket?: TicketId } {
    return this.#admit(verdict, count, now)
  }

  /** `inspect` and `admit` of one asker. */
  ask(question: OriginQuestion, now: EpochMs): Asked {
    const verdict = inspectQuestion(this.#state, question, now)
    return { verdict, ...this.#admit(verdict, 1, now) }
  }

  /** The asker of `ticket` has gone. */
  leave(ticket: TicketId, now: EpochMs): readonly OriginEffect[] {
    const entry = this.#state.holds.entryOf(ticket)
    if (!entry) return []
    // What had to be decided until now is decided first: the leaving of one changes nothing for the others.
    const effects = settle(this.#state, entry, now)
    this.#state.holds.leave(ticket)
    restIfIdle(this.#state, entry)
    return effects
  }

  /** Does what the time has made due: ends holds, makes choices that waited, forgets what is old. */
  wake(now: EpochMs): readonly OriginEffect[] {
    const { index, event } = this.#state
    return [...settleAll(this.#state, now), ...index.forget(event, now)]
  }

  /** When `wake` has something to do next; undefined: nothing is awaited. */
  nextWakeMs(): EpochMs | undefined {
    const { active, index, event } = this.#state
    const nextMs = Math.min(
      index.nextForgetMs(event) ?? Infinity,
      ...[...active].map(entry => Math.min(settlesAtMs(entry), firstHoldEndMs(entry))),
    )
    return nextMs === Infinity ? undefined : nextMs
  }

  /** The head of a PUT, before its body is read. Its pipeline is alive, and pushes arrive. */
  offer(head: PutHead, now: EpochMs): OfferVerdict {
    return offerHead(this.#state, head, now)
  }

  /** The whole body of a PUT is there and checksummed. After `store`, call `stored` or `failed`. */
  arrived(body: PutBody, now: EpochMs): BodyVerdict {
    return judgeBody(this.#state, body, now)
  }

  /** The store has acknowledged the body: from now on it is visible, and those who wait for it get it. */
  stored(body: PutBody, now: EpochMs): Stored {
    return publishBody(this.#state, body, now)
  }

  /** The store could not keep the body: its retry is welcome. */
  failed(body: PutBody): void {
    dropBody(this.#state, body)
  }

  /** Hides a range of one pipeline's segments. What was chosen from it is chosen anew. */
  mask(mask: Mask, now: EpochMs): Commanded {
    return changeMasks(this.#state, withMask(this.#state.masks, mask), mask, now)
  }

  /** Shows a range again. */
  liftMask(mask: Mask, now: EpochMs): Commanded {
    return changeMasks(this.#state, withoutMask(this.#state.masks, mask), mask, now)
  }

  /** Adds an invalidation rule to the event; the answer is the event's new state. */
  invalidate(rule: Omit<Invalidation, 'sequence'>): EventState {
    this.#state.event = withInvalidation(this.#state.event, rule)
    return this.eventState()
  }

  /** Raises the event's version: every edge drops what it has of it. */
  raiseVersion(): EventState {
    raiseVersion(this.#state)
    return this.eventState()
  }

  /** Adds a notification, which every answer carries from now on. */
  notify(added: Omit<Notification, 'sequence'>): NotificationState {
    this.#state.notifications = withNotification(this.#state.notifications, added)
    return this.#state.notifications
  }

  /** A publish process that this one follows has got a PUT of `pipeline`. */
  pushed(pipeline: string, now: EpochMs): void {
    if (this.#state.event.pipelines.includes(pipeline)) noteAlive(this.#state, pipeline, now)
  }

  /** A publish process has made `candidate` visible, and this origin's store can give it. */
  learned(candidate: Candidate, now: EpochMs): readonly OriginEffect[] {
    return learnCandidate(this.#state, candidate, now)
  }

  /** The store holds these: an origin has started, or has lost the feed for a while. `storedMs` is when each arrived. */
  restore(candidates: readonly Candidate[], now: EpochMs): Restored {
    return restoreCandidates(this.#state, candidates, now)
  }

  /** The store has lost the body of `candidate`, or what it has does not bear the checksum. */
  unreadable(candidate: Candidate, now: EpochMs): readonly OriginEffect[] {
    return dropCandidate(this.#state, candidate, now)
  }

  /** Joins what was saved, or commanded at another origin, with what is known here. */
  adopt(heard: OperatorState, now: EpochMs): Adopted {
    return adoptState(this.#state, heard, now)
  }

  /** An origin that takes commands starts anew on what was saved: what it says from now on is newer than all before. */
  raiseEpoch(): OperatorState {
    return raiseEpoch(this.#state)
  }

  /** A read of the store has ended: it counts for whether storage is under stress. */
  readEnded(read: StoreRead, now: EpochMs): CountedRead {
    return this.#state.limiter.readEnded(read, now)
  }

  /** Changes the given fault switches; those that wait go on waiting. */
  setFaults(given: Partial<OriginFaults>): OriginFaults {
    this.#state.faults = { ...this.#state.faults, ...given }
    return this.#state.faults
  }

  eventConfig(): LiveEvent {
    return this.#state.event
  }

  eventState(): EventState {
    return eventStateOf(this.#state)
  }

  notificationState(): NotificationState {
    return this.#state.notifications
  }

  /** What operators have commanded: to be saved, and announced. */
  operatorState(): OperatorState {
    return operatorStateOf(this.#state)
  }

  /** Everything that can be served, for those who begin to follow; in no order. */
  candidates(): Candidate[] {
    return [...this.#state.index.candidates()]
  }

  /** Whether this candidate can be served. */
  knows({ pipeline, rendition, number }: Pick<Candidate, 'pipeline' | 'rendition' | 'number'>): boolean {
    const { index } = this.#state
    const entry = number === undefined ? index.init(rendition) : index.get(rendition, number)
    return entry?.candidates.has(pipeline) ?? false
  }

  /** By pipeline: when it last put something. */
  lastPuts(): ReadonlyMap<string, EpochMs> {
    return this.#state.lastPutMs
  }

  /** What the limiter sees. */
  limiter(now: EpochMs): LimiterView {
    return this.#state.limiter.view(now)
  }

  /** Whether DVR is shed at `now`. */
  isShedding(now: EpochMs): boolean {
    return isShedding(this.#state, now)
  }

  /** For people: what the core holds at the moment. */
  summary(): { holds: number; numbers: number; masks: readonly Mask[]; faults: OriginFaults; lastPutMs: object } {
    const { holds, index, masks, faults, lastPutMs } = this.#state
    return { holds: holds.waiting, numbers: index.size, masks, faults, lastPutMs: Object.fromEntries(lastPutMs) }
  }

  /** The fault switches as they stand. */
  faults(): OriginFaults {
    return this.#state.faults
  }

  #admit(verdict: OriginVerdict, count: number, now: EpochMs): { readonly ticket?: TicketId } {
    return verdict.do === 'hold' ? { ticket: hold(this.#state, verdict, count, now) } : {}
  }
}
