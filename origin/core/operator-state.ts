import { z } from 'zod'
import { liveEventSchema, nameSchema } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { notificationSchema } from '../../live/notifications.ts'
import type { EpochMs } from '../../live/units.ts'
import type { OriginState } from './origin-state.ts'
import { replaceMasks } from './settle.ts'
import type { OriginEffect } from './verdict.ts'

// What operators have commanded about an event, as one value: saved in the store, and announced to the processes that
// follow. Each part has an order of its own and only moves forward, so that it does not matter how often, in which order
// or from whom it is heard: all who heard the same have the same.

const number = z.number().int().min(0).max(limits.segmentNumber)
const count = z.number().int().nonnegative()

export const maskSchema = z
  .strictObject({ pipeline: nameSchema, from: number, to: number, rendition: nameSchema.optional() })
  .refine(({ from, to }) => from <= to, { message: 'must not be smaller than the first number', path: ['to'] })

export const operatorStateSchema = z.strictObject({
  version: liveEventSchema.shape.version,
  originEpoch: liveEventSchema.shape.originEpoch,
  invalidations: liveEventSchema.shape.invalidations,
  masks: z.array(maskSchema).max(limits.masks),
  /** Raised with every change of the masks: of two lists the one with the higher number is the newer. */
  masksSequence: count,
  notifications: z.strictObject({
    order: z.strictObject({ version: count, epoch: count, sequence: count }),
    notifications: z.array(notificationSchema).max(limits.notifications),
  }),
})
export type OperatorState = z.infer<typeof operatorStateSchema>

/** The part of an origin's state that operators command. */
export const operatorStateOf = ({ event, masks, masksSequence, notifications }: OriginState): OperatorState => ({
  version: event.version,
  originEpoch: event.originEpoch,
  invalidations: event.invalidations,
  masks: [...masks],
  masksSequence,
  notifications: { order: notifications.order, notifications: [...notifications.notifications] },
})

/** The newer of each part. Commands given to two origins in the same moment: one of them wins, everywhere the same. */
export function joinOperatorStates(a: OperatorState, b: OperatorState): OperatorState {
  const version = Math.max(a.version, b.version)
  const originEpoch = Math.max(a.originEpoch, b.originEpoch)
  const ofMasks = newer(a, b, ({ masksSequence, masks }) => [masksSequence, masks])
  const ofNotifications = newer(a, b, ({ notifications: { order, notifications } }) => [order.sequence, notifications])
  const { sequence } = ofNotifications.notifications.order
  return {
    version,
    originEpoch,
    invalidations: newer(a, b, ({ invalidations }) => [invalidations.at(-1)?.sequence ?? 0, invalidations])
      .invalidations,
    masks: ofMasks.masks,
    masksSequence: ofMasks.masksSequence,
    notifications: {
      order: { version, epoch: originEpoch, sequence },
      notifications: ofNotifications.notifications.notifications,
    },
  }
}

/** The one whose part has the higher number; of like numbers, the one whose text is the larger: any fixed order will do. */
function newer(
  a: OperatorState,
  b: OperatorState,
  part: (state: OperatorState) => readonly [sequence: number, content: unknown],
): OperatorState {
  const [sequenceA, contentA] = part(a)
  const [sequenceB, contentB] = part(b)
  if (sequenceA !== sequenceB) return sequenceA > sequenceB ? a : b
  return JSON.stringify(contentA) >= JSON.stringify(contentB) ? a : b
}

/** What became of a state that was heard of. */
export interface Adopted {
  /** Something in it was newer than what was known here. */
  readonly changed: boolean
  readonly effects: readonly OriginEffect[]
}

/** Joins `heard` with what is known: what its masks hide is chosen anew. */
export function adoptState(state: OriginState, heard: OperatorState, now: EpochMs): Adopted {
  const known = operatorStateOf(state)
  const joined = joinOperatorStates(known, heard)
  if (isSame(known, joined)) return { changed: false, effects: [] }
  const { version, originEpoch, invalidations, masks, masksSequence, notifications } = joined
  state.event = { ...state.event, version, originEpoch, invalidations }
  state.notifications = notifications
  state.masksSequence = masksSequence
  const effects = isSame(masks, known.masks) ? [] : replaceMasks(state, masks, state.index.entries(), now)
  return { changed: true, effects }
}

/** Everything said from now on is newer than what was said before. */
export function raiseEpoch(state: OriginState): OperatorState {
  const { event, notifications } = state
  const originEpoch = event.originEpoch + 1
  state.event = { ...event, originEpoch }
  state.notifications = { ...notifications, order: { ...notifications.order, epoch: originEpoch } }
  return operatorStateOf(state)
}

/** Every edge drops what it has of the event. */
export function raiseVersion(state: OriginState): void {
  const { event, notifications } = state
  const version = event.version + 1
  state.event = { ...event, version }
  state.notifications = { ...notifications, order: { ...notifications.order, version } }
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
