import type { EpochMs, Ms } from '../../live/units.ts'
import { Draws } from '../network/latency.ts'
import type { Generator } from './generator.ts'
import type { Ground } from './ground.ts'

// When what players ask for is sent. Where one process plays all of them, what waits for a timer is sent when that goes
// off, together with whatever else does; what a player asks for upon an answer is sent with it. Elsewhere each is as late
// as the calibration says.

export class Departures {
  readonly #generator: Generator | undefined
  readonly #lag: Draws
  readonly #atOnceLag: Draws
  readonly #hasTimers: boolean

  /** @param generator undefined: each player has a machine of its own */
  constructor({ calibration, seed }: Ground, generator: Generator | undefined) {
    const { lagMs, atOnceLagMs, timersMs } = calibration.generator
    this.#generator = generator
    this.#hasTimers = generator !== undefined && timersMs !== undefined
    this.#lag = new Draws(lagMs, seed, 'lag')
    this.#atOnceLag = atOnceLagMs === undefined ? this.#lag : new Draws(atOnceLagMs, seed, 'lag at once')
  }

  /** When it is the turn of what a player wants at `wantedMs`. */
  dueMs(wantedMs: EpochMs, uponAnswer: boolean): EpochMs {
    return uponAnswer ? wantedMs : (this.#generator?.timerAt(wantedMs) ?? wantedMs)
  }

  /** Its turn has come at `now`: when it is sent. */
  sentMs(now: EpochMs, uponAnswer: boolean): EpochMs {
    return ((this.#generator?.asks(now) ?? now) as number) + (this.#lagMs(uponAnswer) as number)
  }

  /** Beyond what the generator has to do first. */
  #lagMs(uponAnswer: boolean): Ms {
    if (uponAnswer) return this.#atOnceLag.next()
    return this.#hasTimers ? 0 : this.#lag.next()
  }
}
