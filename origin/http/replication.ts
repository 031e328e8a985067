import { setTimeout as delay } from 'node:timers/promises'
import { limits } from '../../live/limits.ts'
import { after, type Ms } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { replicationPauseMs } from '../core/replication-pause.ts'
import type { Candidate } from '../core/verdict.ts'
import { formatKey } from '../store/segment-store.ts'
import type { OriginRuntime } from './origin-runtime.ts'

// What another region announces is not in this region's store before it is replicated: it becomes visible when its body
// could be read here, and that read serves those who wait for it.

interface Awaited {
  readonly name: string
  readonly candidate: Candidate
  /** Where it was acknowledged. */
  readonly region: string
}

export class Replication {
  readonly #origin: OriginRuntime
  readonly #withinMs: Ms
  readonly #closing = new AbortController()
  readonly #names = new Set<string>()
  #queue: Awaited[] = []
  #looking = 0

  constructor(origin: OriginRuntime, withinMs: Ms = limits.replicationMs) {
    this.#origin = origin
    this.#withinMs = withinMs
  }

  /** `candidate` was acknowledged in `region`. */
  await(candidate: Candidate, region: string): void {
    const name = formatKey(this.#origin.store.keyOf(candidate))
    if (this.#names.has(name) || this.#origin.core.knows(candidate)) return
    this.#names.add(name)
    this.#queue.push({ name, candidate, region })
    if (this.#looking < limits.replicationReads) void this.#work()
  }

  close(): void {
    this.#queue = []
    this.#closing.abort()
  }

  /** Looks for one after the other; so many of these run at once. */
  async #work(): Promise<void> {
    this.#looking++
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      await this.#lookFor(next)
      this.#names.delete(next.name)
    }
    this.#looking--
  }

  async #lookFor({ name, candidate, region }: Awaited): Promise<void> {
    const { store, books } = this.#origin
    const giveUpMs = after(now(), this.#withinMs)
    for (let attempt = 1; ; attempt++) {
      const pauseMs = replicationPauseMs(attempt) as number
      const body = await store.look(candidate)
      if (this.#closing.signal.aborted) return
      if (body) return this.#found(candidate, region, body)
      if (after(now(), pauseMs) > giveUpMs) break
      books.count('store.visible_retries')
      await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined) // closed: seen above
    }
    books.count('store.never_visible')
    this.#origin.complaints.say(
      `${name}, stored in ${region}, was not in this region's store within ${this.#withinMs} ms`,
    )
  }

  #found(candidate: Candidate, region: string, body: Uint8Array): void {
    this.#origin.books.visible(region, candidate.storedMs, now())
    this.#origin.learn(candidate, { candidate, body })
  }
}
