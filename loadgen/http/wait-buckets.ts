import type { Ms } from '../../live/units.ts'

// Waits counted in a few buckets, so that a percentile of the last seconds can be had by a difference of two readings: a
// histogram of all digits is for the record, and too much for somebody who looks in several times a second.

/** Upper bounds, ms, inclusive; one more bucket is for what waited longer. */
export const waitBoundsMs: readonly Ms[] = [
  1, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 300, 400, 500, 600, 800, 1_000, 1_500, 2_000, 3_000, 4_000,
  5_000, 10_000,
]

export class WaitBuckets {
  readonly #counts = new Array<number>(waitBoundsMs.length + 1).fill(0)

  add(waitMs: Ms): void {
    let low = 0
    let high = waitBoundsMs.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((waitBoundsMs[middle] as number) < (waitMs as number)) low = middle + 1
      else high = middle
    }
    this.#counts[low] = (this.#counts[low] as number) + 1
  }

  counts(): number[] {
    return [...this.#counts]
  }
}
