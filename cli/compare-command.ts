import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { renderSideBySidePage } from '../results/compare/render-page.ts'
import { renderSideBySideText } from '../results/compare/render-text.ts'
import { sideBySide } from '../results/compare/side-by-side.ts'
import { RecordError } from '../results/record/read.ts'
import { readRecord } from './read-record.ts'

const help = `
Shows and does not judge: one run of each side is no measurement. tidegate gate judges.

Examples:
  tidegate compare before/record.json after/record.json
  tidegate compare a.json b.json c.json --html compared.html`

/** `tidegate compare`. */
export const compareCommand = (): Command =>
  new Command('compare')
    .description('set records side by side, in the terminal and as a page')
    .argument('<records...>', 'two or more records; differences are from the first')
    .option('--html <file>', 'write a page of its own there as well')
    .option('--all', 'show figures that do not differ, too')
    .addHelpText('after', help)
    .action((files: string[], { html, all = false }: { html?: string; all?: boolean }) => {
      if (files.length < 2) throw new RecordError('one record stands beside nothing: name two or more')
      const compared = sideBySide(files.map(file => ({ title: file, record: readRecord(file) })))
      process.stdout.write(renderSideBySideText(compared, { all }))
      if (html !== undefined) writeFileSync(html, renderSideBySidePage(compared))
    })
