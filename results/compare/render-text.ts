import Table from 'cli-table3'
import { formatFigure } from '../render/figure-table.ts'
import type { Row, SideBySide } from './side-by-side.ts'

// Records side by side in a terminal.

const plain = { style: { head: [], border: [], compact: true } }
const changed = '≠'

/** The whole text, without colours, ending in a line feed; figures that are the same everywhere only with `all`. */
export function renderSideBySideText({ columns, sections, notes }: SideBySide, { all }: { all: boolean }): string {
  const lines: string[] = []
  for (const { variant, rows } of sections) {
    const shown = rows.filter(row => all || row.differs)
    lines.push(`${variant}: ${rows.filter(({ differs }) => differs).length} of ${rows.length} figures differ`)
    if (shown.length === 0) continue
    const table = new Table({
      head: ['', 'figure', ...columns.map(({ title }) => title), 'last to first'],
      colAligns: ['left', 'left', ...columns.map(() => 'right' as const), 'right'],
      ...plain,
    })
    for (const row of shown) table.push([row.differs ? changed : '', row.figure, ...cellsOf(row), ratioWords(row)])
    lines.push(table.toString())
  }
  const equal = all ? [] : ['Figures that do not differ are left out: --all shows them.']
  return `${[...lines, '', ...equal, ...notes].join('\n')}\n`
}

/** What stands in the cells of a row. */
export const cellsOf = ({ figure, cells }: Row): string[] => cells.map(cell => formatFigure(figure, cell ?? undefined))

/** `× 1.20`; a dash where there is no ratio. */
export const ratioWords = ({ ratio }: Row): string => (ratio === null ? '–' : `× ${ratio.toFixed(2)}`)
