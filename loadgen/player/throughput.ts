import type { Bytes, Ms } from '../../live/units.ts'
import type { ThroughputRule } from './profile.ts'
import type { Tape } from './tape.ts'

// Throughput estimates of one player: two moving averages (hls.js, dash.js) or a sliding median (media3). Downloads are
// measured from the first byte to the last, so that a held request does not look like a slow network.

export interface Throughput {
  /** Takes one download into account. */
  add(bodyBytes: Bytes, durationMs: Ms): void
  bitsPerSecond(): number
  /** The most fractions that it is as numbers (tape.ts). */
  readonly fractions: number
  pack(tape: Tape): void
  unpack(tape: Tape): void
}

export const throughputOf = (rule: ThroughputRule): Throughput =>
  rule.halfLives === undefined ? new SlidingMedian(rule) : new MovingAverages(rule)

/** Exponentially weighted by download time, and corrected for having begun at 0; the lower of fast and slow counts. */
class MovingAverages implements Throughput {
  readonly fractions = 3
  readonly #rule: ThroughputRule
  #fast = 0
  #slow = 0
  #weightMs = 0

  constructor(rule: ThroughputRule) {
    this.#rule = rule
  }

  add(bodyBytes: Bytes, durationMs: Ms): void {
    const { halfLives, shortestSampleMs } = this.#rule
    if (halfLives === undefined) return
    const ms = Math.max(shortestSampleMs, durationMs)
    const rate = ((bodyBytes as number) * 8_000) / ms
    const fastKeep = 0.5 ** (ms / halfLives.fastMs)
    const slowKeep = 0.5 ** (ms / halfLives.slowMs)
    this.#fast = rate * (1 - fastKeep) + this.#fast * fastKeep
    this.#slow = rate * (1 - slowKeep) + this.#slow * slowKeep
    this.#weightMs += ms
  }

  bitsPerSecond(): number {
    const { halfLives, initialBitsPerSecond } = this.#rule
    if (halfLives === undefined || this.#weightMs === 0) return initialBitsPerSecond
    const fast = this.#fast / (1 - 0.5 ** (this.#weightMs / halfLives.fastMs))
    const slow = this.#slow / (1 - 0.5 ** (this.#weightMs / halfLives.slowMs))
    return Math.min(fast, slow)
  }

  pack(tape: Tape): void {
    const { cells, at } = tape
    cells[at] = this.#fast
    cells[at + 1] = this.#slow
    cells[at + 2] = this.#weightMs
    tape.at = at + 3
  }

  unpack(tape: Tape): void {
    const { cells, at } = tape
    this.#fast = cells[at] as number
    this.#slow = cells[at + 1] as number
    this.#weightMs = cells[at + 2] as number
    tape.at = at + 3
  }
}

/**
 * media3's SlidingPercentile at 0.5, simplified: the plain median of the last eight downloads (media3 weights them by the
 * root of their size, up to a total weight that holds about as many segments).
 */
class SlidingMedian implements Throughput {
  static readonly #kept = 8
  readonly fractions = SlidingMedian.#kept
  readonly #rule: ThroughputRule
  readonly #rates: number[] = []
  #next = 0

  constructor(rule: ThroughputRule) {
    this.#rule = rule
  }

  add(bodyBytes: Bytes, durationMs: Ms): void {
    this.#rates[this.#next] = ((bodyBytes as number) * 8_000) / Math.max(this.#rule.shortestSampleMs, durationMs)
    this.#next = (this.#next + 1) % SlidingMedian.#kept
  }

  bitsPerSecond(): number {
    if (this.#rates.length === 0) return this.#rule.initialBitsPerSecond
    const sorted = this.#rates.toSorted((a, b) => a - b)
    return sorted[sorted.length >> 1] as number
  }

  pack(tape: Tape): void {
    tape.putWhole(this.#next)
    tape.putWhole(this.#rates.length)
    for (const rate of this.#rates) tape.put(rate)
  }

  unpack(tape: Tape): void {
    this.#next = tape.takeWhole()
    this.#rates.length = tape.takeWhole()
    for (let i = 0; i < this.#rates.length; i++) this.#rates[i] = tape.take()
  }
}
