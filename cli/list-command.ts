import { Command } from 'commander'
import { listScenarios } from '../scenarios/list.ts'

const help = `
Example:
  tidegate list --json`

/** `tidegate list`. */
export const listCommand = (): Command =>
  new Command('list')
    .description('list the scenarios that come with Tidegate')
    .option('--json', 'as JSON')
    .addHelpText('after', help)
    .action(({ json }: { json?: boolean }) => {
      const scenarios = listScenarios()
      process.stdout.write(json ? `${JSON.stringify(scenarios)}\n` : scenarios.map(formatScenario).join('\n'))
    })

const widest = Math.max(...listScenarios().map(({ name }) => name.length))
const columns = 100

/** The name, and beside it what the scenario shows, in lines of a terminal's width. */
function formatScenario({ name, shows }: { name: string; shows: string }): string {
  const lines: string[] = []
  let line = name.padEnd(widest + 2)
  for (const word of shows.split(/\s+/)) {
    if (line.length + word.length > columns) {
      lines.push(line.trimEnd())
      line = ' '.repeat(widest + 2)
    }
    line += `${word} `
  }
  return `${[...lines, line.trimEnd()].join('\n')}\n`
}
