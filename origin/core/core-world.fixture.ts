import { expect } from 'vitest'
import { eventDefaults, type LiveEvent } from '../../live/event.ts'
import type { Defect } from '../../live/live-state.ts'
import { OriginCore } from './origin-core.ts'
import type { OriginCoreConfig } from './origin-state.ts'
import type { OriginEffect, OriginQuestion, OriginVerdict, PutAnswer, PutBody, TicketId } from './verdict.ts'

// An origin's core in virtual time, for tests: a clock that jumps to the next wake-up, a store that is a set of names,
// and the bookkeeping that tells who was answered with what.

export const segmentMs = 2_000
/** Segment n is captured until 2,000 n, due from there, expected at 1,000 after it. */
const eventOf = (changes: Partial<LiveEvent> = {}): LiveEvent => ({
  ...eventDefaults,
  pipelines: ['a', 'b'],
  event: 'cup',
  startMs: 0,
  renditions: [
    { name: 'v1', kind: 'video', bitsPerSecond: 400_000, codecs: 'avc1', timescale: 90_000 },
    { name: 'v2', kind: 'video', bitsPerSecond: 800_000, codecs: 'avc1', timescale: 90_000 },
  ],
  ...changes,
})

export interface Answered {
  readonly ticket: TicketId
  readonly arrivedMs: number
  readonly endedMs: number
  readonly verdict: OriginVerdict
}

export class CoreWorld {
  readonly core: OriginCore
  readonly event: LiveEvent
  readonly answered: Answered[] = []
  readonly waiting = new Map<TicketId, number>()
  readonly store = new Set<string>()
  now = 0

  constructor(changes: Partial<LiveEvent> = {}, config: Partial<OriginCoreConfig> = {}) {
    this.event = eventOf(changes)
    this.core = new OriginCore({ event: this.event, region: 'eu', seed: 1, startedMs: 0, ...config })
  }

  /** Goes to `nowMs`, waking the core at each instant that it asked for. */
  advanceTo(nowMs: number): this {
    for (;;) {
      const nextMs = this.core.nextWakeMs() ?? Infinity
      if (nextMs > nowMs) break
      this.now = Math.max(this.now, nextMs as number)
      this.apply(this.core.wake(this.now))
      expect(this.core.nextWakeMs() ?? Infinity, 'a wake-up leaves nothing undone').toBeGreaterThan(this.now)
    }
    this.now = Math.max(this.now, nowMs)
    return this
  }

  apply(effects: readonly OriginEffect[]): void {
    for (const effect of effects) {
      if (effect.do === 'forget') {
        for (const pipeline of effect.pipelines) {
          expect(this.store.delete(`${effect.rendition}/${effect.number}/${pipeline}`)).toBe(true)
        }
        continue
      }
      for (const ticket of effect.tickets) {
        const arrivedMs = this.waiting.get(ticket)
        if (arrivedMs === undefined) throw new Error(`ticket ${ticket} is answered twice, or never asked`)
        this.waiting.delete(ticket)
        this.answered.push({ ticket, arrivedMs, endedMs: this.now, verdict: effect.verdict })
      }
    }
  }

  ask(number: number, rendition = 'v1', more: Partial<OriginQuestion> = {}): OriginVerdict {
    const { verdict, ticket } = this.core.ask(questionOf(number, rendition, more), this.now)
    if (ticket !== undefined) this.waiting.set(ticket, this.now)
    return verdict
  }

  inspect(number: number, rendition = 'v1'): OriginVerdict {
    return this.core.inspect(questionOf(number, rendition), this.now)
  }

  playlist(): OriginVerdict {
    return this.core.inspect({ address: { kind: 'media-playlist', event: 'cup', rendition: 'v1' } }, this.now)
  }

  /** A whole PUT in an instant. */
  put(number: number, pipeline = 'a', changes: Partial<PutBody> = {}): PutAnswer {
    const body = bodyOf(number, pipeline, changes)
    const offered = this.core.offer(body, this.now)
    if (offered.do === 'answer') return offered
    const judged = this.core.arrived(body, this.now)
    if (judged.do === 'answer') return judged
    return this.stored(body)
  }

  /** The store has acknowledged `body`. */
  stored(body: PutBody): PutAnswer {
    this.store.add(`${body.rendition}/${body.number}/${body.pipeline}`)
    const { answer, effects } = this.core.stored(body, this.now)
    this.apply(effects)
    return answer
  }
}

export const questionOf = (number: number, rendition = 'v1', more: Partial<OriginQuestion> = {}): OriginQuestion => ({
  address: { kind: 'segment', event: 'cup', rendition, number },
  ...more,
})

export const short: readonly Defect[] = [{ kind: 'short', ms: 40 }]

export const bodyOf = (number: number | undefined, pipeline = 'a', changes: Partial<PutBody> = {}): PutBody => ({
  pipeline,
  event: 'cup',
  rendition: 'v1',
  number,
  bodyBytes: 10,
  defects: [],
  etag: `"${pipeline}-1"`,
  ...changes,
})
