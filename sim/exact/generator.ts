import { RandomStream } from '../../live/random.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import { Cores } from '../network/cores.ts'
import { type Exchange, results } from './exchange.ts'
import type { Ground } from './ground.ts'

// The process that plays all players of a real run: it takes one request and one answer after the other, so that its lag
// grows with the load. Players of a planned event each have a machine of their own, and no generator.

export class Generator {
  readonly #ground: Ground
  readonly #cores: Cores
  /** Of its timers, as a share of the time between two. */
  readonly #phase: number
  /** When players asked last, and when it came to them. */
  #askedMs = -Infinity
  #cameMs = -Infinity

  /** @param workers of the fleet, each a thread */
  constructor(ground: Ground, cores: number, workers: number) {
    this.#ground = ground
    this.#phase = new RandomStream(ground.seed, 'timers').next()
    this.#cores = new Cores(cores * workers, ground.machine, ground.pausesOf('generator', 'generator'))
  }

  /** When the timer goes off that something planned for `plannedMs` waits for. */
  timerAt(plannedMs: EpochMs): EpochMs {
    const { timersMs } = this.#ground.calibration.generator
    if (timersMs === undefined) return plannedMs
    const timerMs = (Math.ceil((plannedMs as number) / timersMs - this.#phase) + this.#phase) * timersMs
    return Math.max(plannedMs as number, timerMs)
  }

  /**
   * A player asks at `now`: when the generator comes to it, and to all who ask at that instant. How late it is written
   * behind the others is in how late edges hear.
   */
  asks(now: EpochMs): EpochMs {
    if (this.#askedMs !== (now as number)) {
      this.#askedMs = now as number
      this.#cameMs = this.#cores.work(0, now) as number
    }
    this.#ground.labour.playerAsk.doneBy(this.#cores, 0, now)
    return this.#cameMs
  }

  /** The whole answer is there: when the generator is through with it, its head as late as its body. */
  reads(exchange: Exchange, now: EpochMs): EpochMs {
    const { player } = this.#ground.labour
    const bytes = bodyBytesOf(exchange)
    const bodyMs = (player.cpuMs(bytes) as number) - (player.cpuMs() as number)
    const doneMs = player.begunBy(this.#cores, bytes, this.#ground.hears(this.#cores, now)) as number
    exchange.firstByteMs = (exchange.firstByteMs as number) + Math.max(0, doneMs - bodyMs - (now as number))
    exchange.lastByteMs = Math.max(exchange.firstByteMs as number, doneMs)
    return exchange.lastByteMs
  }

  /** What the generator has still to do with an answer that its player has read. */
  afterMs(exchange: Exchange): Ms {
    const { player, playerRefused } = this.#ground.labour
    const isRefused = exchange.result === results.status && exchange.status >= 400
    return isRefused ? playerRefused.afterMs() : player.afterMs(bodyBytesOf(exchange))
  }

  /** What its player asked for upon an answer has left; the generator goes on with that answer for `afterMs`. */
  goesOn(afterMs: Ms, now: EpochMs): void {
    this.#cores.work(0, now, afterMs)
  }
}

/** Of what ended without an answer there is none. */
const bodyBytesOf = ({ result, bytes }: Exchange): number => (result === results.status ? (bytes as number) : 0)
