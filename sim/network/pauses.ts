import { RandomStream } from '../../live/random.ts'
import type { Ms } from '../../live/units.ts'
import type { Pauses as CalibratedPauses } from '../calibration.ts'
import { Draws } from './latency.ts'

// A process stands still for its garbage collector, now and then and for milliseconds: what comes meanwhile waits. The
// same time spread evenly over all answers would be waited for by nobody.

export class Pauses {
  readonly #everyMs: Ms
  readonly #lasts: Draws
  #workedMs: Ms

  /** @param name of the process: each has pauses of its own, and begins somewhere between two of them */
  constructor({ everyMs, lastsMs }: CalibratedPauses, seed: number, name: string) {
    this.#everyMs = everyMs
    this.#lasts = new Draws(lastsMs, seed, `pause/${name}`)
    this.#workedMs = new RandomStream(seed, `pauses/${name}`).next() * everyMs
  }

  /** For how long the process stands still once it has worked for `workMs` more, ms. */
  dueAfter(workMs: Ms): Ms {
    this.#workedMs += workMs
    let pauseMs = 0
    for (; this.#workedMs >= this.#everyMs; this.#workedMs -= this.#everyMs) pauseMs += this.#lasts.next()
    return pauseMs
  }
}
