import { formatIn, formatSecond } from './amounts.ts'
import type { PlanRecord } from './plan-record.ts'

// The storm as a picture: viewers, what reaches the origin, and what it holds, second by second; faults are marked.

const width = 960
const panelHeight = 150
const margin = { left: 110, right: 20, top: 46, between: 34 }
/** Points along the time axis: the largest second of each stretch is drawn, so that no peak is lost. */
const stretches = 420

interface Panel {
  readonly title: string
  readonly unit: string
  readonly values: readonly number[]
  readonly colour: string
}

const escapeMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function panelsOf({ curve, input }: PlanRecord): Panel[] {
  const sum = (name: string, factor = 1): number[] =>
    curve.second.map(second =>
      input.regions.reduce((total, region) => total + factor * (curve.series[`${name}/${region}`]?.[second] ?? 0), 0),
    )
  return [
    { title: 'viewers', unit: '1', values: curve.series.viewers ?? [], colour: '#7fb4ff' },
    { title: 'requests to the origin', unit: '1/s', values: sum('origin.requests'), colour: '#ffb454' },
    { title: 'egress of the origin', unit: 'bit/s', values: sum('origin.bytes', 8), colour: '#8fd694' },
    { title: 'held at the origin', unit: '1', values: sum('origin.held'), colour: '#d5a6ff' },
  ]
}

/** The record as SVG. */
export function drawPlan(record: PlanRecord): string {
  const panels = panelsOf(record)
  const seconds = record.curve.second.length
  const height = margin.top + panels.length * (panelHeight + margin.between) + 10
  const across = width - margin.left - margin.right
  const x = (second: number): number => margin.left + (second / Math.max(1, seconds)) * across
  const drawn = panels.map((panel, i) => drawPanel(panel, margin.top + i * (panelHeight + margin.between), seconds, x))
  const marks = record.storms.map(({ what, fromSecond }, i) => {
    const at = x(fromSecond).toFixed(1)
    return `<g><title>${escapeMarkup(what)}</title><line x1="${at}" x2="${at}" y1="${margin.top}" y2="${height - 24}" stroke="#5c6773" stroke-dasharray="3 4"/><text x="${at}" y="${margin.top - 6}" fill="#5c6773" text-anchor="middle">${i + 1}</text></g>`
  })
  const names = record.storms
    .map(({ what, fromSecond }, i) => `${i + 1} ${what} (${formatSecond(fromSecond)})`)
    .join('; ')
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="the storm of ${escapeMarkup(record.plan.name)}">
<title>${escapeMarkup(`${record.plan.name}: ${names}`)}</title>
<rect width="100%" height="100%" rx="8" fill="#101418"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="12" fill="#d7dde3">
<text x="${margin.left}" y="20" font-size="14">${escapeMarkup(`${record.plan.name}, policy ${record.plan.policy}`)}</text>
${marks.join('\n')}
${drawn.join('\n')}
</g>
</svg>
`
}

function drawPanel(
  { title, unit, values, colour }: Panel,
  top: number,
  seconds: number,
  x: (second: number) => number,
): string {
  const highest = Math.max(1e-9, ...values)
  const y = (value: number): string => (top + panelHeight - (value / highest) * panelHeight).toFixed(1)
  const points = Array.from({ length: stretches }, (_, i) => {
    const from = Math.floor((i * seconds) / stretches)
    const to = Math.max(from + 1, Math.floor(((i + 1) * seconds) / stretches))
    const peak = Math.max(...values.slice(from, to), 0)
    return `${x(from).toFixed(1)},${y(peak)}`
  })
  const bottom = top + panelHeight
  return `<g><line x1="${margin.left}" x2="${width - margin.right}" y1="${bottom}" y2="${bottom}" stroke="#2b333b"/>
<text x="${margin.left - 8}" y="${top + 10}" text-anchor="end">${escapeMarkup(formatIn(highest, unit))}</text>
<text x="${margin.left - 8}" y="${bottom}" text-anchor="end">0</text>
<text x="${margin.left + 6}" y="${top + 10}" fill="${colour}">${escapeMarkup(title)}</text>
<polyline fill="none" stroke="${colour}" stroke-width="1.4" points="${points.join(' ')}"/>
<text x="${margin.left}" y="${bottom + 16}" fill="#5c6773">0:00:00</text>
<text x="${width - margin.right}" y="${bottom + 16}" fill="#5c6773" text-anchor="end">${formatSecond(seconds)}</text></g>`
}
