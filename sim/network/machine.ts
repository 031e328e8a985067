import type { EpochMs, Ms } from '../../live/units.ts'

// One machine that several processes run on, with fewer cores than they have threads: threads that have work share its
// cores equally, none having more than one. When a thread is done follows from what all have still to do when a piece of
// work comes; what comes later does not undo it, so that the end is known at once, and no work is done twice.

/** One thread of a process, as its machine sees it. */
export interface Thread {
  /** The CPU that it has still to spend at `now`. */
  leftMs(now: EpochMs): Ms
}

export class Machine {
  readonly #cores: number
  readonly #threads: Thread[] = []

  constructor(cores: number) {
    this.#cores = cores
  }

  enter(thread: Thread): void {
    this.#threads.push(thread)
  }

  /** When `thread` has done work of `workMs`, all that it has, from `now` on. */
  doneAt(thread: Thread, workMs: Ms, now: EpochMs): EpochMs {
    const others = this.#threads
      .map(other => (other === thread ? 0 : (other.leftMs(now) as number)))
      .filter(leftMs => leftMs > 0)
      .sort((a, b) => a - b)
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

  #share(running: number): number {
    return Math.min(1, this.#cores / running)
  }
}
