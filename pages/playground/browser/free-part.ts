import { formatNumber } from '../../../results/render/format.ts'
import { behaviours } from '../../live/behaviours.ts'
import { find } from '../../live/browser/dom.ts'
import type { Moment, StormResult, StormState } from '../messages.ts'
import type { PlaygroundData } from '../playground.ts'
import type { Values } from '../storms.ts'
import type { Crew } from './crew.ts'
import { aligned, aSecond, edgeRequests, withoutZeros } from './curves.ts'
import { fragmentOf, readFragment } from './fragment.ts'
import { StormPart } from './part.ts'
import { Replay } from './replay.ts'
import { StormView } from './storm-view.ts'

// The playground's end: everything can be set, the storm is played as it was simulated, and the address keeps it all.

export class FreePart extends StormPart {
  readonly #presetOn: PlaygroundData['presetOn']
  readonly #view: StormView
  readonly #replay: Replay
  #moments: Moment[] = []
  #hasBegun = false
  #preset = ''

  constructor(article: HTMLElement, crew: Crew, presetOn: PlaygroundData['presetOn']) {
    super(article, crew, 'free', false)
    this.#presetOn = presetOn
    this.#view = new StormView(find('[data-field="picture"]', article), true)
    this.#replay = new Replay(article, atS => this.#view.mark([atS]))
    find('[data-do="preset"]', article).addEventListener('click', () => {
      this.#takePreset()
      this.changed()
    })
    this.#takePreset()
    const kept = readFragment(location.hash)
    if (kept) {
      this.controls.set(kept)
      this.#takePreset()
      // What the address says of single behaviours stands over the preset.
      this.controls.set(kept)
      article.scrollIntoView()
    }
  }

  override changed(): void {
    if (this.controls.values.preset !== this.#preset) this.#takePreset()
    history.replaceState(undefined, '', fragmentOf(this.controls.values))
    super.changed()
  }

  protected override comes(): void {
    this.#replay.start()
  }

  protected override goes(): void {
    this.#replay.stop()
  }

  protected override begins(): void {
    this.#moments = []
    this.#hasBegun = false
  }

  protected override state(_: string, { moments, doneMs, ofMs }: StormState): void {
    if (!this.#hasBegun) {
      this.#view.begin(
        [
          { name: 'viewers', stroke: 4 },
          { name: 'requests a second to the edges', stroke: 1 },
          { name: 'to the origin', stroke: 2 },
        ],
        ofMs / 1_000,
      )
      this.#replay.begin(this.#moments, ofMs)
      this.#hasBegun = true
    }
    this.#moments.push(...moments)
    this.article.dataset.doneMs = String(doneMs)
    const all = this.#moments
    const curves = [
      all.map(({ players }) => players),
      aSecond(all, edgeRequests, 2),
      aSecond(all, ({ origin }) => origin, 2),
    ]
    this.#view.show(aligned([all], curves.map(withoutZeros)))
    if (doneMs < ofMs)
      this.says(`${formatNumber(Math.round(doneMs / 100) / 10)} of ${ofMs / 1_000} seconds are simulated.`)
  }

  protected override over(results: ReadonlyMap<string, StormResult>): void {
    const [result] = results.values()
    if (!result) return
    const { figures, tookMs } = result
    const requests = figures.player_requests ?? 0
    const origin = figures.origin_requests ?? 0
    this.says(
      `${counted(figures.players ?? 0, 'viewer')} sent ${counted(requests, 'request')}; ${formatNumber(origin)} reached the origin` +
        `${origin > 0 ? `, one for every ${formatNumber(Math.round(requests / origin))}` : ''}. Simulated in ${formatNumber(Math.round(tookMs / 10) / 100)} s.`,
    )
  }

  /** Every switch as the preset has it. */
  #takePreset(): void {
    this.#preset = String(this.controls.values.preset)
    const on = this.#presetOn[this.#preset] ?? []
    const values: Values = Object.fromEntries(behaviours.map(({ name }) => [name, on.includes(name)]))
    this.controls.set(values)
  }
}

const counted = (count: number, what: string): string => `${formatNumber(count)} ${what}${count === 1 ? '' : 's'}`
