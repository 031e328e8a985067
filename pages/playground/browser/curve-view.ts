import uPlot from 'uplot'
import { axesOf, fromZero, inkOf, legendOf, strokeAt } from '../../report/browser/chart.ts'
import { short } from './storm-view.ts'

// Curves over an input, as they become known, and marks that stand on them: what was measured, or where a slider is.

export interface OverCurve {
  readonly name: string
  readonly stroke: number
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface MarkOnCurve {
  readonly stroke: number
  readonly x: number
  readonly y: number
  /** Measured on processes; else simulated: a hollow mark. */
  readonly isMeasured: boolean
}

export interface CurveOptions {
  /** What goes to the right. */
  readonly of: string
  readonly isLog: boolean
  readonly x: (value: number) => string
  readonly y: (value: number) => string
}

const heightPx = 300
const markPx = 5.5

export class CurveView {
  readonly #place: HTMLElement
  #chart: uPlot | undefined
  #marks: readonly MarkOnCurve[] = []

  constructor(place: HTMLElement) {
    this.#place = place
    new ResizeObserver(() => {
      const { clientWidth: width } = place
      if (this.#chart && width > 0 && width !== this.#chart.width) this.#chart.setSize({ width, height: heightPx })
    }).observe(place)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#chart?.redraw())
  }

  show(curves: readonly OverCurve[], marks: readonly MarkOnCurve[], options: CurveOptions): void {
    const shown = (y: number): boolean => !options.isLog || y > 0
    this.#marks = marks.filter(({ y }) => shown(y))
    const xs = [
      ...new Set([...curves.flatMap(({ points }) => points.map(([x]) => x)), ...this.#marks.map(({ x }) => x)]),
    ]
    xs.sort((a, b) => a - b)
    const data = [
      xs,
      ...curves.map(({ points }) => {
        const known = new Map(points)
        return xs.map(x => {
          const y = known.get(x)
          return y === undefined ? undefined : shown(y) ? y : null
        })
      }),
    ] as uPlot.AlignedData
    this.#chart?.destroy()
    this.#chart = new uPlot(this.#options(curves, options), data, this.#place)
  }

  #options(curves: readonly OverCurve[], { isLog, of, x, y }: CurveOptions): uPlot.Options {
    const format = (text: (value: number) => string) => (value: number | undefined) =>
      value === undefined || value === null ? '' : text(value)
    return {
      width: this.#place.clientWidth || 300,
      height: heightPx,
      scales: {
        x: isLog ? { time: false, distr: 3, log: 10 } : { time: false },
        y: isLog ? { distr: 3, log: 10 } : { range: fromZero },
      },
      legend: legendOf(curves.map(({ stroke }) => stroke)),
      axes: axesOf(format(x), format(short), { x: isLog, y: isLog }),
      series: [
        { label: of, value: (_, at) => (at === null ? '–' : x(at)) },
        ...curves.map(({ name, stroke }) => ({
          label: name,
          stroke: strokeAt(stroke).color,
          dash: [...strokeAt(stroke).dash],
          width: 2,
          spanGaps: true,
          value: (_: uPlot, value: number | null) => (value === null || value === undefined ? '–' : y(value)),
        })),
      ],
      plugins: [{ hooks: { draw: chart => this.#drawMarks(chart) } }],
    }
  }

  #drawMarks(chart: uPlot): void {
    const { ctx } = chart
    const size = markPx * devicePixelRatio
    ctx.save()
    ctx.lineWidth = 2 * devicePixelRatio
    for (const { stroke, x, y, isMeasured } of this.#marks) {
      const [atX, atY] = [chart.valToPos(x, 'x', true), chart.valToPos(y, 'y', true)]
      ctx.beginPath()
      ctx.rect(atX - size, atY - size, 2 * size, 2 * size)
      ctx.fillStyle = isMeasured ? strokeAt(stroke).color : inkOf('--paper')
      ctx.strokeStyle = isMeasured ? inkOf('--ink') : strokeAt(stroke).color
      ctx.fill()
      ctx.stroke()
    }
    ctx.restore()
  }
}
