import type { LiveEvent } from '../../live/event.ts'
import { lifetimeHeaders, noStore } from '../../live/lifetimes.ts'
import { formatDefects, formatEventState, formatName, liveFields } from '../../live/live-state.ts'
import { formatNotifications, type NotificationState } from '../../live/notifications.ts'
import { between, type EpochMs, type Ms } from '../../live/units.ts'
import type { OriginCore } from '../core/origin-core.ts'
import type { Candidate, Lifetime } from '../core/verdict.ts'

// Header fields of the delivery side (design, "The wire"), as flat name, value lists: Node writes those as they are.

export type Fields = string[]

/** How long from `now` an answer may be kept, ms. */
export const lifetimeMs = (lifetime: Lifetime, now: EpochMs): Ms =>
  lifetime.is === 'for' ? lifetime.forMs : Math.max(0, between(now, lifetime.untilMs) as number)

/** The lifetime for everybody, and the exact one for edges; without one the answer is not to be kept. */
export function lifetimeFields(lifetime: Lifetime | undefined, now: EpochMs): Fields {
  if (!lifetime) return ['cache-control', noStore]
  const fields = lifetimeHeaders(lifetimeMs(lifetime, now))
  return ['cache-control', fields['cache-control'], 'cdn-cache-control', fields['cdn-cache-control']]
}

/** The fields that speak of the event, on every answer of it; rendered again only when the event has changed. */
export class EventFields {
  readonly #core: OriginCore
  readonly #region: string
  #event: LiveEvent | undefined
  #notifications: NotificationState | undefined
  #fields: Fields = []

  constructor(core: OriginCore, region: string) {
    this.#core = core
    this.#region = region
  }

  get(): Fields {
    const event = this.#core.eventConfig()
    const notifications = this.#core.notificationState()
    if (event !== this.#event || notifications !== this.#notifications) {
      this.#event = event
      this.#notifications = notifications
      this.#fields = [
        liveFields.version,
        formatEventState(this.#core.eventState()),
        liveFields.region,
        formatName(this.#region),
        liveFields.notifications,
        formatNotifications(notifications),
        ...publicFields,
      ]
    }
    return this.#fields
  }
}

/** Players are pages of other sites; what an origin sends is for all of them. */
export const publicFields: Fields = ['access-control-allow-origin', '*', 'access-control-expose-headers', '*']

/** The fields of a body: whose it is and what is wrong with it. */
export function candidateFields(candidate: Candidate, kind: 'video' | 'audio'): Fields {
  const defects = formatDefects(candidate.defects)
  return [
    'content-type',
    `${kind}/mp4`,
    'accept-ranges',
    'bytes',
    'etag',
    candidate.etag,
    liveFields.pipeline,
    formatName(candidate.pipeline),
    ...(defects === undefined ? [] : [liveFields.defects, defects]),
  ]
}

/** What Common Media Server Data says of one answer (CTA-5006). */
export interface MediaServerData {
  readonly server: string
  readonly kind: 'v' | 'a' | 'i'
  /** When the object was there, whole epoch ms. */
  readonly availableMs?: EpochMs | undefined
  readonly segmentMs?: Ms | undefined
  /** How long the request was held. */
  readonly heldMs?: Ms | undefined
  /** How much later than it could the answer was sent on purpose. */
  readonly delayMs?: Ms | undefined
  /** The origin sheds load. */
  readonly duress: boolean
}

/**
 * `CMSD-Static` is for the object and every hop keeps it: `at`, `d`, `ht`, `ot`, `st`. `CMSD-Dynamic` is of this hop and
 * a list in which each hop has a member: `du`, `rd`.
 */
export function mediaServerFields(data: MediaServerData): Fields {
  const objectData = [
    ...(data.availableMs === undefined ? [] : [`at=${Math.floor(data.availableMs)}`]),
    ...(data.segmentMs === undefined ? [] : [`d=${data.segmentMs}`]),
    ...(data.heldMs === undefined ? [] : [`ht=${Math.round(data.heldMs)}`]),
    `ot=${data.kind}`,
    'st=l',
  ].join(',')
  const hop = `"${data.server}"${data.duress ? ';du' : ''}${data.delayMs ? `;rd=${Math.round(data.delayMs)}` : ''}`
  return ['cmsd-static', objectData, ...(data.duress || data.delayMs ? ['cmsd-dynamic', hop] : [])]
}
