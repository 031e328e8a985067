import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { renderReport } from '../pages/report/report.ts'
import { readRecord } from './read-record.ts'

const help = `
The page needs no network and no other file. Several records stand beside each other on the same axes.

Examples:
  tidegate report results/runs/20260131-180000-kickoff/record.json --html report.html
  tidegate report before.json after.json --html compared.html`

/** `tidegate report`. */
export const reportCommand = (): Command =>
  new Command('report')
    .description('write one self-contained page that shows what a run, or several, did')
    .argument('<records...>', 'record.json of each run')
    .requiredOption('--html <file>', 'where the page is written')
    .addHelpText('after', help)
    .action(async (files: string[], { html }: { html: string }) => {
      const records = files.map(readRecord)
      writeFileSync(html, await renderReport(records))
      process.stdout.write(`report: ${html}\n`)
    })
