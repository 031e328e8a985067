import { dirname } from 'node:path'
import { Command } from 'commander'
import { explain } from '../results/explain/explain.ts'
import { readRecord } from './read-record.ts'

const help = `
Reads the decision logs that lie beside the record. Requests of players are called p{player}-{request}, an edge's
requests upstream {edge}-f{fetch}.

Examples:
  tidegate explain results/runs/20260131-180000-kickoff/record.json
  tidegate explain record.json --policy oca --request p17-4`

/** `tidegate explain`. */
export const explainCommand = (): Command =>
  new Command('explain')
    .description('say of each origin request over the ideal why it was made, or follow one request')
    .argument('<record>', 'a record.json, with its decision logs beside it')
    .option('--policy <name>', 'only the variant of this policy')
    .option('--request <id>', 'follow this request from player to store and back')
    .option('--rows <number>', 'list at most so many requests of each variant', Number, 20)
    .addHelpText('after', help)
    .action(async (file: string, options: { policy?: string; request?: string; rows: number }) => {
      process.stdout.write(await explain(readRecord(file), dirname(file), options))
    })
