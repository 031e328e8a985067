import { writeFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import { type OutputName, outputNames, outputs } from '../results/render/outputs.ts'
import { readRecord } from './read-record.ts'

const help = `
Examples:
  tidegate render record.json --as junit -o junit.xml
  tidegate render record.json --as markdown >> "$GITHUB_STEP_SUMMARY"
  tidegate render record.json --as prometheus -o /var/lib/node_exporter/tidegate.prom
  tidegate render record.json --as ndjson >> runs.ndjson`

/** `tidegate render`. */
export const renderCommand = (): Command =>
  new Command('render')
    .description('write a record as JUnit XML, Markdown, JSON, a line of JSON, or Prometheus text')
    .argument('<record>', 'a record.json; - is standard input')
    .addOption(new Option('--as <form>', 'the form').choices(outputNames).makeOptionMandatory())
    .option('-o, --output <file>', 'write it here instead of to standard output')
    .addHelpText('after', help)
    .action(async (file: string, { as, output }: { as: OutputName; output?: string }) => {
      const text = await outputs[as]({ record: readRecord(file) })
      if (output === undefined) process.stdout.write(text)
      else writeFileSync(output, text)
    })
