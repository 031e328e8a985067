import type { Message, Update } from '../update.ts'
import { find, write } from './dom.ts'
import { clock } from './phase-view.ts'

// Plays a recorded session by its own times, without a server.

export interface Replayed {
  /** @param past another one follows at once: it is to be known, but not worth drawing */
  message(message: Message, past: boolean): void
  /** Another place: what was shown before is of another time. */
  jumped(): void
}

export class Replay {
  readonly #messages: readonly Message[]
  readonly #updates: readonly Update[]
  readonly #replayed: Replayed
  readonly #slider = find<HTMLInputElement>('#replay-at')
  #next = 0
  #atMs = 0
  #plays = true
  #lastMs = performance.now()

  constructor(messages: readonly Message[], replayed: Replayed) {
    this.#messages = messages
    this.#updates = messages.filter(message => message.is === 'update')
    this.#replayed = replayed
    this.#slider.addEventListener('input', () => this.jump(Number(this.#slider.value) * this.#lengthMs))
    setInterval(() => this.#turn(), 100)
  }

  toggle(): void {
    this.#plays = !this.#plays
    if (this.#plays && this.#atMs >= this.#lengthMs) this.jump(0)
    const button = find('[data-replay="toggle"]')
    if (button.firstChild) button.firstChild.textContent = this.#plays ? 'pause ' : 'go on '
  }

  /** Goes `byMs` ahead, or back. */
  skip(byMs: number): void {
    this.jump(this.#atMs + byMs)
  }

  jump(toMs: number): void {
    this.#atMs = Math.min(this.#lengthMs, Math.max(0, toMs))
    this.#replayed.jumped()
    // Everything up to there, quickly: what a page shows is what it has heard.
    this.#next = 0
    this.#playUntilNow()
  }

  get #firstMs(): number {
    return this.#updates[0]?.atMs ?? 0
  }

  get #lengthMs(): number {
    return Math.max(1, (this.#updates.at(-1)?.atMs ?? 0) - this.#firstMs)
  }

  #turn(): void {
    const now = performance.now()
    if (this.#plays) this.#atMs = Math.min(this.#lengthMs, this.#atMs + now - this.#lastMs)
    this.#lastMs = now
    this.#playUntilNow()
  }

  #playUntilNow(): void {
    const untilMs = this.#firstMs + this.#atMs
    for (; this.#next < this.#messages.length; this.#next++) {
      const message = this.#messages[this.#next] as Message
      if (message.is === 'update' && message.atMs > untilMs) break
      const next = this.#messages[this.#next + 1]
      this.#replayed.message(message, next !== undefined && (next.is !== 'update' || next.atMs <= untilMs))
    }
    if (document.activeElement !== this.#slider) this.#slider.value = String(this.#atMs / this.#lengthMs)
    const ended = this.#atMs >= this.#lengthMs
    document.documentElement.dataset.phase = 'replay'
    write('phase', ended ? 'the recording has ended' : 'a recording')
    write('replay-time', `${clock(this.#atMs)} of ${clock(this.#lengthMs)}`)
  }
}
