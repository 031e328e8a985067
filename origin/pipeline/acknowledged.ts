import { limits } from '../../live/limits.ts'
import type { SegmentNumber } from '../../live/units.ts'

// What the origins have acknowledged, for an audit after a fault (`GET /acknowledged`): the newest, within a limit.

/** One acknowledgement. */
export interface Acknowledgement {
  /** The origin's publish listener. */
  readonly target: string
  readonly pipeline: string
  readonly rendition: string
  /** Absent: the initialisation segment. */
  readonly number?: SegmentNumber | undefined
  /** By what name the origin keeps the body. */
  readonly etag: string
}

export class Acknowledged {
  readonly #known = new Map<string, Acknowledgement>()
  readonly #limit: number
  #dropped = 0

  constructor(limit: number = limits.acknowledgedPuts) {
    this.#limit = limit
  }

  add(acknowledgement: Acknowledgement): void {
    const { target, rendition, number } = acknowledgement
    this.#known.set(`${target} ${rendition}/${number ?? 'init'}`, acknowledgement)
    if (this.#known.size <= this.#limit) return
    const [oldest] = this.#known.keys()
    this.#known.delete(oldest as string)
    this.#dropped++
  }

  /** All that is remembered, oldest first, and how many are not any more. */
  list(): { readonly acknowledged: readonly Acknowledgement[]; readonly dropped: number } {
    return { acknowledged: [...this.#known.values()], dropped: this.#dropped }
  }
}
