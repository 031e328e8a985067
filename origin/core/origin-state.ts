import type { LiveEvent } from '../../live/event.ts'
import { type Life, lifeOf } from '../../live/life.ts'
import { limits } from '../../live/limits.ts'
import type { NotificationState } from '../../live/notifications.ts'
import { expectedPublication, leavesWindow, retryDeadline } from '../../live/template.ts'
import { after, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import { aliveForMs, chosenAt, decideAtMs, missingPipelines, visibleCandidates } from './choice.ts'
import { firstHoldEndMs, Holds } from './holds.ts'
import { Limiter, type LimiterConfig, limiterSchema } from './limiter.ts'
import { type SegmentEntry, SegmentIndex } from './segment-index.ts'
import type { Candidate, Mask, OriginFaults } from './verdict.ts'

// What an origin's core remembers, and the instants that follow from it. Plain reading: nothing here changes anything.

/** With what an origin's core is made; plain data, so that a decision log can hold it. */
export interface OriginCoreConfig {
  readonly event: LiveEvent
  /** The region that candidates are fetched from: `Live-Region`. */
  readonly region: string
  readonly seed: number
  /** Absent: the limiter's defaults. */
  readonly limiter?: LimiterConfig | undefined
  /** When this origin began to listen. */
  readonly startedMs: EpochMs
  /**
   * Until this instant, numbers that should have been published before `startedMs` may still be, whatever their retry
   * deadline: a pipeline that starts together with the origin publishes its backlog then. Absent: there is no backlog.
   */
  readonly backlogUntilMs?: EpochMs | undefined
}

export interface OriginState {
  readonly config: OriginCoreConfig
  readonly index: SegmentIndex
  readonly holds: Holds
  /** Segments for which somebody waits, or whose choice waits: few, so each wake-up may look at all of them. */
  readonly active: Set<SegmentEntry>
  /** By pipeline. */
  readonly lastPutMs: Map<string, EpochMs>
  /** As it is now; differs from the configured one by its version and invalidation rules. */
  event: LiveEvent
  masks: readonly Mask[]
  /** Raised with every change of the masks. */
  masksSequence: number
  readonly limiter: Limiter
  faults: OriginFaults
  notifications: NotificationState
}

/** An origin that knows nothing yet. */
export const makeOriginState = (config: OriginCoreConfig): OriginState => {
  const { event } = config
  return {
    config,
    index: new SegmentIndex(),
    holds: new Holds(),
    active: new Set(),
    lastPutMs: new Map(),
    event,
    masks: [],
    masksSequence: 0,
    limiter: new Limiter(config.limiter ?? limiterSchema.parse({})),
    faults: { shed: false, slowMs: 0, down: false },
    notifications: { order: { version: event.version, epoch: event.originEpoch, sequence: 0 }, notifications: [] },
  }
}

/** Until when pushes count as arriving: a while after the last PUT of anybody, or after the scheduled start. */
const pushesArriveUntilMs = ({ event, lastPutMs }: OriginState): EpochMs =>
  after(Math.max(event.startMs, ...lastPutMs.values()), limits.pushesArriveMs)

/** Until when `pipeline` counts as alive; one that has put nothing yet gets its time from when it should begin. */
const aliveUntilMs = ({ event, config, lastPutMs }: OriginState, pipeline: string): EpochMs =>
  after(
    lastPutMs.get(pipeline) ?? Math.max(config.startedMs, expectedPublication(event, event.firstNumber)),
    aliveForMs(event),
  )

/** When an unpublished `number` is gone: its retry deadline, or the end of the backlog where it belongs to that. */
export function deadlineMs({ event, config }: OriginState, number: SegmentNumber): EpochMs {
  const isBacklog = expectedPublication(event, number) < config.startedMs
  const ownMs = retryDeadline(event, number)
  const latestMs = isBacklog ? Math.max(ownMs, config.backlogUntilMs ?? -Infinity) : ownMs
  return Math.min(latestMs, leavesWindow(event, number))
}

/** Until when a PUT of `number` is taken: what is published already may get its other candidates inside the window. */
export function putsUntilMs(state: OriginState, rendition: string, number: SegmentNumber): EpochMs {
  const entry = state.index.get(rendition, number)
  const isPublished =
    entry !== undefined && (entry.unreadable.size > 0 || visibleCandidates(state.event, state.masks, entry).length > 0)
  return isPublished ? leavesWindow(state.event, number) : deadlineMs(state, number)
}

/** The candidate that is served at `now`. */
export const chosenOf = ({ event, masks }: OriginState, entry: SegmentEntry, now: EpochMs): Candidate | undefined =>
  chosenAt(event, masks, entry, now)

/** Whether DVR is shed at `now`: by the fault switch, or because storage is under stress. */
export const isShedding = ({ faults, limiter }: OriginState, now: EpochMs): boolean =>
  faults.shed || limiter.isLimiting(now)

/** When the choice of `entry` is due, as things stand. */
export const decisionMs = (state: OriginState, entry: SegmentEntry): EpochMs | undefined =>
  decideAtMs(state.event, state.masks, entry, {
    aliveUntilMs: pipeline => aliveUntilMs(state, pipeline),
    // What is overdue is late already: it does not wait for a better candidate as well.
    lifeEndsMs: entry.holdEnded
      ? -Infinity
      : Math.min(retryDeadline(state.event, entry.number), pushesArriveUntilMs(state)),
  })

/** The life of a number at `now`. */
export function lifeAt(state: OriginState, rendition: string, number: SegmentNumber, now: EpochMs): Life {
  const { event, masks } = state
  const entry = state.index.get(rendition, number)
  const goneMs = deadlineMs(state, number)
  const life = lifeOf(
    event,
    number,
    {
      chosen: entry !== undefined && chosenOf(state, entry, now) !== undefined,
      allMasked: entry !== undefined && isAllMasked(event, masks, entry, now >= goneMs),
      holdEnded: entry !== undefined && (entry.holdEnded || now >= firstHoldEndMs(entry)),
      pushesArriveUntilMs: pushesArriveUntilMs(state),
    },
    now,
  )
  // The backlog outlives the event's own deadline.
  return life.gone === 'never-made' && now < goneMs ? { state: 'overdue', validUntilMs: goneMs } : life
}

/** Every candidate is hidden, and no other may come: while one may, the number is late, not gone. */
const isAllMasked = (event: LiveEvent, masks: readonly Mask[], entry: SegmentEntry, pastDeadline: boolean): boolean =>
  entry.candidates.size > 0 &&
  visibleCandidates(event, masks, entry).length === 0 &&
  (pastDeadline || missingPipelines(event, masks, entry).length === 0)
