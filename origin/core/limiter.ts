import { z } from 'zod'
import { after, type EpochMs, type Ms } from '../../live/units.ts'

// The limiter (fact file live-origin.md, "Overload"): when too large a share of the storage reads is slower than their
// target, DVR is shed so that the live edge goes on. A slow read begins it, never the time; fast ones end it, or the time
// where slow ones come no more. So between two reads there is one instant at most at which it changes.
//
// | state    | from                                                        | until                                       |
// |----------|-------------------------------------------------------------|---------------------------------------------|
// | open     | the beginning                                               | a slow read, of enough reads, too many slow |
// | limiting | that read; each further slow one moves its end a window on  | the share has fallen to `endShare`; the end |

export const limiterSchema = z
  .strictObject({
    /** A read that takes longer is slow. Our choice, for none is published: above any healthy read, below what a viewer feels. */
    targetMs: z.number().positive().max(60_000).default(100),
    /** The share of slow reads above which DVR is shed: 40 % latency utilisation. */
    share: z.number().min(0).max(1).default(0.4),
    /** The share at which that ends: well below, so that it does not flutter. */
    endShare: z.number().min(0).max(1).default(0.2),
    /** Over which reads are counted, and by which limiting outlasts the last slow one: a segment's length. */
    windowMs: z.number().min(100).max(60_000).default(2_000),
    /** Fewer reads than this in the window begin nothing. */
    minReads: z.number().int().min(1).max(1_000_000).default(20),
  })
  .refine(({ share, endShare }) => endShare <= share, { path: ['endShare'], error: 'must not be above share' })
export type LimiterConfig = z.infer<typeof limiterSchema>

/** A read of the store that has ended. */
export interface StoreRead {
  readonly durationMs: Ms
  readonly failed: boolean
}

/** What a read came to. */
export interface CountedRead {
  /** It took longer than its target. */
  readonly isSlow: boolean
  /** With it, limiting has begun. */
  readonly began: boolean
}

/** What a limiter sees at an instant. */
export interface LimiterView {
  readonly limiting: boolean
  /** Reads that ended in the window, and the slow ones among them. */
  readonly reads: number
  readonly slow: number
}

/** The window is counted in so many slices: it slides by one of them at a time. */
const slicesOfWindow = 10

interface Slice {
  readonly index: number
  reads: number
  slow: number
}

export class Limiter {
  readonly #config: LimiterConfig
  readonly #slices: Slice[] = []
  #untilMs: EpochMs = -Infinity

  constructor(config: LimiterConfig) {
    this.#config = config
  }

  /** A read of the store has ended at `now`. One that failed is slow: nobody got anything for its time. */
  readEnded({ durationMs, failed }: StoreRead, now: EpochMs): CountedRead {
    const { targetMs, share, endShare, windowMs, minReads } = this.#config
    const isSlow = failed || durationMs > targetMs
    this.#count(isSlow, now)
    const { reads, slow, limiting } = this.view(now)
    const slowShare = slow / reads
    if (limiting) {
      if (slowShare <= endShare) this.#untilMs = now
      else if (isSlow) this.#untilMs = after(now, windowMs)
    } else if (isSlow && reads >= minReads && slowShare > share) this.#untilMs = after(now, windowMs)
    return { isSlow, began: !limiting && this.isLimiting(now) }
  }

  /** Whether DVR is shed at `now`. */
  isLimiting(now: EpochMs): boolean {
    return now < this.#untilMs
  }

  /** When limiting ends if no read comes before; in the past when it does not limit. */
  get untilMs(): EpochMs {
    return this.#untilMs
  }

  view(now: EpochMs): LimiterView {
    const oldest = this.#sliceAt(now) - slicesOfWindow
    let reads = 0
    let slow = 0
    for (const slice of this.#slices) {
      if (slice.index <= oldest) continue
      reads += slice.reads
      slow += slice.slow
    }
    return { limiting: this.isLimiting(now), reads, slow }
  }

  #count(isSlow: boolean, now: EpochMs): void {
    const index = this.#sliceAt(now)
    const newest = this.#slices.at(-1)
    const slice = newest?.index === index ? newest : { index, reads: 0, slow: 0 }
    if (slice !== newest) this.#slices.push(slice)
    slice.reads++
    if (isSlow) slice.slow++
    while (this.#slices.length > slicesOfWindow + 1) this.#slices.shift()
  }

  #sliceAt(now: EpochMs): number {
    return Math.floor((now as number) / (this.#config.windowMs / slicesOfWindow))
  }
}
