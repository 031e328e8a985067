import uPlot from 'uplot'
import { formatNumber } from '../../../results/render/format.ts'
import { find, inkOf } from './dom.ts'

// The origin's load of both sides over the last minutes, one point a second, told apart by dash as well as by colour.

const heightPx = 180
const keptS = 180

export class Curve {
  readonly #place = find('#curve')
  readonly #chart: uPlot
  #points: { atS: number; left: number; right: number }[] = []

  constructor() {
    const axis = { stroke: () => inkOf('--ink'), grid: { stroke: () => inkOf('--grid'), width: 1 } }
    const options: uPlot.Options = {
      width: this.#place.clientWidth,
      height: heightPx,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: { range: (_, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
      axes: [
        { ...axis, space: 70, values: (_, ticks) => ticks.map(tick => (tick === 0 ? 'now' : `${Math.round(tick)} s`)) },
        { ...axis, size: 60, values: (_, ticks) => ticks.map(tick => formatNumber(tick)) },
      ],
      series: [
        {},
        { label: 'left', stroke: () => inkOf('--left'), width: 2, points: { show: false } },
        { label: 'right', stroke: () => inkOf('--right'), width: 2, dash: [8, 4], points: { show: false } },
      ],
    }
    this.#chart = new uPlot(options, [[], [], []], this.#place)
    new ResizeObserver(() => {
      const { clientWidth: width } = this.#place
      if (width > 0 && width !== this.#chart.width) this.#chart.setSize({ width, height: heightPx })
    }).observe(this.#place)
  }

  /** Begins anew with `points`. */
  restart(points: readonly { atMs: number; left: number; right: number }[]): void {
    this.#points = points.map(({ atMs, left, right }) => ({ atS: atMs / 1_000, left, right }))
    this.redraw()
  }

  add(atMs: number, left: number, right: number): void {
    const atS = atMs / 1_000
    if (atS - (this.#points.at(-1)?.atS ?? 0) < 1) return
    this.#points.push({ atS, left, right })
    while ((this.#points[0]?.atS ?? atS) < atS - keptS) this.#points.shift()
    this.redraw()
  }

  redraw(): void {
    const nowS = this.#points.at(-1)?.atS ?? 0
    this.#chart.setData([
      this.#points.map(({ atS }) => atS - nowS),
      this.#points.map(({ left }) => left),
      this.#points.map(({ right }) => right),
    ])
  }
}
