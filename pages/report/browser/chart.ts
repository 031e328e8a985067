import type uPlot from 'uplot'

// What every curve of the report and the playground has in common.

/** Told apart by dash as well as by colour; the colours keep their distance for every common kind of colour sight. */
const strokes = [
  { color: '#d55e00', dash: [] },
  { color: '#0072b2', dash: [8, 4] },
  { color: '#009e73', dash: [2, 3] },
  { color: '#cc79a7', dash: [10, 3, 2, 3] },
  { color: '#e69f00', dash: [5, 2] },
  { color: '#56b4e9', dash: [1, 2] },
] as const
export const strokeAt = (i: number) => strokes[i % strokes.length] as (typeof strokes)[number]

export const inkOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export type Format = (value: number | undefined) => string

/** Vertical lines at what happened then; words beside the chart say what. */
export const marked = (times: () => readonly number[]): uPlot.Plugin => ({
  hooks: {
    draw: chart => {
      const { ctx, bbox } = chart
      ctx.save()
      ctx.strokeStyle = inkOf('--mark')
      ctx.lineWidth = devicePixelRatio
      for (const time of times()) {
        const x = Math.round(chart.valToPos(time, 'x', true))
        ctx.beginPath()
        ctx.moveTo(x, bbox.top)
        ctx.lineTo(x, bbox.top + bbox.height)
        ctx.stroke()
      }
      ctx.restore()
    },
  },
})

type IsLog = { readonly x?: boolean; readonly y?: boolean }

/** `isLog`: lines at powers of ten only. */
export function axesOf(x: Format, y: Format, isLog: IsLog = {}): uPlot.Axis[] {
  return [
    { ...lines(isLog.x), space: 64, values: (_, ticks) => ticks.map(tick => x(tick)) },
    { ...lines(isLog.y), size: 70, values: (_, ticks) => ticks.map(tick => y(tick)) },
  ]
}

function lines(isLog = false): uPlot.Axis {
  const isPower = (at: number): boolean => Number.isInteger(Math.log10(at))
  const powers: uPlot.Axis.Filter = (_, splits) => splits.map(at => (isPower(at) ? at : null))
  const grid = { stroke: () => inkOf('--grid'), width: 1, ...(isLog ? { filter: powers } : {}) }
  return { stroke: () => inkOf('--ink'), grid, ticks: { ...grid, size: 6 } }
}

/** Beside a curve's name its line, dashed as it is. */
export const legendOf = (strokes: readonly number[]): uPlot.Legend => ({
  markers: {
    width: 3,
    dash: (_, i) => {
      const { dash } = strokeAt(strokes[i - 1] ?? 0)
      return dash.length === 0 ? 'solid' : (dash[0] as number) > 3 ? 'dashed' : 'dotted'
    },
  },
})

/** From 0 to a little above the highest value. */
export const fromZero: uPlot.Scale.Range = (_, _low, high) => [0, (high ?? 0) > 0 ? (high as number) * 1.05 : 1]
