import type { EpochMs } from '../../live/units.ts'

// One machine that several processes run on, with fewer cores than they keep busy: the processes that have work at an
// instant share its cores equally. How much slower that makes a piece of work is looked at once, when it comes.

/** One process, as its machine sees it. */
export interface Resident {
  /** How many cores it keeps busy at `now`. */
  busyCores(now: EpochMs): number
}

export class Machine {
  readonly #cores: number
  readonly #residents: Resident[] = []

  constructor(cores: number) {
    this.#cores = cores
  }

  enter(resident: Resident): void {
    this.#residents.push(resident)
  }

  /** How many times as long a piece of work takes that one more busy core begins at `now`. */
  slowness(now: EpochMs, asker: Resident): number {
    let busy = 1
    for (const resident of this.#residents) if (resident !== asker) busy += resident.busyCores(now)
    return busy > this.#cores ? busy / this.#cores : 1
  }
}
