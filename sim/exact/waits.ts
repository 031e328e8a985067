import type { Ms } from '../../live/units.ts'
import type { Recorder } from '../../process/recorder.ts'

// A histogram that is written to with every request: the same buckets as the recorder's (HdrHistogram, microseconds, three
// digits), found with a shift, and handed over when the part is made.

const exactBelow = 2_048
const halfBucket = exactBelow / 2
/** 5 minutes, as the recorder has it: the largest value lies in the 18th doubling. */
const mostMicroseconds = 300_000_000
const doublings = 18

export class Waits {
  readonly #name: string
  readonly #cells = new Uint32Array(exactBelow + doublings * halfBucket)

  constructor(name: string) {
    this.#name = name
  }

  /** Adds a duration; negative ones count as 0. */
  add(ms: Ms): void {
    const us = ms > 0 ? Math.min(mostMicroseconds, Math.round((ms as number) * 1_000)) : 0
    const shift = us < exactBelow ? 0 : 21 - Math.clz32(us)
    const cell = shift === 0 ? us : exactBelow + (shift - 1) * halfBucket + (us >>> shift) - halfBucket
    this.#cells[cell] = (this.#cells[cell] as number) + 1
  }

  handTo(recorder: Recorder): void {
    for (const [cell, count] of this.#cells.entries()) {
      if (count === 0) continue
      const beyond = cell - exactBelow
      const shift = beyond < 0 ? 0 : Math.floor(beyond / halfBucket) + 1
      const us = beyond < 0 ? cell : ((beyond % halfBucket) + halfBucket) << shift
      recorder.timesAlike(this.#name, us / 1_000, count)
    }
  }

  clear(): void {
    this.#cells.fill(0)
  }
}
