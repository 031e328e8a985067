import { formatNumber } from '../../../results/render/format.ts'
import { find, write } from '../../live/browser/dom.ts'
import { FlowView } from '../../live/browser/flow.ts'
import type { Moment } from '../messages.ts'
import { aSecond, edgeRequests } from './curves.ts'

// Plays a simulated storm at the speed at which it would happen, over and over, while it is simulated and after it.

const stepMs = 250

export class Replay {
  readonly #article: HTMLElement
  readonly #flow: FlowView
  readonly #onStep: (atS: number) => void
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')
  #moments: readonly Moment[] = []
  #ofMs = 0
  #place = 0
  #timer: ReturnType<typeof setInterval> | undefined
  #isPlaying = true
  #isNear = false

  constructor(article: HTMLElement, onStep: (atS: number) => void) {
    this.#article = article
    this.#onStep = onStep
    this.#flow = new FlowView(find<HTMLCanvasElement>('[data-field="flow"]', article))
    const button = find<HTMLButtonElement>('[data-do="play"]', article)
    button.addEventListener('click', () => {
      this.#isPlaying = !this.#isPlaying
      button.textContent = this.#isPlaying ? 'pause' : 'play'
      button.setAttribute('aria-pressed', String(this.#isPlaying))
      this.#goOn()
    })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#flow.recolor())
    this.#calm.addEventListener('change', () => this.#goOn())
  }

  /** Another storm; `moments` grows while it is simulated. */
  begin(moments: readonly Moment[], ofMs: number): void {
    this.#moments = moments
    this.#ofMs = ofMs
    this.#place = 0
  }

  start(): void {
    this.#isNear = true
    this.#goOn()
  }

  stop(): void {
    this.#isNear = false
    this.#goOn()
  }

  #goOn(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    // Who wants no motion sees the numbers move, and the marks stand still.
    if (this.#isNear && this.#isPlaying && !this.#calm.matches) this.#flow.start()
    else this.#flow.stop()
    if (this.#isNear && this.#isPlaying) this.#timer = setInterval(() => this.#step(), stepMs)
  }

  #step(): void {
    const isWhole = this.#moments.length * stepMs >= this.#ofMs
    if (this.#place >= this.#moments.length) {
      // The simulation is behind: it is waited for.
      if (!isWhole) return
      this.#place = 0
    }
    const moment = this.#moments[this.#place]
    if (!moment) return
    this.#place++
    const lately = this.#moments.slice(Math.max(0, this.#place - 4), this.#place)
    const rate = (count: (one: Moment) => number): number => aSecond(lately, count).at(-1) ?? 0
    const { hits, negative, collapsed, fills, refused, waiting, held, players, atMs } = moment
    const each = this.#flow.take({
      flow: { asked: edgeRequests(moment), hits, negative, collapsed, fills, refused },
      fetching: held,
      joined: Math.max(0, waiting - held),
      held,
    })
    const say = (field: string, value: number): void => write(field, formatNumber(value), this.#article)
    say('now-viewers', players)
    say('now-edge', rate(edgeRequests))
    say(
      'now-origin',
      rate(({ origin }) => origin),
    )
    say('now-held', held)
    const clock = `${(atMs / 1_000).toFixed(2)} of ${this.#ofMs / 1_000} s`
    write('clock', each > 1 ? `${clock}; a mark is ${formatNumber(each)} requests` : clock, this.#article)
    this.#onStep(atMs / 1_000)
  }
}
