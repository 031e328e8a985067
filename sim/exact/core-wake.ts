import type { EpochMs } from '../../live/units.ts'
import { type Agenda, type CallId, noCall } from './agenda.ts'

// The one call in the agenda that wakes a core when it wants to be woken: of an edge, an origin, a tier.

/** What is asked of a core: when it wants to be woken next, if at all. */
export interface Sleeper {
  nextWakeMs(): EpochMs | undefined
}

export class CoreWake {
  readonly #agenda: Agenda
  readonly #core: Sleeper
  readonly #wake: (now: EpochMs) => void
  #call: CallId = noCall
  #atMs: EpochMs = Infinity

  /** @param wake wakes the core and carries out what it decides, and schedules anew */
  constructor(agenda: Agenda, core: Sleeper, wake: (now: EpochMs) => void) {
    this.#agenda = agenda
    this.#core = core
    this.#wake = wake
  }

  /** After whatever may have changed when that is. */
  schedule(): void {
    const nextMs = this.#core.nextWakeMs() ?? Infinity
    if (nextMs === this.#atMs) return
    this.#agenda.takeBack(this.#call)
    this.#atMs = nextMs
    this.#call = (nextMs as number) === Infinity ? noCall : this.#agenda.at(nextMs, this.#due)
  }

  /** It is not woken any more. */
  stop(): void {
    this.#agenda.takeBack(this.#call)
    this.#call = noCall
  }

  readonly #due = (now: EpochMs): void => {
    this.#call = noCall
    this.#atMs = Infinity
    this.#wake(now)
  }
}
