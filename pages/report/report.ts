import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { RunRecord } from '../../results/record/record.ts'
import { bundleOf } from '../bundle.ts'
import { reportDocument } from './document.ts'
import { reportOf } from './report-data.ts'

/** The report of `records` as one self-contained HTML document. */
export async function renderReport(records: readonly RunRecord[]): Promise<string> {
  const uplot = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css')
  const own = fileURLToPath(new URL('../page.css', import.meta.url))
  const style = [uplot, own].map(file => readFileSync(file, 'utf8')).join('\n')
  return reportDocument(reportOf(records), { style, script: await bundleOf('report/page.ts') })
}
