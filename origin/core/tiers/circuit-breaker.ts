import { after, type EpochMs, type Ms } from '../../../live/units.ts'

// Leaves a server alone that has failed several times in a row, so that nobody waits for what will not come.
//
// | state     | asked               | leaves it by                                             |
// |-----------|---------------------|----------------------------------------------------------|
// | closed    | yes                 | `failures` failures in a row: open                       |
// | open      | no                  | the time: half-open                                      |
// | half-open | by one trial a time | its success: closed; its failure: open, for twice as long |
// Failures of asks that were sent before the last failure was known are one and the same failure: what a lost connection
// or one stall took along, however many asks that were.

export interface BreakerConfig {
  readonly failures: number
  readonly restMs: Ms
  readonly longestRestMs: Ms
}

/** How an ask goes through: `trial` decides what becomes of an open breaker. */
export type Passage = 'normal' | 'trial'

export class CircuitBreaker {
  readonly #config: BreakerConfig
  #failures = 0
  #lastFailedMs: EpochMs = -Infinity
  /** Undefined: closed. */
  #openUntilMs: EpochMs | undefined
  #restMs: Ms
  #trialUnderWay = false

  constructor(config: BreakerConfig) {
    this.#config = config
    this.#restMs = config.restMs
  }

  /** Lets an ask through, as what; undefined: the server is left alone. */
  admit(now: EpochMs): Passage | undefined {
    if (this.#openUntilMs === undefined) return 'normal'
    if (now < this.#openUntilMs || this.#trialUnderWay) return undefined
    this.#trialUnderWay = true
    return 'trial'
  }

  /** An ask was answered. True when the server is back by it. */
  succeeded(passage: Passage): boolean {
    if (passage === 'normal') {
      // What was sent before the breaker opened says nothing about the server as it is now.
      if (this.#openUntilMs === undefined) this.#failures = 0
      return false
    }
    this.#trialUnderWay = false
    this.#openUntilMs = undefined
    this.#failures = 0
    this.#restMs = this.#config.restMs
    return true
  }

  /** An ask that was sent at `sentMs` failed. Until when the server is left alone, when that begins with it. */
  failed(passage: Passage, sentMs: EpochMs, now: EpochMs): EpochMs | undefined {
    if (passage === 'trial') {
      this.#trialUnderWay = false
      this.#restMs = Math.min((this.#restMs as number) * 2, this.#config.longestRestMs as number)
    } else {
      if (this.#openUntilMs !== undefined || sentMs < this.#lastFailedMs) return undefined
      this.#lastFailedMs = now
      if (++this.#failures < this.#config.failures) return undefined
    }
    this.#openUntilMs = after(now, this.#restMs)
    return this.#openUntilMs
  }
}
