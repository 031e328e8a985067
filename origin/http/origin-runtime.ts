import { now } from '../../process/clock.ts'
import type { DecisionLog } from '../../process/decision-log.ts'
import type { OriginCore } from '../core/origin-core.ts'
import type { Candidate, OriginEffect, RefuseVerdict, ServeVerdict, TicketId } from '../core/verdict.ts'
import { type CandidateKey, formatKey, type SegmentStore } from '../store/segment-store.ts'
import type { OriginConfig } from './config.ts'
import type { OriginBooks } from './origin-books.ts'

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
  readonly store: SegmentStore
  readonly books: OriginBooks
  readonly log: DecisionLog
  /** Set by the delivery side. */
  release: Release = () => {}
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

  keyOf({ pipeline, rendition, number }: Pick<Candidate, 'pipeline' | 'rendition' | 'number'>): CandidateKey {
    return { event: this.config.event.event, rendition, number: number ?? 'init', pipeline }
  }

  #forget({ rendition, number, pipelines }: Extract<OriginEffect, { do: 'forget' }>): void {
    for (const pipeline of pipelines) {
      const key = this.keyOf({ pipeline, rendition, number })
      this.store.remove(key).catch((error: Error) => {
        process.stderr.write(`tidegate: the store did not remove ${formatKey(key)}: ${error.message}\n`)
      })
    }
  }
}
