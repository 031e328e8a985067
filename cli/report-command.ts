import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Command } from 'commander'
import { renderReport } from '../pages/report/report.ts'
import type { RunRecord } from '../results/record/record.ts'
import { scenarioNames } from '../scenarios/list.ts'
import { loadScenario, parseScenario, scenarioHash } from '../scenarios/load.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { readRecord } from './read-record.ts'

const help = `
The page needs no network and no other file. Several records stand beside each other on the same axes. In it is the
simulator, which draws the curve that each record's figures stand on; for that the record's scenario.json, which a run
writes beside it, must be there still.

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
      const found = new Map(files.map(file => [readRecord(file), file]))
      writeFileSync(html, await renderReport([...found.keys()], record => scenarioOf(record, found.get(record) ?? '')))
      process.stdout.write(`report: ${html}\n`)
    })

/** The scenario that `record` was made from, by its hash: beside the record's file, or of those that come with us. */
function scenarioOf(record: RunRecord, file: string): Scenario | undefined {
  const beside = join(dirname(file), 'scenario.json')
  const { name, sha256 } = record.scenario
  const candidates = [
    ...(existsSync(beside) ? [() => parseScenario(readFileSync(beside, 'utf8'), beside)] : []),
    ...(scenarioNames().includes(name) ? [() => loadScenario(name)] : []),
  ]
  for (const candidate of candidates) {
    const scenario = candidate()
    if (scenarioHash(scenario) === sha256) return scenario
  }
  process.stderr.write(`tidegate: ${file}: its scenario is not at hand (${beside}), so its figures stand on no curve\n`)
  return undefined
}
