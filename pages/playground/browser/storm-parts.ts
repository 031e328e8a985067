import { formatNumber } from '../../../results/render/format.ts'
import { find } from '../../live/browser/dom.ts'
import type { Moment, StormResult, StormState } from '../messages.ts'
import { faults, type SectionName } from '../sections.ts'
import { type NamedStorm, planOf, type Values } from '../storms.ts'
import type { Crew } from './crew.ts'
import { aligned, aSecond, overSegment, policyStroke, withoutZeros } from './curves.ts'
import { table } from './figure-rows.ts'
import { Part, StormPart } from './part.ts'
import { StormView, short } from './storm-view.ts'

// Parts that show a storm second by second: three policies beside each other, and a million viewers in bulk.

/** After a fault this long is looked at. */
const aftermathMs = 4_000

export class PoliciesPart extends StormPart {
  readonly #view: StormView
  #moments = new Map<string, Moment[]>()
  #hasBegun = false

  constructor(article: HTMLElement, crew: Crew, section: SectionName) {
    super(article, crew, section, false)
    this.#view = new StormView(find('[data-field="picture"]', article))
  }

  protected override begins(storms: readonly NamedStorm[]): void {
    this.#moments = new Map(storms.map(({ name }) => [name, []]))
    this.#hasBegun = false
  }

  protected override state(name: string, { moments, ofMs }: StormState): void {
    // What was shown before stays until there is something new, so that nothing flickers under a moving slider.
    if (!this.#hasBegun) {
      this.#view.begin(
        [...this.#moments.keys()].map(of => ({ name: of, stroke: policyStroke[of] ?? 0 })),
        ofMs / 1_000,
      )
      this.#hasBegun = true
    }
    this.#moments.get(name)?.push(...moments)
    const all = [...this.#moments.values()]
    this.#view.show(
      aligned(
        all,
        all.map(one => aSecond(one, ({ origin }) => origin)),
      ),
    )
  }

  protected override over(results: ReadonlyMap<string, StormResult>, values: Values): void {
    const [first] = results.values()
    const actions = first?.actions ?? []
    this.#view.mark(actions.map(({ atMs }) => atMs / 1_000))
    const fault = actions[0]
    if (fault && this.section === 'a-fault') {
      const after = [...this.#moments].map(([name, moments]) => {
        const within = moments.filter(({ atMs }) => atMs > fault.atMs && atMs <= fault.atMs + aftermathMs)
        return `${formatNumber(within.reduce((sum, { origin }) => sum + origin, 0))} (${name})`
      })
      const words = faults.find(([name]) => name === values.fault)?.[1] ?? fault.what
      this.says(
        `At ${formatNumber(Math.round(fault.atMs / 100) / 10)} s ${words}. In the ${aftermathMs / 1_000} seconds after it the origin got ${after.join(', ')} requests.`,
      )
      return
    }
    const counts = [...results].map(([name, { figures }]) => `${formatNumber(figures.origin_requests)} (${name})`)
    this.says(
      `${formatNumber(first?.figures.player_requests)} requests of players; of those that reached the origin: ${counts.join(', ')}.`,
    )
  }
}

export class MillionPart extends Part {
  readonly #view: StormView

  constructor(article: HTMLElement, crew: Crew) {
    super(article, crew, 'a-million')
    this.#view = new StormView(find('[data-field="picture"]', article), true)
  }

  protected override run(values: Values): void {
    const request = planOf(values)
    this.owns(
      this.crew.plan(request, {
        onProgress: done =>
          this.says(`Living through the sites, spreading over the edges: ${Math.round(100 * done)} %`),
        onFailed: why => this.fails(why),
        onOver: ({ curve, totals, input }, command) => {
          const seconds = curve.second
          const of = (name: string): number[] => curve.series[name] ?? []
          const origin = seconds.map(second =>
            input.regions.reduce((sum, region) => sum + (of(`origin.requests/${region}`)[second] ?? 0), 0),
          )
          const edge = of('edge.requests')
          const curves = [
            ['viewers', of('viewers'), 4],
            ['requests to the edges', edge, 1],
            ['between edges of a site', of('site.requests'), 3],
            ['requests to the origin', origin, 2],
          ] as const
          this.#view.begin(
            curves.map(([name, , stroke]) => ({ name, stroke })),
            seconds.length - 1,
          )
          this.#view.show([seconds, ...curves.map(([, values]) => withoutZeros(overSegment(values)))])
          const [edgePeak, originPeak] = [Math.max(...edge), Math.max(...origin)]
          const allOrigin = input.regions.reduce((sum, region) => sum + (totals[`origin.requests/${region}`] ?? 0), 0)
          this.says(
            `At the peak the edges get ${short(edgePeak)} requests a second and the origin ${short(originPeak)}. Over the storm one request in ${formatNumber(Math.round((totals['edge.requests'] ?? 0) / Math.max(1, allOrigin)))} reaches it.`,
          )
          this.showsTable(
            table(
              ['', 'peak, a second', 'over the storm'],
              curves
                .slice(1)
                .map(([name, values]) => [
                  name,
                  formatNumber(Math.round(Math.max(...values))),
                  formatNumber(Math.round(values.reduce((sum, value) => sum + value, 0))),
                ]),
            ),
          )
          this.showsCommand(command)
          this.settles()
        },
      }),
    )
  }
}
