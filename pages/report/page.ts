import uPlot from 'uplot'
import { formatBytes, formatMs, formatNumber } from '../../results/render/format.ts'
import { startPlayground } from '../playground/browser/start.ts'
import { axesOf, type Format, fromZero, inkOf, marked, strokeAt } from './browser/chart.ts'
import type { ReportData, ReportVariant } from './report-data.ts'

// Draws the curves of a report in the reader's browser, from the data that stands in the document.

const data = JSON.parse(document.getElementById('report-data')?.textContent ?? '{}') as ReportData

const heightPx = 240

const charts: uPlot[] = []

function draw(id: string, options: Omit<uPlot.Options, 'width' | 'height'>, values: uPlot.AlignedData): void {
  const place = document.getElementById(`chart-${id}`)
  if (!place) return
  charts.push(new uPlot({ ...options, width: place.clientWidth, height: heightPx }, values, place))
}

function drawSeries(id: string, of: 'requestsPerSecond' | 'egressBytesPerSecond' | 'held', format: Format): void {
  const seconds = Math.max(0, ...data.variants.map(variant => variant[of].length))
  const times = Array.from({ length: seconds }, (_, second) => second)
  const marks = [...new Set(data.variants.flatMap(({ marks }) => marks.map(({ atS }) => atS)))]
  draw(
    id,
    {
      scales: { x: { time: false }, y: { range: fromZero } },
      axes: axesOf(second => `${second} s`, format),
      series: [
        { label: 'second' },
        ...data.variants.map(({ name }, i) => ({
          label: name,
          stroke: strokeAt(i).color,
          dash: [...strokeAt(i).dash],
          width: 2,
          value: (_: uPlot, value: number | null) => format(value ?? undefined),
        })),
      ],
      plugins: [marked(() => marks)],
    },
    [times, ...data.variants.map(variant => times.map(second => variant[of][second] ?? null))],
  )
}

/** Percentiles lie on an axis by how few waits are above them: 50, 90, 99 and 99.9 are a step apart each. */
const rarity = (percent: number): number => -Math.log10(1 - percent / 100)

function drawWaits(): void {
  const percents = [...new Set(data.variants.flatMap(({ waits }) => waits.map(({ percent }) => percent)))].sort(
    (a, b) => a - b,
  )
  if (percents.length === 0) return
  const pick = ({ waits }: ReportVariant, of: 'lowMs' | 'valueMs' | 'highMs') =>
    percents.map(percent => waits.find(one => one.percent === percent)?.[of] ?? null) as (number | null)[]
  draw(
    'waits',
    {
      scales: { x: { time: false }, y: { distr: 3, log: 10 } },
      axes: [
        {
          stroke: () => inkOf('--ink'),
          grid: { stroke: () => inkOf('--grid'), width: 1 },
          splits: () => percents.map(rarity),
          values: () => percents.map(percent => `${percent} %`),
        },
        axesOf(formatNumber, value => (value === null ? '' : `${formatMs(value)} ms`))[1] as uPlot.Axis,
      ],
      series: [
        {
          label: 'of all waits',
          value: (_, at) => (at === null ? '–' : `${Number((100 - 100 * 10 ** -at).toFixed(1))} %`),
        },
        ...data.variants.flatMap(({ name }, i) => {
          const { color, dash } = strokeAt(i)
          const value = (_: uPlot, at: number | null) => `${formatMs(at ?? undefined)} ms`
          return [
            { label: name, stroke: color, dash: [...dash], width: 2, value },
            { label: `${name}, from`, stroke: 'transparent', points: { show: false }, value },
            { label: `${name}, to`, stroke: 'transparent', points: { show: false }, value },
          ]
        }),
      ],
      bands: data.variants.map((_, i) => ({ series: [3 * i + 3, 3 * i + 2], fill: `${strokeAt(i).color}33` })),
    },
    [
      percents.map(rarity),
      ...data.variants.flatMap(variant => [pick(variant, 'valueMs'), pick(variant, 'lowMs'), pick(variant, 'highMs')]),
    ] as uPlot.AlignedData,
  )
}

drawSeries('requests', 'requestsPerSecond', formatNumber)
drawSeries('egress', 'egressBytesPerSecond', formatBytes)
drawSeries('held', 'held', formatNumber)
drawWaits()
document.documentElement.dataset.drawn = 'true'
startPlayground()

new ResizeObserver(() => {
  for (const chart of charts) {
    const width = chart.root.parentElement?.clientWidth ?? 0
    if (width > 0 && width !== chart.width) chart.setSize({ width, height: heightPx })
  }
}).observe(document.body)
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const chart of charts) chart.redraw()
})
