import Table from 'cli-table3'
import type { GateResult } from '../gate/gate.ts'
import type { RunRecord } from '../record/record.ts'
import { checkWords, comparisonWords, gateHeadline, shownComparisons } from './told.ts'

// A gate in a terminal: the outcome in a sentence, what is shown to differ, what failed, how it was compared.

/** Columns of the words that explain an outcome; the whole table fits into a terminal of 120. */
const wordsWidth = 64

/** The whole text, without colours, ending in a line feed. */
export function renderGate(record: RunRecord, gate: GateResult): string {
  const failed = record.variants.flatMap(({ name, checks }) =>
    checks.filter(({ outcome }) => outcome !== 'held').map(check => `  failed: under ${name}, ${checkWords(check)}`),
  )
  return `${[gateHeadline(gate), ...table(gate), ...failed, ...gate.notes].join('\n')}\n`
}

function table({ comparisons }: GateResult): string[] {
  const shown = shownComparisons(comparisons)
  if (shown.length === 0) return []
  const out = new Table({
    head: ['', 'variant', 'figure', ''],
    style: { head: [], border: [], compact: true },
    colWidths: [null, null, null, wordsWidth],
    wordWrap: true,
  })
  for (const one of shown) out.push([one.outcome, one.variant, one.figure, comparisonWords(one)])
  return ['', out.toString(), '']
}
