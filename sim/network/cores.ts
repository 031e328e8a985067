import type { EpochMs, Ms } from '../../live/units.ts'
import type { Machine, Resident } from './machine.ts'

// The CPU of one process: its cores take work in the order in which it comes, each one piece at a time. Because nothing
// is interrupted, the end of a piece is known when it comes, and waiting needs no event.

export class Cores implements Resident {
  readonly #freeAtMs: Float64Array
  readonly #machine: Machine | undefined
  #busyMs = 0

  /** @param machine shares its cores among this process and others; absent: these cores are there for it alone */
  constructor(cores: number, machine?: Machine) {
    this.#freeAtMs = new Float64Array(cores).fill(-Infinity)
    this.#machine = machine
    machine?.enter(this)
  }

  /** All the work that was taken, ms. */
  get busyMs(): Ms {
    return this.#busyMs
  }

  busyCores(now: EpochMs): number {
    let busy = 0
    for (const freeAtMs of this.#freeAtMs) if (freeAtMs > (now as number)) busy++
    return busy
  }

  /** Takes work of `cpuMs` that comes at `now`; the instant at which it is done. */
  work(cpuMs: Ms, now: EpochMs): EpochMs {
    const free = this.#freeAtMs
    let core = 0
    for (let i = 1; i < free.length; i++) if ((free[i] as number) < (free[core] as number)) core = i
    const from = (free[core] as number) > (now as number) ? (free[core] as number) : (now as number)
    const slowness = this.#machine === undefined ? 1 : this.#machine.slowness(now, this)
    free[core] = from + (cpuMs as number) * slowness
    this.#busyMs += cpuMs as number
    return free[core] as number
  }
}
