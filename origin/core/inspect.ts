import type { Address, SegmentAddress } from '../../live/address.ts'
import { invalidationSequence } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { type EventState, isOlderState } from '../../live/live-state.ts'
import { expectedPublication, isDvr, leavesWindow } from '../../live/template.ts'
import { after, type EpochMs } from '../../live/units.ts'
import { anyNumber, endOfTimeMs, lasting, momentFor, refuse, shedLifetime, until } from './answers.ts'
import { settlesAtMs } from './choice.ts'
import { firstHoldEndMs } from './holds.ts'
import { chosenOf, isShedding, lifeAt, type OriginState } from './origin-state.ts'
import { firstPossibleMs, playlistAt } from './playlist.ts'
import type { DescribeVerdict, OriginQuestion, OriginVerdict } from './verdict.ts'

// What would be answered at an instant. Changes nothing; every answer says until when it stands.

/** The event state that every answer speaks of. */
export const eventStateOf = ({ event }: OriginState): EventState => ({
  version: event.version,
  sequence: invalidationSequence(event),
})

/** The verdict on `question` at `now`. */
export function inspectQuestion(state: OriginState, question: OriginQuestion, now: EpochMs): OriginVerdict {
  const { address, asked, asker = '' } = question
  if (state.faults.down) return refuse('origin-down', undefined)
  if (!address) return refuse('not-an-address', lasting(limits.outsideMs))
  if (address.event !== state.event.event) return refuse('unknown-event', lasting(limits.outsideMs))
  if (asked && isOlderState(eventStateOf(state), asked)) return refuse('out-of-date', undefined)
  if ('rendition' in address && !state.event.renditions.some(({ name }) => name === address.rendition)) {
    return refuse('unknown-rendition', lasting(limits.outsideMs))
  }
  switch (address.kind) {
    case 'segment':
      return inspectSegment(state, address, asker, now)
    case 'init':
      return inspectInit(state, address.rendition, asker)
    case 'media-playlist':
      return inspectPlaylist(state, address, asker, now)
    default:
      return described(address, lasting(address.kind === 'event-config' ? limits.eventConfigMs : limits.manifestMs))
  }
}

/** The verdict on a segment of the event: the table of its life, row by row. */
export function inspectSegment(
  state: OriginState,
  { rendition, number }: Pick<SegmentAddress, 'rendition' | 'number'>,
  asker: string,
  now: EpochMs,
): OriginVerdict {
  const { event, config } = state
  const life = lifeAt(state, rendition, number, now)
  const jitterName = `${rendition}/${number}/${asker}`
  const entry = state.index.get(rendition, number)
  const settlesMs = entry && entry.pinned === undefined ? settlesAtMs(entry) : Infinity
  const standsMs = settlesMs > now ? Math.min(life.validUntilMs, settlesMs) : life.validUntilMs
  const hasLostBody = entry !== undefined && entry.unreadable.size > 0 && life.state !== 'published'
  if (hasLostBody && life.gone !== 'left-window' && life.gone !== 'all-masked') {
    return refuse('store-failed', momentFor(config.seed, jitterName), standsMs)
  }
  switch (life.state) {
    case 'outside':
      return refuse('outside-event', lasting(limits.outsideMs))
    case 'future':
      return refuse('too-early', until(life.validUntilMs), standsMs)
    case 'overdue':
      return refuse('overdue', momentFor(config.seed, jitterName), standsMs)
    case 'gone':
      return life.gone === 'all-masked'
        ? refuse('all-masked', lasting(limits.maskedMs), standsMs)
        : refuse(life.gone ?? 'never-made', lasting(limits.goneMs), standsMs)
    case 'due': {
      const room = limits.originHolds - state.holds.waiting
      if (room <= 0) return refuse('too-many-holds', momentFor(config.seed, jitterName), standsMs)
      const endsMs = entry ? firstHoldEndMs(entry) : Infinity
      return {
        do: 'hold',
        reason: entry?.decideAtMs === undefined ? 'held' : 'waiting-for-candidate',
        rendition,
        number,
        longestMs: event.longestHoldMs,
        validUntilMs: Math.min(standsMs, endsMs),
        maxArrivals: room,
      }
    }
    case 'published': {
      const candidate = entry && chosenOf(state, entry, now)
      if (!candidate) throw new Error(`segment ${rendition}/${number} counts as published without a candidate`)
      const sheds = isShedding(state, now)
      // Limiting may end by time alone; the switch does not.
      const shedUntilMs = sheds && !state.faults.shed ? Math.min(standsMs, state.limiter.untilMs) : standsMs
      if (sheds && isDvr(event, number, now)) {
        return refuse('shed', shedLifetime(config.seed, jitterName), shedUntilMs)
      }
      const becomesDvrMs = after(expectedPublication(event, number), event.dvrAfterMs)
      return {
        do: 'serve',
        reason: candidate.defects.length > 0 ? 'published-defective' : 'published',
        candidate,
        lifetime: until(leavesWindow(event, number)),
        validUntilMs: sheds ? Math.min(standsMs, becomesDvrMs) : standsMs,
        maxArrivals: anyNumber,
      }
    }
  }
}

function inspectInit(state: OriginState, rendition: string, asker: string): OriginVerdict {
  const { candidates, pinned, unreadable } = state.index.init(rendition)
  const candidate = pinned === undefined ? undefined : candidates.get(pinned)
  if (!candidate) {
    const moment = momentFor(state.config.seed, `${rendition}/init/${asker}`)
    return refuse(unreadable.size > 0 ? 'store-failed' : 'overdue', moment)
  }
  return {
    do: 'serve',
    reason: 'described',
    candidate,
    lifetime: lasting(state.event.dvrWindowMs),
    validUntilMs: endOfTimeMs,
    maxArrivals: anyNumber,
  }
}

function inspectPlaylist(
  state: OriginState,
  address: Extract<Address, { kind: 'media-playlist' }>,
  asker: string,
  now: EpochMs,
): OriginVerdict {
  const { event, index, config } = state
  const { rendition } = address
  const { segments, validUntilMs, nextMs } = playlistAt(
    event,
    index.newest,
    number => {
      const entry = index.get(rendition, number)
      return entry && { chosen: chosenOf(state, entry, now) !== undefined, wasPublished: entry.wasPublished }
    },
    now,
  )
  const waitingMs = [...state.active]
    .filter(entry => entry.rendition === rendition && settlesAtMs(entry) > now)
    .map(settlesAtMs)
  const standsMs = Math.min(validUntilMs, ...waitingMs)
  const moment = momentFor(config.seed, `${rendition}/index/${nextMs ?? ''}/${asker}`)
  if (!segments) {
    const firstMs = firstPossibleMs(event)
    return now < firstMs
      ? refuse('too-early', until(firstMs), Math.min(standsMs, firstMs))
      : refuse('overdue', moment, standsMs)
  }
  const lifetime = nextMs === undefined ? lasting(limits.manifestMs) : now < nextMs ? until(nextMs) : moment
  return { ...described(address, lifetime), segments, validUntilMs: Math.min(standsMs, endOfTimeMs) }
}

const described = (address: DescribeVerdict['address'], lifetime: DescribeVerdict['lifetime']): DescribeVerdict => ({
  do: 'describe',
  reason: 'described',
  address,
  lifetime,
  validUntilMs: endOfTimeMs,
  maxArrivals: anyNumber,
})
