import type { RunRecord } from '../../results/record/record.ts'
import { bundleOf } from '../bundle.ts'
import { reportDocument } from './document.ts'
import { reportOf } from './report-data.ts'

/** The report of `records` as one self-contained HTML document. */
export async function renderReport(records: readonly RunRecord[]): Promise<string> {
  const [style, script] = await Promise.all([bundleOf('report/page.css'), bundleOf('report/page.ts')])
  return reportDocument(reportOf(records), { style, script })
}
