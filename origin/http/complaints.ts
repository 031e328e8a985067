import { between, type EpochMs } from '../../live/units.ts'
import { now } from '../../process/clock.ts'

// Lines for people about what fails. A store that is lost fails every request of a storm: a few lines say it, and the
// record counts the rest.

const linesInSpan = 10
const spanMs = 10_000

export class Complaints {
  #beganMs: EpochMs = -Infinity
  #lines = 0

  /** Says `message` on standard error, unless enough was said in this span of time. */
  say(message: string): void {
    const atMs = now()
    if (between(this.#beganMs, atMs) >= spanMs) {
      this.#beganMs = atMs
      this.#lines = 0
    }
    this.#lines++
    if (this.#lines <= linesInSpan) process.stderr.write(`tidegate: ${message}\n`)
    if (this.#lines === linesInSpan) {
      process.stderr.write(`tidegate: for ${spanMs / 1_000} s, further failures are counted in the record only\n`)
    }
  }
}
