import { RandomStream } from '../../live/random.ts'
import type { Ms } from '../../live/units.ts'
import { type Calibration, meanOf, type Quantiles, quantileAt } from '../calibration.ts'

// Durations drawn from a calibrated distribution: a table of its quantiles, so that a draw is one random number and one
// look-up. Each kind of duration has a stream of its own: what one draws never shifts another.

const tableSize = 1_024

export class Draws {
  readonly meanMs: Ms
  readonly #table: Float64Array
  readonly #stream: RandomStream

  constructor(quantiles: Quantiles, seed: number, name: string) {
    this.#table = Float64Array.from(
      { length: tableSize },
      (_, i) => quantileAt(quantiles, (i + 0.5) / tableSize) as number,
    )
    this.#stream = new RandomStream(seed, name)
    this.meanMs = meanOf(quantiles)
  }

  next(): Ms {
    return this.#table[(this.#stream.next() * tableSize) | 0] as number
  }
}

/** One way of a packet: its latency, and the delay of a lost one. */
export class Way {
  readonly #latency: Draws
  readonly #lostShare: number
  readonly #lostDelay: Draws
  readonly #losses: RandomStream

  constructor({ loss }: Pick<Calibration, 'loss'>, latency: Quantiles, seed: number, name: string) {
    this.#latency = new Draws(latency, seed, `way/${name}`)
    this.#lostShare = loss.share
    this.#lostDelay = new Draws(loss.delayMs, seed, `loss/${name}/delay`)
    this.#losses = new RandomStream(seed, `loss/${name}`)
  }

  oneWayMs(): Ms {
    const ms = this.#latency.next() as number
    if (this.#lostShare === 0 || this.#losses.next() >= this.#lostShare) return ms
    return ms + (this.#lostDelay.next() as number)
  }

  roundTripMs(): Ms {
    return (this.oneWayMs() as number) + (this.oneWayMs() as number)
  }
}
