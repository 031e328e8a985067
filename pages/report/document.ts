import { formatBytes, formatMs, formatNumber } from '../../results/render/format.ts'
import { type Html, html, jsonForScript, scriptOf } from '../html.ts'
import type { ReportData, ReportVariant } from './report-data.ts'

// The report as one HTML document: every word and number stands in it as text, the curves are drawn over it by its
// script. It asks nothing of a network.

/** What stands inside the document beside the data. */
export interface ReportAssets {
  readonly style: string
  readonly script: string
  /** The playground's section, with what its script needs. */
  readonly playground: Html
}

type Row = readonly [label: string, cell: (variant: ReportVariant) => string]

const rows: readonly Row[] = [
  ['Origin requests a second', ({ figures: f }) => formatNumber(f.origin_requests_per_s)],
  ['Origin egress a second', ({ figures: f }) => formatBytes(f.origin_egress_bytes_per_s)],
  ['Most requests held at the origin', ({ figures: f }) => formatNumber(f.origin_held_max)],
  ['Fills of a segment by a site, mean', ({ figures: f }) => formatNumber(f.fills_per_segment)],
  ['Wait for a live segment, median, ms', ({ figures: f }) => formatMs(f.publication_to_first_byte_ms_p50)],
  ['Wait for a live segment, 99 %, ms', ({ figures: f }) => formatMs(f.publication_to_first_byte_ms_p99)],
  ['Early 404s that players saw', ({ figures: f }) => formatNumber(f.early_404_seen)],
  ['Times that playback stopped', ({ figures: f }) => formatNumber(f.rebuffers)],
]

const charts = [
  { id: 'requests', title: 'Origin requests, a second', of: 'requestsPerSecond', format: formatNumber },
  { id: 'egress', title: 'Origin egress, a second', of: 'egressBytesPerSecond', format: formatBytes },
  { id: 'held', title: 'Requests held at the origin, most in the second', of: 'held', format: formatNumber },
] as const

