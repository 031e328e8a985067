import type { FetchFailure, FetchPlan, UpstreamHead } from '../../../edge/core/verdict.ts'
import type { Bytes, EpochMs, Ms } from '../../../live/units.ts'
import type { ObjectFacts, UpstreamCall } from '../../../sim/exact/upstream-call.ts'
import type { TracedUpstream } from '../messages.ts'

/** An edge's request to the origin, handed on as it is; when its answer leaves is noted. */
export class WatchedCall implements UpstreamCall {
  readonly #call: UpstreamCall
  readonly #rendition: string
  readonly #arrivedMs: EpochMs
  #leavesMs: number | undefined
  #endsMs: number | undefined
  #status = 0

  constructor(call: UpstreamCall, rendition: string, arrivedMs: EpochMs) {
    this.#call = call
    this.#rendition = rendition
    this.#arrivedMs = arrivedMs
  }

  get edge(): string {
    return this.#call.edge
  }

  get site(): string {
    return this.#call.site
  }

  get plan(): FetchPlan {
    return this.#call.plan
  }

  get isOver(): boolean {
    return this.#call.isOver
  }

  get onTakenBack(): ((now: EpochMs) => void) | undefined {
    return this.#call.onTakenBack
  }

  set onTakenBack(told: ((now: EpochMs) => void) | undefined) {
    this.#call.onTakenBack = told
  }

  boundMs(now: EpochMs): Ms {
    return this.#call.boundMs(now)
  }

  headLeaves(head: UpstreamHead, facts: ObjectFacts, at: EpochMs): void {
    this.#leavesMs ??= at as number
    this.#status = head.status
    this.#call.headLeaves(head, facts, at)
  }

  bodyLeaves(bytes: Bytes, at: EpochMs): void {
    this.#endsMs = at as number
    this.#call.bodyLeaves(bytes, at)
  }

  fails(failure: FetchFailure, at: EpochMs): void {
    this.#endsMs = at as number
    this.#call.fails(failure, at)
  }

  /** What became of it, with instants relative to `fromMs`. */
  told(fromMs: number): TracedUpstream {
    const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - fromMs)
    return {
      edge: this.edge,
      rendition: this.#rendition,
      arrivedMs: (this.#arrivedMs as number) - fromMs,
      leavesMs: since(this.#leavesMs),
      endsMs: since(this.#endsMs),
      status: this.#status,
    }
  }
}
