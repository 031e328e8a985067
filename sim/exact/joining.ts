import type { EpochMs } from '../../live/units.ts'
import type { FleetPlayer } from '../../loadgen/fleet/fleet.ts'
import type { Agenda } from './agenda.ts'

/** Lets players come, each at its time, in the order of `setups`: one event for all of them. */
export class Joining {
  readonly #agenda: Agenda
  readonly #setups: Iterator<FleetPlayer>
  readonly #comes: (setup: FleetPlayer, now: EpochMs) => void
  #next: FleetPlayer | undefined

  constructor(agenda: Agenda, setups: Iterator<FleetPlayer>, comes: (setup: FleetPlayer, now: EpochMs) => void) {
    this.#agenda = agenda
    this.#setups = setups
    this.#comes = comes
    this.#advance()
    this.#wait()
  }

  #advance(): void {
    const { done, value } = this.#setups.next()
    this.#next = done ? undefined : value
  }

  #wait(): void {
    if (this.#next !== undefined) this.#agenda.at(this.#next.joinMs, now => this.#seatThoseDue(now))
  }

  #seatThoseDue(now: EpochMs): void {
    while (this.#next !== undefined && this.#next.joinMs <= now) {
      this.#comes(this.#next, now)
      this.#advance()
    }
    this.#wait()
  }
}
