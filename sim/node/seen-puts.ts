import { effectsOf, type LoggedEffect } from '../../results/explain/read-log.ts'

// PUTs of segments, each as its packager and the origin saw it. Counts and histograms of packagers are of their whole
// lives, the backlog among them that they put before a storm begins, all at once.

export interface SeenPut {
  /** When it was to be put. */
  readonly plannedMs: number
  /** When an origin saw its head. */
  readonly offeredMs: number
  /** When an origin had seen its whole body; absent of one that it did not want, or that broke off. */
  readonly arrivedMs?: number
  readonly bytes: number
}

interface Named {
  readonly pipeline?: string
  readonly rendition: string
  readonly number?: number | undefined
}
interface Offered extends Named {
  readonly bodyBytes: number
}
interface PlannedPut extends Named {
  readonly attempt: number
  readonly plannedMs: number
}
/** What their names begin with: `pipeline-a` is the packager of the pipeline `a`. */
const packagers = 'pipeline-'

/** Of one variant of one run. */
export class SeenPuts {
  readonly #planned = new Map<string, number>()
  readonly #offered = new Map<string, { atMs: number; bytes: number }>()
  readonly #arrived = new Map<string, number>()

  /** A call in the decision log of the packager `name`. */
  packagerCalled(name: string, gives: unknown): void {
    for (const effect of effectsOf(gives)) {
      if (effect.do !== 'put' || effect.number === undefined) continue
      const { rendition, number, attempt, plannedMs } = effect as LoggedEffect & PlannedPut
      const key = keyOf({ pipeline: name.slice(packagers.length), rendition, number })
      if (attempt === 1) this.#planned.set(key, plannedMs)
      // Refused, or broken off: what the origin saw is not what was planned first.
      else this.#planned.delete(key)
    }
  }

  /** A call in the decision log of an origin. */
  originCalled(call: string, given: unknown, atMs: number): void {
    if (call !== 'offer' && call !== 'arrived') return
    const body = given as Offered
    const key = keyOf(body)
    if (call === 'arrived') this.#arrived.set(key, this.#arrived.get(key) ?? atMs)
    else if (!this.#offered.has(key)) this.#offered.set(key, { atMs, bytes: body.bodyBytes })
  }

  /** Those that were to be put from `fromMs` on, and came to an origin with the first attempt. */
  since(fromMs: number): SeenPut[] {
    return [...this.#planned].flatMap(([key, plannedMs]) => {
      const offered = this.#offered.get(key)
      if (plannedMs < fromMs || offered === undefined || offered.atMs < plannedMs) return []
      const arrivedMs = this.#arrived.get(key)
      const arrived = arrivedMs !== undefined && arrivedMs >= offered.atMs ? { arrivedMs } : {}
      return [{ plannedMs, offeredMs: offered.atMs, ...arrived, bytes: offered.bytes }]
    })
  }
}

const keyOf = ({ pipeline, rendition, number }: Named): string => `${pipeline}/${rendition}/${number}`
