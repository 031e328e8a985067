import type { Side } from '../../../lab/duel-scenario.ts'
import { formatNumber } from '../../../results/render/format.ts'
import type { SideUpdate } from '../update.ts'
import { find, write } from './dom.ts'

// How many viewers each side shall have. The slider is logarithmic: one, a hundred, thousands.

const keySteps = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]

/** The larger of both, where they differ. */
export const viewersOf = (sides: Readonly<Record<Side, SideUpdate>>): number =>
  Math.max(sides.left.players.wanted, sides.right.players.wanted)

export class ViewersSlider {
  readonly #slider = find<HTMLInputElement>('#viewers')
  readonly #change: (players: number) => void
  #most = 1
  #now = 0
  #held = false

  constructor(change: (players: number) => void) {
    this.#change = change
    this.#slider.addEventListener('input', () => {
      this.#held = true
      write('wanted', formatNumber(this.#count))
    })
    this.#slider.addEventListener('change', () => {
      this.#held = false
      change(this.#count)
    })
  }

  open(most: number): void {
    this.#most = most
  }

  show(players: number): void {
    this.#now = players
    if (this.#held) return
    this.#slider.value = String(Math.log1p(players) / Math.log1p(this.#most))
    this.#slider.setAttribute('aria-valuetext', `${players} viewers`)
    write('wanted', formatNumber(players))
  }

  step(by: 1 | -1): void {
    const next = by > 0 ? keySteps.find(step => step > this.#now) : keySteps.findLast(step => step < this.#now)
    if (next !== undefined && next <= this.#most) this.#change(next)
  }

  get #count(): number {
    const exact = Math.expm1(Number(this.#slider.value) * Math.log1p(this.#most))
    const digits = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, exact))) - 1)
    return Math.min(this.#most, Math.round(exact / digits) * digits)
  }
}
