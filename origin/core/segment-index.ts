import type { LiveEvent } from '../../live/event.ts'
import { leavesWindow } from '../../live/template.ts'
import { after, type EpochMs, type SegmentNumber } from '../../live/units.ts'
import type { Hold } from './holds.ts'
import type { Candidate, OriginEffect, TicketId } from './verdict.ts'

// The index in memory: what is known of each (number, rendition). Kept by number, because numbers are forgotten by age.

/** What is stored, or on its way into the store, at one address. */
export interface StoredEntry {
  /** By pipeline; only what the store has acknowledged. */
  readonly candidates: Map<string, Candidate>
  /** Bodies on their way into the store, by pipeline; `count` alike ones at once are an overlapping retry. */
  readonly storing: Map<string, { readonly etag: string; count: number }>
  /** Pipelines whose body the store has lost. */
  readonly unreadable: Set<string>
  /** The pipeline that was chosen: stands until a mask removes it, so that no two answers have different bytes. */
  pinned: string | undefined
}

export interface SegmentEntry extends StoredEntry {
  readonly rendition: string
  readonly number: SegmentNumber
  /** Requests that wait for it, in the order in which they will end. */
  readonly holds: Map<TicketId, Hold>
  /** With only defective candidates so far: when the least defective one is chosen. */
  decideAtMs: EpochMs | undefined
  /** A hold of it ended without it. */
  holdEnded: boolean
  /** Something was chosen once: a playlist has listed it. */
  wasPublished: boolean
}

const makeStored = (): StoredEntry => ({
  candidates: new Map(),
  storing: new Map(),
  unreadable: new Set(),
  pinned: undefined,
})

const makeSegment = (rendition: string, number: SegmentNumber): SegmentEntry => ({
  ...makeStored(),
  rendition,
  number,
  holds: new Map(),
  decideAtMs: undefined,
  holdEnded: false,
  wasPublished: false,
})

/** When everything about `number` may be forgotten: nobody may ask for it or put it any more. */
const forgetAt = (event: LiveEvent, number: SegmentNumber): EpochMs =>
  after(leavesWindow(event, number), event.retryDeadlineMs)

export class SegmentIndex {
  readonly #inits = new Map<string, StoredEntry>()
  readonly #byNumber = new Map<number, Map<string, SegmentEntry>>()
  /** No number below this one is kept. */
  #lowest = Infinity
  #newest = -1

  get(rendition: string, number: SegmentNumber): SegmentEntry | undefined {
    return this.#byNumber.get(number)?.get(rendition)
  }

  /** The initialisation segment of a rendition of the event. */
  init(rendition: string): StoredEntry {
    const entry = this.#inits.get(rendition) ?? makeStored()
    this.#inits.set(rendition, entry)
    return entry
  }

  /** The newest number of which anything is known; -1 when there is none. */
  get newest(): SegmentNumber {
    return this.#newest
  }

  /** The entry, made when it is new. Bounded: only numbers inside the window are ever made. */
  obtain(rendition: string, number: SegmentNumber): SegmentEntry {
    let renditions = this.#byNumber.get(number)
    if (!renditions) {
      renditions = new Map()
      this.#byNumber.set(number, renditions)
      this.#lowest = Math.min(this.#lowest, number)
      this.#newest = Math.max(this.#newest, number)
    }
    let entry = renditions.get(rendition)
    if (!entry) {
      entry = makeSegment(rendition, number)
      renditions.set(rendition, entry)
    }
    return entry
  }

  *between(from: SegmentNumber, to: SegmentNumber): Generator<SegmentEntry> {
    for (const [number, renditions] of this.#byNumber) {
      if (from <= number && number <= to) yield* renditions.values()
    }
  }

  /** Everything that can be served. */
  *candidates(): Generator<Candidate> {
    for (const { candidates } of this.#inits.values()) yield* candidates.values()
    for (const { candidates } of this.entries()) yield* candidates.values()
  }

  *entries(): Generator<SegmentEntry> {
    for (const renditions of this.#byNumber.values()) yield* renditions.values()
  }

  get size(): number {
    return this.#byNumber.size
  }

  /** When `forget` has something to do next; undefined when nothing is kept. */
  nextForgetMs(event: LiveEvent): EpochMs | undefined {
    return this.#byNumber.size === 0 ? undefined : forgetAt(event, this.#lowest)
  }

  /** Forgets every number whose time has passed, and says what the store may remove. */
  forget(event: LiveEvent, now: EpochMs): OriginEffect[] {
    const effects: OriginEffect[] = []
    while (this.#byNumber.size > 0 && now >= forgetAt(event, this.#lowest)) {
      for (const { rendition, number, candidates, unreadable } of this.#byNumber.get(this.#lowest)?.values() ?? []) {
        const pipelines = [...candidates.keys(), ...unreadable]
        if (pipelines.length > 0) effects.push({ do: 'forget', rendition, number, pipelines })
      }
      this.#byNumber.delete(this.#lowest)
      this.#lowest++
    }
    if (this.#byNumber.size === 0) this.#lowest = Infinity
    return effects
  }
}
