import { formatBytes, formatMs, formatNumber, formatShare } from '../../../results/render/format.ts'
import { element } from '../../live/browser/dom.ts'
import type { StormResult } from '../messages.ts'

// The numbers under each picture: the figures of docs/figures.md, a column for each storm.

type Figures = StormResult['figures']
type Row = readonly [label: string, figure: string, format: (value: number | undefined) => string]

const rows: readonly Row[] = [
  ['Viewers that came', 'players', formatNumber],
  ['Requests of players', 'player_requests', formatNumber],
  ['Requests to the origin', 'origin_requests', formatNumber],
  ['… a second', 'origin_requests_per_s', formatNumber],
  ['Origin egress a second', 'origin_egress_bytes_per_s', formatBytes],
  ['Most held at the origin', 'origin_held_max', formatNumber],
  ['Fills of a segment by a site', 'fills_per_segment', formatNumber],
  ['Other requests for it, by a site', 'probes_per_segment', formatNumber],
  ['Answered out of the cache', 'hit_share', formatShare],
  ['Joined another’s fetch', 'collapsed_share', formatShare],
  ['Answered by a kept 404', 'negative_hit_share', formatShare],
  ['Wait for a live segment, median, ms', 'publication_to_first_byte_ms_p50', formatMs],
  ['Wait for a live segment, 99 %, ms', 'publication_to_first_byte_ms_p99', formatMs],
  ['Early 404s that players saw', 'early_404_seen', formatNumber],
  ['Times that playback stopped', 'rebuffers', formatNumber],
  ['Wrong bodies', 'wrong_bodies', formatNumber],
]

export interface Column {
  readonly name: string
  readonly figures: Figures
}

export const tableOf = (columns: readonly Column[]): HTMLElement =>
  table(
    ['', ...columns.map(({ name }) => name)],
    rows.map(([label, figure, format]) => [label, ...columns.map(({ figures }) => format(figures[figure]))]),
  )

/** A table whose first column and row are headings. */
export function table(heads: readonly string[], body: readonly (readonly string[])[]): HTMLElement {
  const cell = (name: 'th' | 'td', text: string, scope?: 'col' | 'row'): HTMLElement => {
    const made = element(name, { text })
    if (scope) made.setAttribute('scope', scope)
    return made
  }
  const head = element('thead', {}, element('tr', {}, ...heads.map(text => cell('th', text, 'col'))))
  const lines = body.map(([first = '', ...rest]) =>
    element('tr', {}, cell('th', first, 'row'), ...rest.map(text => cell('td', text))),
  )
  return element('table', {}, head, element('tbody', {}, ...lines))
}
