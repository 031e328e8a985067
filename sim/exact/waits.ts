import type { Ms } from '../../live/units.ts'
import type { Recorder } from '../../process/recorder.ts'
import { haveRead } from '../read-ahead.ts'

// A histogram that is written to with every request: the same buckets as the recorder's (HdrHistogram, microseconds, three
// digits), found with a shift, and handed over when the part is made. A world has a few for each edge, and their cells lie
// in no cache when one of them is written to: so durations are put down one behind the other, and counted some at a time.

const exactBelow = 2_048
const halfBucket = exactBelow / 2
/** 5 minutes, as the recorder has it: the largest value lies in the 18th doubling. */
const mostMicroseconds = 300_000_000
const doublings = 18
/** Durations that are put down before they are counted. */
const putDown = 128

export class Waits {
  readonly #name: string
  readonly #cells = new Uint32Array(exactBelow + doublings * halfBucket)
  /** Those that are not counted yet, and how many these are. */
  readonly #microseconds = new Int32Array(putDown)
  #latest = 0

  constructor(name: string) {
    this.#name = name
  }

  /** Adds a duration; negative ones count as 0. */
  add(ms: Ms): void {
    if (this.#latest === putDown) this.#count()
    this.#microseconds[this.#latest++] = ms > 0 ? Math.min(mostMicroseconds, Math.round((ms as number) * 1_000)) : 0
  }

  /** Reads where the next one is put down, so that it is at hand then. */
  bringNear(): void {
    haveRead(this.#microseconds[this.#latest] ?? 0)
  }

  handTo(recorder: Recorder): void {
    this.#count()
    for (const [cell, count] of this.#cells.entries()) {
      if (count === 0) continue
      const beyond = cell - exactBelow
      const shift = beyond < 0 ? 0 : Math.floor(beyond / halfBucket) + 1
      const us = beyond < 0 ? cell : ((beyond % halfBucket) + halfBucket) << shift
      recorder.timesAlike(this.#name, us / 1_000, count)
    }
  }

  clear(): void {
    this.#latest = 0
    this.#cells.fill(0)
  }

  #count(): void {
    for (let i = 0; i < this.#latest; i++) {
      const us = this.#microseconds[i] as number
      const shift = us < exactBelow ? 0 : 21 - Math.clz32(us)
      const cell = shift === 0 ? us : exactBelow + (shift - 1) * halfBucket + (us >>> shift) - halfBucket
      this.#cells[cell] = (this.#cells[cell] as number) + 1
    }
    this.#latest = 0
  }
}
