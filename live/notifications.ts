import { parseList, serializeList } from 'structured-headers'
import { z } from 'zod'
import { limits } from './limits.ts'
import { remembered } from './remembered.ts'

// Streaming events that travel as response headers (fact file live-origin.md, "Notifications"). They accumulate; the
// edge keeps the latest set of an event in memory and puts it on every response of that event.

/** Where a set of notifications stands in order: event version, then origin epoch, then sequence. */
export interface NotificationOrder {
  readonly version: number
  readonly epoch: number
  readonly sequence: number
}

export const notificationSchema = z.strictObject({
  /** What happened, as a short word: `ad-break`, `end-of-event`, `language-change`. */
  type: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
  /** Position of this notification in its event. */
  sequence: z.number().int().positive(),
  /** The instant that it speaks of, whole epoch ms. */
  atMs: z.number().int().nonnegative(),
  /** Free text for people, printable ASCII. */
  text: z
    .string()
    .regex(/^[\x20-\x7e]*$/)
    .max(200)
    .optional(),
})

export type Notification = z.infer<typeof notificationSchema>

/** All notifications of an event that stand, in order. */
export interface NotificationState {
  readonly order: NotificationOrder
  readonly notifications: readonly Notification[]
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when newer. */
export const compareOrder = (a: NotificationOrder, b: NotificationOrder): number =>
  a.version - b.version || a.epoch - b.epoch || a.sequence - b.sequence

/** The newer of two states; invariant 5: the state only moves forward, also when an old segment arrives late. */
export const newerState = (
  known: NotificationState | undefined,
  heard: NotificationState | undefined,
): NotificationState | undefined => (!known || (heard && compareOrder(heard.order, known.order) > 0) ? heard : known)

/** `state` with one more notification; the oldest make room when the count or the header's bytes pass their limit. */
export function withNotification(state: NotificationState, added: Omit<Notification, 'sequence'>): NotificationState {
  const sequence = state.order.sequence + 1
  let notifications = [...state.notifications, { ...added, sequence }].slice(-limits.notifications)
  const order = { ...state.order, sequence }
  while (notifications.length > 1 && formatNotifications({ order, notifications }).length > limits.notificationsBytes) {
    notifications = notifications.slice(1)
  }
  return { order, notifications }
}

/** The value of `Live-Notifications`: the order first, then each notification (RFC 9651 list). */
export function formatNotifications(state: NotificationState): string {
  const { version, epoch, sequence } = state.order
  return serializeList([
    [
      'state',
      new Map([
        ['version', version],
        ['epoch', epoch],
        ['sequence', sequence],
      ]),
    ],
    ...state.notifications.map((n): [string, Map<string, string | number>] => [
      n.type,
      new Map<string, string | number>([
        ['sequence', n.sequence],
        ['at-ms', n.atMs],
        ...(n.text === undefined ? [] : ([['text', n.text]] as [string, string][])),
      ]),
    ]),
  ])
}

/** Reads `Live-Notifications`; undefined when absent, too long or malformed (an edge then keeps what it knows). */
export const parseNotifications = (field: string | undefined): NotificationState | undefined =>
  field === undefined || field.length > 2 * limits.notificationsBytes ? undefined : readNotifications(field)

const readNotifications = remembered((field): NotificationState | undefined => {
  try {
    const [head, ...rest] = parseList(field)
    const order = z
      .object({ version: z.number().int(), epoch: z.number().int(), sequence: z.number().int() })
      .parse(Object.fromEntries(head?.[1] ?? []))
    const notifications = rest.map(([type, parameters]) =>
      notificationSchema.parse({
        type,
        sequence: parameters.get('sequence'),
        atMs: parameters.get('at-ms'),
        text: parameters.get('text'),
      }),
    )
    return notifications.length <= limits.notifications ? { order, notifications } : undefined
  } catch {
    return undefined
  }
})
