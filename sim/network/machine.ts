import type { EpochMs, Ms } from '../../live/units.ts'

// One machine that several processes run on, with fewer cores than they have threads: threads that have work share its
// cores equally, none having more than one. When a thread is done follows from what all have still to do when a piece of
// work comes, and is known at once: what comes later does not undo it. The time that the earlier piece ought to have lost
// to the later one is a debt of the machine, which what comes next pays, so that no core does more than it can.

/** One thread of a process, as its machine sees it. */
export interface Thread {
  /** The CPU that it has still to spend at `now`. */
  leftMs(now: EpochMs): Ms
}

export class Machine {
  readonly #cores: number
  readonly #threads: Thread[] = []
  /** What all threads together have to do, and since when that is known; how many of them ran then. */
  #leftMs = 0
  #atMs = -Infinity
  #running = 0

  constructor(cores: number) {
    this.#cores = cores
  }

  enter(thread: Thread): void {
    this.#threads.push(thread)
  }

  /** When `thread` has done work of `workMs`, all that it has, from `now` on; `moreMs` of it has just come. */
  doneAt(thread: Thread, workMs: Ms, moreMs: Ms, now: EpochMs): EpochMs {
    const others = this.#others(thread)
      .map(other => other.leftMs(now) as number)
      .filter(leftMs => leftMs > 0)
    const debtMs = this.#debt(others, workMs, moreMs, now)
    if (debtMs > 0) others.push(debtMs)
    others.sort((a, b) => a - b)
    let at = now as number
    let doneMs = 0
    let running = others.length + 1
    // Until the next of the others is done, every thread gets the same.
    for (const leftMs of others) {
      if (leftMs >= (workMs as number)) break
      at += (leftMs - doneMs) / this.#share(running)
      doneMs = leftMs
      running--
    }
    return at + ((workMs as number) - doneMs) / this.#share(running)
  }

  /** What threads have been promised beyond what the cores could do by `now`. */
  #debt(others: readonly number[], workMs: Ms, moreMs: Ms, now: EpochMs): Ms {
    const sinceMs = Math.min(Number.MAX_SAFE_INTEGER, (now as number) - this.#atMs)
    const served = Math.min(this.#cores, this.#running) * sinceMs
    const promisedMs = others.reduce((sum, leftMs) => sum + leftMs, 0) + (workMs as number)
    this.#leftMs = Math.max(promisedMs, Math.max(0, this.#leftMs - served) + (moreMs as number))
    this.#atMs = now as number
    const debtMs = this.#leftMs - promisedMs
    this.#running = others.length + 1 + Number(debtMs > 0)
    return debtMs > 1e-9 ? debtMs : 0
  }

  #others(thread: Thread): Thread[] {
    return this.#threads.filter(other => other !== thread)
  }

  #share(running: number): number {
    return Math.min(1, this.#cores / running)
  }
}
