import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import type { OperatorState } from '../core/operator-state.ts'
import type { OriginCore } from '../core/origin-core.ts'
import type { Candidate, OriginEffect, RefuseVerdict, ServeVerdict, TicketId } from '../core/verdict.ts'
import { formatKey, StoreError } from '../store/segment-store.ts'
import { Complaints } from './complaints.ts'
import { type OriginConfig, publishes } from './config.ts'
import type { Announcement } from './feed-lines.ts'
import type { OriginBooks } from './origin-books.ts'
import type { OriginStore } from './origin-store.ts'

// What the two sides of the origin share: the core, the store, one timer, and the carrying out of effects.

/** A body that was stored in this very tick: those who wait for it need not read it back. */
export interface FreshBody {
  readonly candidate: Pick<Candidate, 'pipeline' | 'rendition' | 'number'>
  readonly body: Uint8Array
}

/** Answers held requests; the delivery side does. */
export type Release = (
  tickets: readonly TicketId[],
  verdict: ServeVerdict | RefuseVerdict,
  fresh: FreshBody | undefined,
) => void

/** setTimeout takes no more. */
const longestTimerMs = 2 ** 31 - 1

export class OriginRuntime {
  readonly config: OriginConfig
  readonly core: OriginCore
  readonly store: OriginStore
  readonly books: OriginBooks
  readonly log: DecisionLog
  readonly complaints = new Complaints()
  /** Set by the delivery side. */
  release: Release = () => {}
  /** Tells the processes that follow this one; set where it publishes. */
  announce: (line: Announcement) => void = () => {}
  /** The same, of a PUT whose head has come. */
  announcePush: (pipeline: string) => void = () => {}
  /** The process is ending: connections are closed after their answers. */
  draining = false
  #timer: NodeJS.Timeout | undefined
  #timerMs = Infinity

  constructor(parts: Pick<OriginRuntime, 'config' | 'core' | 'store' | 'books' | 'log'>) {
    this.config = parts.config
    this.core = parts.core
    this.store = parts.store
    this.books = parts.books
    this.log = parts.log
  }

  /** Carries out what the core wants done, and sets the timer for what it will want next. */
  apply(effects: readonly OriginEffect[], fresh?: FreshBody): void {
    for (const effect of effects) {
      if (effect.do === 'release') this.release(effect.tickets, effect.verdict, fresh)
      else this.#forget(effect)
    }
    this.schedule()
  }

  /** Sets the one timer to the core's next wake-up. */
  schedule(): void {
    const nextMs = this.core.nextWakeMs() ?? Infinity
    if (nextMs === this.#timerMs) return
    clearTimeout(this.#timer)
    this.#timerMs = nextMs
    if (nextMs === Infinity) return
    // Rounded up: a timer that fires a fraction too early would find nothing to do.
    const delayMs = Math.min(Math.max(0, Math.ceil(nextMs - (now() as number))), longestTimerMs)
    this.#timer = setTimeout(() => {
      this.#timerMs = Infinity
      this.apply(this.core.wake(now()))
    }, delayMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timerMs = Infinity
  }

  /**
   * The body of a candidate of the index. What the store has lost is no candidate any more when this rejects, so that
   * who asks again gets another one where there is one.
   */
  async bodyOf(candidate: Candidate): Promise<Uint8Array> {
    try {
      return await this.store.read(candidate)
    } catch (error) {
      if (isLost(error)) this.apply(this.core.unreadable(candidate, now()))
      throw error
    }
  }

  /** Another process has stored `candidate`, and this one's store can give it. */
  learn(candidate: Candidate, fresh?: FreshBody): void {
    const { rendition, number, storedMs } = candidate
    if (number !== undefined) this.books.published(this.core.eventConfig(), rendition, number, storedMs)
    this.apply(this.core.learned(candidate, now()), fresh)
  }

  /** Takes up candidates that this one's store holds. */
  restore(candidates: readonly Candidate[]): { readonly taken: number; readonly removed: number } {
    const { taken, effects } = this.core.restore(candidates, now())
    const event = this.core.eventConfig()
    for (const { rendition, number, storedMs } of candidates) {
      if (number !== undefined) this.books.published(event, rendition, number, storedMs)
    }
    this.apply(effects)
    return { taken, removed: effects.filter(effect => effect.do === 'forget').length }
  }

  /** Joins what operators have commanded elsewhere, or before; whether there was anything new in it. */
  adopt(state: OperatorState): boolean {
    const { changed, effects } = this.core.adopt(state, now())
    if (changed) this.books.count('feed.states_adopted')
    this.apply(effects)
    return changed
  }

  #forget({ rendition, number, pipelines }: Extract<OriginEffect, { do: 'forget' }>): void {
    // Who puts removes: several processes of one store need not do it several times.
    if (!publishes(this.config.role)) return
    for (const pipeline of pipelines) {
      const candidate = { pipeline, rendition, number }
      this.store.remove(candidate).catch((error: Error) => {
        const name = formatKey(this.store.keyOf(candidate))
        this.complaints.say(`the store did not remove ${name}: ${error.message}`)
      })
    }
  }
}

/** Whether a read failed because the body is not there, or is not the one that was put. */
export const isLost = (error: unknown): boolean =>
  error instanceof StoreError && (error.fault === 'missing' || error.fault === 'corrupt')
