import { after, between, type EpochMs } from '../../live/units.ts'
import { chooseRung, firstRung, type Ladder, nextLowerRung, type Penalties, type RungFacts } from './ladder.ts'
import type { RequestOutcome } from './player-io.ts'
import type { Profile } from './profile.ts'
import type { Tape } from './tape.ts'
import { type Throughput, throughputOf } from './throughput.ts'

// What one player knows of the ladder: its throughput, and the rungs that have failed it. Only video is measured and
// switched.
export class Quality {
  readonly #ladder: Ladder
  readonly #profile: Profile
  readonly #throughput: Throughput
  #penalties: Penalties
  /** Until when the rung that was chosen is kept. */
  #keptUntilMs: EpochMs = 0

  constructor(ladder: Ladder, profile: Profile) {
    this.#ladder = ladder
    this.#profile = profile
    this.#throughput = throughputOf(profile.throughput)
  }

  first(): number {
    return firstRung(this.#ladder, this.#profile.throughput)
  }

  /** A segment of `rung` has come. */
  came(rung: number, { bodyBytes, firstByteMs, lastByteMs }: RequestOutcome): void {
    this.#throughput.add(bodyBytes, between(firstByteMs, lastByteMs))
    if (this.#penalties !== undefined) this.#penalties[rung] = 0
  }

  choose(facts: RungFacts, at: EpochMs): number {
    const rule = this.#profile.throughput
    if (at < this.#keptUntilMs) return facts.rung
    const rung = chooseRung(this.#ladder, rule, this.#throughput.bitsPerSecond(), this.#penalties, facts, at)
    if (rung !== facts.rung) this.#keptUntilMs = after(at, rule.switchEveryMs)
    return rung
  }

  hasOtherThan(rung: number, at: EpochMs): boolean {
    return nextLowerRung(this.#ladder, rung, this.#penalties, at) >= 0
  }

  get fractions(): number {
    return this.#throughput.fractions + 1
  }

  pack(tape: Tape): void {
    this.#throughput.pack(tape)
    tape.putObject(this.#penalties)
    tape.put(this.#keptUntilMs as number)
  }

  unpack(tape: Tape): void {
    this.#throughput.unpack(tape)
    this.#penalties = tape.takeObject<EpochMs[]>()
    this.#keptUntilMs = tape.take()
  }

  /** Puts the rung on the penalty bench and names the one to take instead; the caller knows that there is one. */
  leave(facts: RungFacts, at: EpochMs): number {
    this.#penalties ??= this.#ladder.video.map(() => 0)
    this.#penalties[facts.rung] = after(at, this.#profile.rungPenaltyMs)
    this.#keptUntilMs = 0
    return this.#profile.nextRung === 'next-lower'
      ? nextLowerRung(this.#ladder, facts.rung, this.#penalties, at)
      : this.choose(facts, at)
  }
}
