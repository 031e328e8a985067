import Table from 'cli-table3'
import type { RunRecord, Variant } from '../record/record.ts'
import { figureTable, keptUp } from './figure-table.ts'
import { formatNumber } from './format.ts'
import { headline } from './headline.ts'

// What a run says in a terminal: one headline sentence, one table by policy, the checks, the path of the record.

export interface TerminalOptions {
  /** Where the record lies, for the last line. */
  readonly recordFile: string
}

/** The whole text, without colours, ending in a line feed. */
export function renderTerminal(record: RunRecord, options: TerminalOptions): string {
  return `${[
    headline(record),
    '',
    ...(record.variants.length > 0 ? [table(record.variants), ''] : []),
    ...notes(record),
    ...checkLines(record.variants),
    `record: ${options.recordFile}`,
  ].join('\n')}\n`
}

function table(variants: readonly Variant[]): string {
  const out = new Table({
    head: ['', ...variants.map(variant => variant.name)],
    colAligns: ['left', ...variants.map(() => 'right' as const)],
    style: { head: [], border: [], compact: true },
  })
  for (const row of figureTable(variants)) out.push(row)
  return out.toString()
}

function notes(record: RunRecord): string[] {
  const marked = record.variants.filter(variant => !keptUp(variant.figures)).map(variant => variant.name)
  const out: string[] = []
  if (record.variants.length > 0) {
    out.push('Segments are counted by rendition, number and site; three times are p50 / p99 / max.')
  }
  if (marked.length > 0) {
    out.push(`! The generator fell behind its plan under ${marked.join(', ')}: read those times with care.`)
  }
  if (record.simulation) {
    const { mode, calibration, leavesOut } = record.simulation
    out.push(`Simulated (${mode} mode), not measured; times from calibration ${calibration.id}: ${calibration.origin}`)
    out.push('What the model leaves out:', ...leavesOut.map(one => `  - ${one}`))
  }
  if (record.partial) out.push('! The run was ended before its time: this record is partial.')
  return out
}

function checkLines(variants: readonly Variant[]): string[] {
  const all = variants.flatMap(variant => variant.checks.map(check => ({ variant: variant.name, ...check })))
  const held = all.filter(check => check.outcome === 'held').length
  const bad = all.filter(check => check.outcome !== 'held')
  if (all.length === 0) return ['No checks.']
  return [
    bad.length === 0 ? `All ${all.length} checks held.` : `${held} of ${all.length} checks held.`,
    ...bad.map(({ variant, figure, want, got, outcome }) =>
      outcome === 'failed'
        ? `  failed: under ${variant}, ${figure} is ${formatNumber(got ?? undefined)}, wanted ${want}`
        : `  failed: under ${variant}, ${figure} was not emitted by anybody, wanted ${want}`,
    ),
  ]
}
