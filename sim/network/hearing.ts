import type { Ms } from '../../live/units.ts'
import type { Calibration } from '../calibration.ts'
import { Draws } from './latency.ts'

// How long a process takes to hear of what has come to it. The longer it has been idle, the longer: its core sleeps, and a
// virtual machine's is given back to its host.

export class Hearing {
  /** From which idle time on each of the distributions holds, rising. */
  readonly #idleMs: readonly Ms[]
  readonly #takes: readonly Draws[]

  constructor({ hears }: Calibration['cores'], seed: number) {
    this.#idleMs = hears.map(({ idleMs }) => idleMs)
    this.#takes = hears.map(({ idleMs, takesMs }) => new Draws(takesMs, seed, `hearing/${idleMs}`))
  }

  /** Nothing is said of it: everybody hears at once, or has it in the ways. */
  get isAtOnce(): boolean {
    return this.#takes.length === 0
  }

  /** By a process that has been idle for `idleMs`. */
  takesMs(idleMs: Ms): Ms {
    let place = this.#idleMs.length - 1
    while (place > 0 && (this.#idleMs[place] as number) > idleMs) place--
    return this.#takes[place]?.next() ?? 0
  }
}
