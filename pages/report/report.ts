import type { RunRecord } from '../../results/record/record.ts'
import { bundleOf } from '../bundle.ts'
import { playgroundHtml } from '../playground/document.ts'
import type { ScenarioOf } from '../playground/measured.ts'
import { playgroundOf } from '../playground/playground.ts'
import { reportDocument } from './document.ts'
import { reportOf } from './report-data.ts'

/**
 * The report of `records` as one self-contained HTML document; `scenarioOf` finds the scenario of a record, for the
 * curve on which it stands.
 */
export async function renderReport(
  records: readonly RunRecord[],
  scenarioOf: ScenarioOf = () => undefined,
): Promise<string> {
  const [style, script, worker] = await Promise.all([
    bundleOf('report/page.css'),
    bundleOf('report/page.ts'),
    bundleOf('playground/browser/worker.ts'),
  ])
  const playground = playgroundHtml(playgroundOf(records, scenarioOf), worker)
  return reportDocument(reportOf(records), { style, script, playground })
}
