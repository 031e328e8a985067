import type { EpochMs, Ms } from '../../live/units.ts'
import { haveRead } from '../read-ahead.ts'
import type { Machine, Thread } from './machine.ts'
import type { Pauses } from './pauses.ts'

// The CPU of one process: its cores take work in the order in which it comes, each one piece at a time. Because nothing
// is interrupted, the end of a piece is known when it comes, and waiting needs no event.

/** As many as a process of Node has for files and the like. */
const threadsBeside = 4
const timesACore = 3
const told = 1
const owed = 2

export class Cores {
  /**
   * By core: when it is free; and where the machine is its own, when somebody was last told something, and what follows the
   * answers to all who are told at that instant. Side by side, because they are read together.
   */
  readonly #times: Float64Array
  /** Where the machine is shared: this process's threads, one for each core. */
  readonly #shared: readonly SharedThread[] | undefined
  /** Where the machine is shared: the threads that work beside its cores, a store's for one. */
  readonly #beside: readonly SharedThread[] | undefined
  readonly #pauses: Pauses | undefined
  /** When the process hears of the latest that has come to it. */
  hearsAtMs: EpochMs = -Infinity
  #busyMs = 0

  /**
   * @param machine shares its cores among this process and others; absent: these cores are there for it alone
   * @param pauses hold up what comes after the work that they are due in; absent: there are none
   */
  constructor(cores: number, machine?: Machine, pauses?: Pauses) {
    this.#pauses = pauses
    this.#times = new Float64Array(timesACore * cores)
    for (let core = 0; core < cores; core++) this.#times.set([-Infinity, -Infinity, 0], timesACore * core)
    this.#shared = machine && Array.from({ length: cores }, () => new SharedThread(machine))
    this.#beside = machine && Array.from({ length: threadsBeside }, () => new SharedThread(machine))
  }

  /** All the work that was taken, ms. */
  get busyMs(): Ms {
    return this.#busyMs
  }

  /** Reads when they are free, so that it is at hand when work comes. */
  bringNear(): void {
    haveRead((this.#times[0] as number) + this.#busyMs)
  }

  /** For how long no work has been there at `now`; 0 while there is some. */
  idleMs(now: EpochMs): Ms {
    const times = this.#times
    let sinceMs = -Infinity
    for (let at = 0; at < times.length; at += timesACore) {
      if ((times[at] as number) > sinceMs) sinceMs = times[at] as number
    }
    return Math.max(0, (now as number) - sinceMs)
  }

  /** Another thread of the process works for `cpuMs`: it holds up others on its machine, and these cores only so. */
  aside(cpuMs: Ms, now: EpochMs): void {
    this.#busyMs += cpuMs as number
    this.#idlest?.take(cpuMs, now)
  }

  /**
   * Something of `ms` that passes beside these cores, from `now` on: when it is over. On a shared machine it is work of
   * another thread and takes the longer the busier the machine is; elsewhere it takes its time.
   */
  beside(ms: Ms, now: EpochMs): EpochMs {
    return this.#idlest?.take(ms, now) ?? (now as number) + (ms as number)
  }

  get #idlest(): SharedThread | undefined {
    return this.#beside?.reduce((least, thread) => (thread.doneMs < least.doneMs ? thread : least))
  }

  /** Takes work of `cpuMs` that comes at `now`, and `afterMs` that follow its answer: the instant at which it is answered. */
  work(cpuMs: Ms, now: EpochMs, afterMs: Ms = 0): EpochMs {
    return this.#take(cpuMs, now, afterMs, false)
  }

  /**
   * The same of one of several that are told something at one instant: what follows the answer comes behind all of theirs,
   * because an event loop tells everybody, and then goes on.
   */
  tell(cpuMs: Ms, now: EpochMs, afterAllMs: Ms = 0): EpochMs {
    return this.#take(cpuMs, now, afterAllMs, true)
  }

  #take(cpuMs: Ms, now: EpochMs, ownAfterMs: Ms, isTold: boolean): EpochMs {
    const workMs = (cpuMs as number) + (ownAfterMs as number)
    const afterMs = ownAfterMs + (this.#pauses === undefined ? 0 : this.#pauses.dueAfter(workMs))
    const times = this.#times
    let core = 0
    for (let at = timesACore; at < times.length; at += timesACore) {
      if ((times[at] as number) < (times[core] as number)) core = at
    }
    this.#busyMs += (cpuMs as number) + (afterMs as number)
    const thread = this.#shared?.[core / timesACore]
    if (thread !== undefined) {
      const doneMs = thread.take(cpuMs, now, afterMs, isTold)
      times[core] = thread.doneMs as number
      return doneMs
    }
    const owedMs = isTold ? this.#owedSince(core, now) : 0
    const from = Math.max((times[core] as number) - owedMs, now as number)
    const doneMs = from + (cpuMs as number)
    const restMs = owedMs + (afterMs as number)
    times[core + owed] = isTold ? restMs : 0
    times[core] = doneMs + restMs
    return doneMs
  }

  /** What the core at `core` has still to do after answers to all who were told at `now`. */
  #owedSince(core: number, now: EpochMs): number {
    const times = this.#times
    if (times[core + told] === (now as number)) return times[core + owed] as number
    times[core + told] = now as number
    return 0
  }
}

class SharedThread implements Thread {
  readonly #machine: Machine
  #workMs = 0
  #sinceMs = 0
  #doneMs = 0
  /** When somebody was last told something, and what has to follow the answers to all who are told then. */
  #toldMs = -Infinity
  #owedMs = 0

  constructor(machine: Machine) {
    this.#machine = machine
    machine.enter(this)
  }

  /** When all that it has is done. */
  get doneMs(): EpochMs {
    return this.#doneMs
  }

  /** Work goes on evenly until it is done. */
  leftMs(now: EpochMs): Ms {
    const lastsMs = this.#doneMs - this.#sinceMs
    return lastsMs <= 0 ? 0 : this.#workMs * Math.max(0, (this.#doneMs - (now as number)) / lastsMs)
  }

  /**
   * More work of `cpuMs`, and `afterMs` behind its answer: when it is answered. Behind all that there is; who `isTold`
   * something, before what follows the answers to others who are told at the same instant.
   */
  take(cpuMs: Ms, now: EpochMs, afterMs: Ms = 0, isTold = false): EpochMs {
    if (!isTold || this.#toldMs !== (now as number)) this.#owedMs = 0
    this.#toldMs = now as number
    const leftMs = this.leftMs(now) as number
    const aheadMs = Math.max(0, leftMs - this.#owedMs) + (cpuMs as number)
    const doneMs = this.#take(aheadMs, cpuMs, now)
    const restMs = this.#owedMs + (afterMs as number)
    if (restMs > 0) this.#take(aheadMs + restMs, afterMs, now)
    this.#owedMs = isTold ? restMs : 0
    return doneMs
  }

  #take(workMs: Ms, moreMs: Ms, now: EpochMs): EpochMs {
    this.#workMs = workMs as number
    this.#sinceMs = now as number
    this.#doneMs = this.#machine.doneAt(this, workMs, moreMs, now) as number
    return this.#doneMs
  }
}
