import { definitionOf, type FigureDefinition } from '../figure-definitions.ts'
import type { Variant } from '../record/record.ts'
import { formatBytes, formatMs, formatNumber, formatShare } from './format.ts'

// The table of a run by policy: which figures stand in it, in which order, and how their cells are written. What shows
// records as a table (terminal, Markdown, comparison) takes its cells from here.

type Figures = Variant['figures']
type Row = readonly [label: string, cell: (figures: Figures) => string]

const joined = (figures: Figures, format: (value: number | undefined) => string, names: readonly string[]): string =>
  names.map(name => format(figures[name])).join(' / ')

const statistics = (name: string): string[] => ['p50', 'p99', 'max'].map(statistic => `${name}_${statistic}`)

const rows: readonly Row[] = [
  ['fills per segment, mean / max', f => joined(f, formatNumber, ['fills_per_segment', 'fills_per_segment_max'])],
  ['probes per segment, mean / max', f => joined(f, formatNumber, ['probes_per_segment', 'probes_per_segment_max'])],
  ['origin requests a second', f => formatNumber(f.origin_requests_per_s)],
  ['origin egress a second', f => formatBytes(f.origin_egress_bytes_per_s)],
  ['hit', f => formatShare(f.hit_share)],
  ['negative hit', f => formatShare(f.negative_hit_share)],
  ['collapsed', f => formatShare(f.collapsed_share)],
  ['refused', f => formatShare(f.refused_share)],
  ['publication to first byte, ms', f => joined(f, formatMs, statistics('publication_to_first_byte_ms'))],
  ['publication to last byte, ms', f => joined(f, formatMs, statistics('publication_to_last_byte_ms'))],
  ['early 404s seen by players', f => formatNumber(f.early_404_seen)],
  ['rebuffers / players with one', f => joined(f, formatNumber, ['rebuffers', 'players_rebuffered'])],
  ['wrong bodies', f => formatNumber(f.wrong_bodies)],
  ['generator lag p50 / p99, ms', f => lagCell(f)],
]

const lagCell = (figures: Figures): string =>
  joined(figures, formatMs, ['generator_lag_ms_p50', 'generator_lag_ms_p99']) + (keptUp(figures) ? '' : ' !')

/** Whether the generator kept up with its plan, as far as the figures say. */
export const keptUp = (figures: Figures): boolean => figures.generator_kept_up !== 0

/** Each row's label, and a cell for each of `variants`. */
export const figureTable = (variants: readonly Variant[]): string[][] =>
  rows.map(([label, cell]) => [label, ...variants.map(({ figures }) => cell(figures))])

/** One figure's value with its unit, as its definition has it. */
export function formatFigure(figure: string, value: number | undefined): string {
  const unit: FigureDefinition['unit'] = definitionOf(figure)?.unit ?? '1'
  switch (unit) {
    case 'share':
      return formatShare(value)
    case 'bytes':
      return formatBytes(value)
    case 'bytes/s':
      return value === undefined ? formatBytes(value) : `${formatBytes(value)}/s`
    case 'ms':
      return value === undefined ? formatMs(value) : `${formatMs(value)} ms`
    case '1/s':
      return value === undefined ? formatNumber(value) : `${formatNumber(value)}/s`
    case '1':
      return formatNumber(value)
  }
}