/** The whole document. */
export function reportDocument(data: ReportData, { style, script, playground }: ReportAssets): string {
  const { variants } = data
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; worker-src blob:; img-src data:">
<title>${data.title}</title>
<style>${scriptOf(style)}</style>
</head>
<body>
<header>
<h1>${data.title}</h1>
<p class="headline">${data.headline}</p>
<p>${data.shows}</p>
<p><a href="#playground">Play the storm yourself: the simulator is in this page</a></p>
${data.partial ? html`<p class="warning">A run was ended before its time: this report is of a part of it.</p>` : undefined}
</header>
<main>
<section aria-labelledby="beside"><h2 id="beside">Side by side</h2>${table(variants)}</section>
<section aria-labelledby="storm"><h2 id="storm">The storm, second by second</h2>
${charts.map(
  ({ id, title, of, format }) => html`<figure>
<figcaption>${title}</figcaption>
<div class="chart" id="chart-${id}" role="img" aria-label="${title}: a curve for each variant; the numbers stand below"></div>
${seriesTable(title, variants, of, format)}
</figure>`,
)}
${marks(variants)}
</section>
<section aria-labelledby="waits"><h2 id="waits">How long players waited</h2>
<p>From the instant at which a live segment could be had to its first byte at the player. The band is where the true percentile lies with 95 % chance, by the number of waits alone.</p>
<figure><div class="chart" id="chart-waits" role="img" aria-label="Waits by percentile, a curve and a band for each variant; the numbers stand below"></div>${waitTable(variants)}</figure>
</section>
<section aria-labelledby="checks"><h2 id="checks">Checks</h2>${checkTable(variants)}</section>
<section aria-labelledby="left-out"><h2 id="left-out">What this leaves out</h2><ul>${data.leftOut.map(line => html`<li>${line}</li>`)}</ul></section>
<section aria-labelledby="again"><h2 id="again">How to run it again</h2>${data.reproduce.map(
    ({ command, seed, commit, scenarioSha256, machine }) => html`<dl>
<dt>Command</dt><dd><code>${command}</code></dd>
<dt>Seed</dt><dd><code>${seed}</code></dd>
<dt>Commit</dt><dd><code>${commit}</code></dd>
<dt>Scenario</dt><dd><code>${scenarioSha256}</code></dd>
<dt>Machine</dt><dd>${machine}</dd>
</dl>`,
  )}</section>
${playground}
</main>
<script type="application/json" id="report-data">${jsonForScript(data)}</script>
<script>${scriptOf(script)}</script>
</body>
</html>
`.text
}

const scrolling = (content: Html): Html => html`<div class="scroll" tabindex="0">${content}</div>`

const head = (variants: readonly ReportVariant[], first: string): Html =>
  html`<thead><tr><th scope="col">${first}</th>${variants.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>`

function table(variants: readonly ReportVariant[]): Html {
  return scrolling(
    html`<table>${head(variants, '')}<tbody>${rows.map(
      ([label, cell]) =>
        html`<tr><th scope="row">${label}</th>${variants.map(variant => html`<td>${cell(variant)}</td>`)}</tr>`,
    )}</tbody></table>`,
  )
}

function seriesTable(
  title: string,
  variants: readonly ReportVariant[],
  of: 'requestsPerSecond' | 'egressBytesPerSecond' | 'held',
  format: (value: number | undefined) => string,
): Html {
  const seconds = Math.max(0, ...variants.map(variant => variant[of].length))
  const body = Array.from(
    { length: seconds },
    (_, second) =>
      html`<tr><th scope="row">${second}</th>${variants.map(variant => html`<td>${format(variant[of][second])}</td>`)}</tr>`,
  )
  return html`<details><summary>${title}: the numbers</summary>${scrolling(html`<table>${head(variants, 'second')}<tbody>${body}</tbody></table>`)}</details>`
}

function waitTable(variants: readonly ReportVariant[]): Html {
  const percents = [...new Set(variants.flatMap(({ waits }) => waits.map(({ percent }) => percent)))].sort(
    (a, b) => a - b,
  )
  if (percents.length === 0) return html`<p>No live segment was waited for.</p>`
  const cell = ({ waits }: ReportVariant, percent: number): string => {
    const band = waits.find(one => one.percent === percent)
    return band
      ? `${formatMs(band.valueMs as number)} (${formatMs(band.lowMs as number)} to ${formatMs(band.highMs as number)})`
      : '–'
  }
  const body = percents.map(
    percent =>
      html`<tr><th scope="row">${percent} %</th>${variants.map(variant => html`<td>${cell(variant, percent)}</td>`)}</tr>`,
  )
  return html`<details><summary>Waits in milliseconds, with their bands</summary>${scrolling(html`<table>${head(variants, 'of all waits')}<tbody>${body}</tbody></table>`)}</details>`
}

function marks(variants: readonly ReportVariant[]): Html | undefined {
  const lines = variants.flatMap(({ name, marks }) =>
    marks.map(({ atS, what }) => html`<li>${name}, ${formatNumber(Math.round(atS * 10) / 10)} s: ${what}</li>`),
  )
  return lines.length === 0
    ? undefined
    : html`<details open><summary>What the scenario did (the lines in the curves)</summary><ul>${lines}</ul></details>`
}

const outcomes = { held: '✓ held', failed: '✗ failed', 'not-emitted': '✗ nobody emitted it' } as const

function checkTable(variants: readonly ReportVariant[]): Html {
  const body = variants.flatMap(({ name, checks }) =>
    checks.map(
      ({ figure, want, got, outcome }) =>
        html`<tr class="${outcome === 'held' ? 'held' : 'failed'}"><th scope="row">${name}</th><td><code>${figure}</code></td><td>${want}</td><td>${got === null ? '–' : formatNumber(got)}</td><td>${outcomes[outcome]}</td></tr>`,
    ),
  )
  if (body.length === 0) return html`<p>The scenario has no checks.</p>`
  return scrolling(
    html`<table><thead><tr><th scope="col">variant</th><th scope="col">figure</th><th scope="col">wanted</th><th scope="col">got</th><th scope="col">outcome</th></tr></thead><tbody>${body}</tbody></table>`,
  )
}
