import { invalidationSequence, type LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { type EventState, isOlderState, liveFields, parseEventState, parseName } from '../../live/live-state.ts'
import { type NotificationState, newerState, parseNotifications } from '../../live/notifications.ts'
import { after, type EpochMs } from '../../live/units.ts'
import { Deadlines } from './deadlines.ts'
import type { Copy } from './state.ts'
import type { Effect, UpstreamHead } from './verdict.ts'

// What an edge knows of live events: their configuration, which it learns from the origin, and the newest notifications
// that any answer carried. Both only move forward (invariant 5).

/** Tries of one learning, and the wait before the second, which doubles. */
const learnTries = 3
const learnAgainMs = 500
/** After the last try: how long nobody tries, and askers that know more are refused. */
const learnPauseMs = 5_000

export interface KnownEvent {
  readonly name: string
  config: LiveEvent | undefined
  state: EventState | undefined
  notifications: NotificationState | undefined
  /** Addresses that were stored under an older version and not asked for since. */
  readonly flushed: Set<string>
  /** The event's DVR class is shed until then. */
  shedUntilMs: EpochMs
  readonly learning: { inFlight: boolean; tries: number; againMs: EpochMs | undefined; pauseUntilMs: EpochMs }
}

export class Events {
  readonly #events = new Map<string, KnownEvent>()
  readonly #again = new Deadlines<string>((name, atMs) => this.#events.get(name)?.learning.againMs === atMs)

  get size(): number {
    return this.#events.size
  }

  get(name: string | undefined): KnownEvent | undefined {
    return name === undefined ? undefined : this.#events.get(name)
  }

  /** Asks for the event's configuration, once at a time, when there is reason to: it is not known, or not the newest. */
  wanted(name: string, now: EpochMs): Effect[] {
    const { learning } = this.#known(name)
    if (learning.inFlight || learning.againMs !== undefined || now < learning.pauseUntilMs) return []
    learning.inFlight = true
    return [{ do: 'learn-event', event: name }]
  }

  /** Takes over a configuration. False when it is older than, or the same as, what is known. */
  learn(config: LiveEvent): boolean {
    const known = this.#known(config.event)
    Object.assign(known.learning, { inFlight: false, tries: 0, againMs: undefined, pauseUntilMs: 0 })
    const state = { version: config.version, sequence: invalidationSequence(config) }
    if (known.state && !isOlderState(known.state, state)) return false
    known.config = config
    known.state = state
    return true
  }

  learnFailed(name: string, now: EpochMs): void {
    const { learning } = this.#known(name)
    learning.inFlight = false
    learning.tries++
    if (learning.tries >= learnTries) {
      learning.tries = 0
      learning.pauseUntilMs = after(now, learnPauseMs)
      return
    }
    learning.againMs = after(now, learnAgainMs * 2 ** (learning.tries - 1))
    this.#again.put(learning.againMs, name)
  }

  /** Takes what the head of an answer says of its event, and asks when it speaks of a newer state than is known. */
  heard(name: string, head: UpstreamHead, now: EpochMs): Effect[] {
    const known = this.#known(name)
    known.notifications = newerState(known.notifications, parseNotifications(head.headers[liveFields.notifications]))
    const state = parseEventState(head.headers[liveFields.version])
    return state && (!known.state || isOlderState(known.state, state)) ? this.wanted(name, now) : []
  }

  /** Whether the newest configuration cannot be had for now; until when. */
  unlearnableUntilMs(name: string, now: EpochMs): EpochMs | undefined {
    const pauseUntilMs = this.#events.get(name)?.learning.pauseUntilMs ?? 0
    return now < pauseUntilMs ? pauseUntilMs : undefined
  }

  nextWakeMs(): EpochMs | undefined {
    return this.#again.first()?.atMs
  }

  wake(now: EpochMs): Effect[] {
    const effects: Effect[] = []
    for (let name = this.#again.takeDue(now); name !== undefined; name = this.#again.takeDue(now)) {
      this.#known(name).learning.againMs = undefined
      effects.push(...this.wanted(name, now))
    }
    return effects
  }

  /** Nothing is shed or flushed any more as far as this edge remembers. */
  forgetStored(): void {
    for (const known of this.#events.values()) {
      known.flushed.clear()
      known.shedUntilMs = 0
    }
  }

  #known(name: string): KnownEvent {
    const known = this.#events.get(name)
    if (known) return known
    if (this.#events.size >= limits.edgeEvents) this.#makeRoom()
    const learning = { inFlight: false, tries: 0, againMs: undefined, pauseUntilMs: 0 }
    const added = { name, config: undefined, state: undefined, notifications: undefined, shedUntilMs: 0 }
    const event: KnownEvent = { ...added, flushed: new Set(), learning }
    this.#events.set(name, event)
    return event
  }

  /** An event of which nothing is known goes first, then the one heard of longest ago: a flood of names costs nothing. */
  #makeRoom(): void {
    for (const [name, { config }] of this.#events) {
      if (!config) return void this.#events.delete(name)
    }
    const [oldest] = this.#events.keys()
    this.#events.delete(oldest as string)
  }
}

/**
 * Whether an invalidation rule that this edge knows covers `copy`: its fill began before the rule. `knownSequence`
 * leaves out rules that were not known yet when an asker came.
 */
export function isInvalidated(copy: Copy, config: LiveEvent | undefined, knownSequence = Infinity): boolean {
  const { number } = copy.target
  if (!config || number === undefined || config.invalidations.length === 0) return false
  const began = copy.began ?? { version: 0, sequence: 0 }
  if (began.version > config.version) return false
  return config.invalidations.some(
    ({ sequence, from, to, pipeline, region }) =>
      sequence <= knownSequence &&
      began.sequence < sequence &&
      (number as number) >= from &&
      (number as number) <= to &&
      (pipeline === undefined || parseName(copy.headers[liveFields.pipeline]) === pipeline) &&
      (region === undefined || parseName(copy.headers[liveFields.region]) === region),
  )
}
