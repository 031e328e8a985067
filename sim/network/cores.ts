import type { EpochMs, Ms } from '../../live/units.ts'
import { haveRead } from '../read-ahead.ts'
import type { Machine, Thread } from './machine.ts'

// The CPU of one process: its cores take work in the order in which it comes, each one piece at a time. Because nothing
// is interrupted, the end of a piece is known when it comes, and waiting needs no event.

export class Cores {
  readonly #freeAtMs: Float64Array
  /** Where the machine is shared: this process's threads, one for each core. */
  readonly #shared: readonly SharedThread[] | undefined
  /** Where the machine is shared: what the process does beside its cores, a store's threads for one. */
  readonly #beside: SharedThread | undefined
  #busyMs = 0

  /** @param machine shares its cores among this process and others; absent: these cores are there for it alone */
  constructor(cores: number, machine?: Machine) {
    this.#freeAtMs = new Float64Array(cores).fill(-Infinity)
    this.#shared = machine && Array.from({ length: cores }, () => new SharedThread(machine))
    this.#beside = machine && new SharedThread(machine)
  }

  /** All the work that was taken, ms. */
  get busyMs(): Ms {
    return this.#busyMs
  }

  /** Reads when they are free, so that it is at hand when work comes. */
  bringNear(): void {
    haveRead((this.#freeAtMs[0] as number) + this.#busyMs)
  }

  /** Another thread of the process works for `cpuMs`: it holds up others on its machine, and these cores only so. */
  aside(cpuMs: Ms, now: EpochMs): void {
    this.#busyMs += cpuMs as number
    this.#beside?.take(cpuMs, now)
  }

  /** Takes work of `cpuMs` that comes at `now`; the instant at which it is done. `afterMs` more follow that. */
  work(cpuMs: Ms, now: EpochMs, afterMs: Ms = 0): EpochMs {
    const free = this.#freeAtMs
    let core = 0
    for (let i = 1; i < free.length; i++) if ((free[i] as number) < (free[core] as number)) core = i
    this.#busyMs += (cpuMs as number) + (afterMs as number)
    const thread = this.#shared?.[core]
    if (thread !== undefined) {
      const doneMs = thread.take(cpuMs, now)
      free[core] = afterMs === 0 ? doneMs : thread.take(afterMs, now)
      return doneMs
    }
    const from = (free[core] as number) > (now as number) ? (free[core] as number) : (now as number)
    const doneMs = from + (cpuMs as number)
    free[core] = doneMs + (afterMs as number)
    return doneMs
  }
}

class SharedThread implements Thread {
  readonly #machine: Machine
  #workMs = 0
  #sinceMs = 0
  #doneMs = 0

  constructor(machine: Machine) {
    this.#machine = machine
    machine.enter(this)
  }

  /** Work goes on evenly until it is done. */
  leftMs(now: EpochMs): Ms {
    const lastsMs = this.#doneMs - this.#sinceMs
    return lastsMs <= 0 ? 0 : this.#workMs * Math.max(0, (this.#doneMs - (now as number)) / lastsMs)
  }

  /** More work of `cpuMs`, behind all that there is; when all of it is done. */
  take(cpuMs: Ms, now: EpochMs): EpochMs {
    this.#workMs = (this.leftMs(now) as number) + (cpuMs as number)
    this.#sinceMs = now as number
    this.#doneMs = this.#machine.doneAt(this, this.#workMs, cpuMs, now) as number
    return this.#doneMs
  }
}
