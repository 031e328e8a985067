import type { EpochMs, Ms } from '../../live/units.ts'

// The CPU of one process: its cores take work in the order in which it comes, each one piece at a time. Because nothing
// is interrupted, the end of a piece is known when it comes, and waiting needs no event.

export class Cores {
  readonly #freeAtMs: Float64Array
  #busyMs = 0

  constructor(cores: number) {
    this.#freeAtMs = new Float64Array(cores).fill(-Infinity)
  }

  /** All the work that was taken, ms. */
  get busyMs(): Ms {
    return this.#busyMs
  }

  /** Takes work of `cpuMs` that comes at `now`; the instant at which it is done. */
  work(cpuMs: Ms, now: EpochMs): EpochMs {
    const free = this.#freeAtMs
    let core = 0
    for (let i = 1; i < free.length; i++) if ((free[i] as number) < (free[core] as number)) core = i
    const from = (free[core] as number) > (now as number) ? (free[core] as number) : (now as number)
    free[core] = from + (cpuMs as number)
    this.#busyMs += cpuMs as number
    return free[core] as number
  }
}
