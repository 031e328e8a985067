import { after, type Ms } from '../../live/units.ts'
import type { Agenda } from './agenda.ts'

// Askers who begin no fill, because they are fewer in truth than at the simulated site (docs/decisions/042): they ask when
// somebody else has.

/** Longer than clocks differ: who follows nobody for so long is alone. */
const followMs: Ms = 500

/** Asks again; `mayBegin`: nobody has begun a fill for so long that this one may. */
type AskAgain = (mayBegin: boolean) => void

export class Followers {
  readonly #agenda: Agenda
  readonly #byPath = new Map<string, Set<AskAgain>>()

  constructor(agenda: Agenda) {
    this.#agenda = agenda
  }

  /** `askAgain` is called when somebody has begun a fill for `path`, or after a while though nobody has. */
  follow(path: string, askAgain: AskAgain): void {
    const others = this.#byPath.get(path) ?? new Set()
    this.#byPath.set(path, others.add(askAgain))
    this.#agenda.at(after(this.#agenda.now, followMs), () => {
      if (others.delete(askAgain)) askAgain(true)
    })
  }

  /** Somebody has asked for `path`: those who wait for that follow, behind what is going on. */
  bring(path: string): void {
    const followers = this.#byPath.get(path)
    if (!followers) return
    this.#byPath.delete(path)
    for (const askAgain of followers) this.#agenda.at(this.#agenda.now, () => askAgain(false))
    followers.clear()
  }
}
