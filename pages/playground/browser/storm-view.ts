import uPlot from 'uplot'
import { formatNumber } from '../../../results/render/format.ts'
import { axesOf, fromZero, legendOf, marked, strokeAt } from '../../report/browser/chart.ts'

// Curves over the storm's seconds, that grow while it is simulated.

export interface Curve {
  readonly name: string
  /** Which of the strokes. */
  readonly stroke: number
}

const heightPx = 280

export class StormView {
  readonly #place: HTMLElement
  readonly #isLog: boolean
  #chart: uPlot | undefined
  #marks: readonly number[] = []
  #data: uPlot.AlignedData = [[]]
  #frame = 0

  /** `isLog`: from ones to billions on one picture. */
  constructor(place: HTMLElement, isLog = false) {
    this.#place = place
    this.#isLog = isLog
    new ResizeObserver(() => {
      const { clientWidth: width } = place
      if (this.#chart && width > 0 && width !== this.#chart.width) this.#chart.setSize({ width, height: heightPx })
    }).observe(place)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#chart?.redraw())
  }

  /** Begins anew with other curves; `ofS`: how long the storm is. */
  begin(curves: readonly Curve[], ofS: number): void {
    this.#chart?.destroy()
    this.#marks = []
    this.#data = [[], ...curves.map(() => [])]
    this.#chart = new uPlot(this.#options(curves, ofS), this.#data, this.#place)
  }

  show(data: uPlot.AlignedData): void {
    this.#data = data
    this.#changed()
  }

  /** Lines at these seconds. */
  mark(marks: readonly number[]): void {
    this.#marks = marks
    this.#changed()
  }

  #changed(): void {
    if (this.#frame !== 0) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0
      this.#chart?.setData(this.#data)
    })
  }

  #options(curves: readonly Curve[], ofS: number): uPlot.Options {
    return {
      width: this.#place.clientWidth || 300,
      height: heightPx,
      scales: {
        x: { time: false, range: [0, ofS] },
        y: this.#isLog ? { distr: 3, log: 10 } : { range: fromZero },
      },
      axes: axesOf(
        second => `${second} s`,
        value => (value === undefined || value === null ? '' : short(value)),
        { y: this.#isLog },
      ),
      legend: legendOf(curves.map(({ stroke }) => stroke)),
      series: [
        { label: 'second', value: (_, at) => (at === null ? '–' : `${formatNumber(at)} s`) },
        ...curves.map(({ name, stroke }) => ({
          label: name,
          stroke: strokeAt(stroke).color,
          dash: [...strokeAt(stroke).dash],
          width: 2,
          points: { show: false },
          value: (_: uPlot, value: number | null) => formatNumber(value ?? undefined),
        })),
      ],
      plugins: [marked(() => this.#marks)],
    }
  }
}

/** `1.2k`, `3M`: an axis has no room for more. */
export function short(value: number): string {
  const units = [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const
  for (const [of, unit] of units) if (Math.abs(value) >= of) return `${formatNumber(value / of)}${unit}`
  return formatNumber(value)
}
