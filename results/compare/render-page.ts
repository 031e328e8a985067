import { escapeHtml } from '../render/html.ts'
import { cellsOf, ratioWords } from './render-text.ts'
import type { Column, Row, SideBySide } from './side-by-side.ts'

// Records side by side as one file that opens anywhere: no script, no network, light and dark, readable on a phone.

const style = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif }
body { max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; font-variant-numeric: tabular-nums }
caption { text-align: left; font-weight: 600; padding: .4rem 0 }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
th:first-child, td:first-child { text-align: left }
tr.differs { background: color-mix(in srgb, #e8a000 22%, transparent) }
.differs th::after { content: " ≠"; font-weight: 700 }
tbody th { font-weight: 400; font-family: ui-monospace, monospace; font-size: .9em }
thead th { overflow-wrap: anywhere }
@media print { tr.differs { outline: 1px solid } }
`

/** The whole page. Everything from records is escaped. */
export function renderSideBySidePage({ columns, sections, notes }: SideBySide): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Tidegate: ${columns.length} records side by side</title>
<style>${style}</style>
</head>
<body>
<h1>${columns.length} records side by side</h1>
<p>Marked (≠) is what differs from the first by more than such a figure moves by itself.</p>
${runs(columns)}
${sections.map(({ variant, rows }) => section(variant, columns, rows)).join('\n')}
<ul>
${notes.map(note => `<li>${escapeHtml(note)}</li>`).join('\n')}
</ul>
</body>
</html>
`
}

function runs(columns: readonly Column[]): string {
  const rows: [string, (column: Column) => string][] = [
    ['commit', ({ commit }) => commit],
    ['seed', ({ seed }) => String(seed)],
    ['started', ({ startedAt }) => startedAt],
    ['machine', ({ machine }) => machine],
  ]
  const lines = rows.map(
    ([label, of]) => `<tr>${heading('row', label)}${columns.map(column => cell(of(column))).join('')}</tr>`,
  )
  return table('The runs', ['', ...columns.map(({ title }) => title)], lines)
}

function section(variant: string, columns: readonly Column[], rows: readonly Row[]): string {
  const lines = rows.map(row => {
    const mark = row.differs ? ' class="differs"' : ''
    return `<tr${mark}>${heading('row', row.figure)}${[...cellsOf(row), ratioWords(row)].map(cell).join('')}</tr>`
  })
  return table(variant, ['figure', ...columns.map(({ title }) => title), 'last to first'], lines)
}

const heading = (scope: 'row' | 'col', text: string): string => `<th scope="${scope}">${escapeHtml(text)}</th>`
const cell = (text: string): string => `<td>${escapeHtml(text)}</td>`

const table = (caption: string, head: readonly string[], lines: readonly string[]): string =>
  `<div class="wide"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head.map(text => heading('col', text)).join('')}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table></div>`
