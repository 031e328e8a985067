import { limits } from '../../live/limits.ts'
import type { GateResult } from '../gate/gate.ts'
import { figureTable, keptUp } from './figure-table.ts'
import { headline } from './headline.ts'
import { checkWords, comparisonWords, gateHeadline, shownComparisons, type Told } from './told.ts'

// A Markdown summary, as CI services show it beside a job: the table first, then what failed, then how to reproduce it.
// They refuse a summary over 1 MiB, so what does not fit is left out, from the end, and said.

/** The whole text, at most `limits.markdownBytes` long. */
export function renderMarkdown({ record, gate }: Told): string {
  const { variants, environment } = record
  const lines = [
    ...tableOf(['', ...variants.map(({ name }) => name)], figureTable(variants), '---:'),
    '',
    escapeMarkdown(headline(record)),
    '',
    ...(record.partial ? ['**The run was ended before its time: this record is partial.**', ''] : []),
    ...variants
      .filter(({ figures }) => !keptUp(figures))
      .flatMap(({ name }) => [`**The generator fell behind its plan under ${escapeMarkdown(name)}.**`, '']),
    ...checkLines(record.variants),
    ...(gate ? gateLines(gate) : []),
    `Reproduce: \`${environment.command.replaceAll('`', "'").replaceAll(/\s+/g, ' ')}\`, seed ${record.seed}, commit ${escapeMarkdown(record.commit)}.`,
  ]
  return within(limits.markdownBytes, lines)
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[], rule: '---' | '---:'): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  return [line(head), `|---|${`${rule}|`.repeat(head.length - 1)}`, ...rows.map(line)]
}

function checkLines(variants: Told['record']['variants']): string[] {
  const all = variants.flatMap(({ name, checks }) => checks.map(check => ({ name, check })))
  const bad = all.filter(({ check }) => check.outcome !== 'held')
  if (all.length === 0) return ['No checks.', '']
  return [
    bad.length === 0 ? `All ${all.length} checks held.` : `**${bad.length} of ${all.length} checks failed:**`,
    '',
    ...bad.map(({ name, check }) => `- under ${escapeMarkdown(name)}, ${escapeMarkdown(checkWords(check))}`),
    ...(bad.length > 0 ? [''] : []),
  ]
}

function gateLines(gate: GateResult): string[] {
  const shown = shownComparisons(gate.comparisons)
  const rows = shown.map(one => [one.outcome, one.variant, one.figure, comparisonWords(one)])
  return [
    gate.outcome === 'held' ? gateHeadline(gate) : `**${gateHeadline(gate)}**`,
    '',
    ...(rows.length > 0 ? [...tableOf(['outcome', 'variant', 'figure', 'how'], rows, '---'), ''] : []),
    ...gate.notes.map(note => `- ${escapeMarkdown(note)}`),
    ...(gate.notes.length > 0 ? [''] : []),
  ]
}

/** Text that stands in Markdown as itself: no markup, no HTML, no new cell. */
const escapeMarkdown = (text: string): string =>
  text
    .replaceAll(/[\\`*_[\]|~]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/\s+/g, ' ')

const cutLine = '\n**The rest is left out: a summary may have 1 MiB. The record has all of it.**\n'

function within(limitBytes: number, lines: readonly string[]): string {
  const room = limitBytes - Buffer.byteLength(cutLine)
  const kept: string[] = []
  let bytes = 0
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1
    if (bytes > room) return `${kept.join('\n')}\n${cutLine}`
    kept.push(line)
  }
  return `${kept.join('\n')}\n`
}
