import { Command, InvalidArgumentError } from 'commander'
import { commitNow, environmentNow } from '../lab/environment.ts'
import { type Level, levels } from '../lab/validate/comparison.ts'
import { knownLevels } from '../lab/validate/known-levels.ts'
import { summaryOf, tableOf } from '../lab/validate/render.ts'
import { runLevels } from '../lab/validate/run-levels.ts'
import { comparisonsOf, type Validation, validationFigures } from '../lab/validate/validation.ts'
import { writeValidation } from '../lab/validate/write-validation.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { exitCodes } from './errors.ts'
import { repeated } from './flags.ts'
import { interruptSignal } from './interrupt.ts'
import { atLeastOne } from './numbers.ts'

interface Flags {
  readonly level?: Level[]
  readonly scenario?: string[]
  readonly seeds: number
  readonly quick?: boolean
  readonly json?: boolean
  readonly figures?: boolean
  readonly write?: boolean
}

const help = `
  V0  closed forms against the simulator                                     half a minute
  V1  decision logs of real processes through new cores, byte by byte        4 minutes
  V2  real runs of every scenario and their simulated twins, over the seeds  long
  V3  the same, with the simulator calibrated on kickoff alone               long
  V4  exact mode against bulk mode, 10 thousand to 1 million players         10 minutes
  V5  the real nginx against the simulated preset nginx                      5 minutes

An error is a fraction of what is trusted. It is exceeded when it is over the goal, over twice the spread between the
trusted runs, and over 3 / √n of what was counted. docs/validation.md says what each level can show and cannot.

Examples:
  tidegate validate --level V0 --level V4
  tidegate validate --level V2 --scenario kickoff --seeds 3
  tidegate validate --quick --json > validation.json

Exit codes: 0 nothing exceeded, 1 a level could not run or was ended early, 2 bad usage, 3 a comparison is exceeded.`

/** `tidegate validate`. */
export const validateCommand = (): Command =>
  new Command('validate')
    .description('hold the simulator against closed forms, decision logs, real runs and the real nginx')
    .option('--level <level>', 'V0 to V5 instead of all of them; can be repeated', levelNamed)
    .option('--scenario <scenario>', 'only this one of the levels named; can be repeated', repeated)
    .option('--seeds <number>', 'how many runs of each, real and simulated', atLeastOne, 5)
    .option('--quick', 'the small part of every level: a first look, no validation')
    .option('--json', 'print everything as one line of JSON on standard output')
    .option('--figures', 'end standard output with one line of JSON, the figures')
    .option('--write', 'write the tables into docs/validation.md and README.md, and the errors where plans read them')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      process.exitCode = await validate(flags)
    })

function levelNamed(text: string, before: Level[] = []): Level[] {
  const level = levels.find(one => one === text.toUpperCase())
  if (level === undefined) throw new InvalidArgumentError(`one of ${levels.join(', ')} is wanted.`)
  return before.includes(level) ? before : [...before, level]
}

async function validate({ level, scenario, seeds, quick = false, write = false, ...output }: Flags): Promise<number> {
  if (scenario && !level) {
    throw new ConfigurationError('--scenario needs the levels that shall run it, for instance --level V2')
  }
  if (write && quick) throw new ConfigurationError('--write keeps what was validated: without --quick')
  const environment = environmentNow(new Date(), ['tidegate', ...process.argv.slice(2)].join(' '))
  const signal = interruptSignal('ending the level under way and printing what was compared')
  const outcomes = await runLevels(level ?? levels, one => knownLevels[one](), {
    seeds,
    quick,
    signal,
    ...(scenario ? { scenarios: scenario } : {}),
    say: line => process.stderr.write(`tidegate: ${line}\n`),
  })
  const partial = signal.aborted
  const validation: Validation = { outcomes, partial, seeds, quick, commit: commitNow(), environment }
  tell(validation, output)
  if (write) await writeValidation(validation)
  const { validation_exceeded, validation_missing } = validationFigures(outcomes)
  if (partial || validation_missing !== 0) return exitCodes.harnessFailed
  return validation_exceeded === 0 ? exitCodes.held : exitCodes.checkFailed
}

function tell(validation: Validation, { json, figures }: Pick<Flags, 'json' | 'figures'>): void {
  const { outcomes, partial, seeds, quick, commit } = validation
  const all = comparisonsOf(outcomes)
  const out = (text: string) => process.stdout.write(`${text}\n`)
  if (json) {
    out(JSON.stringify({ ...validation, figures: validationFigures(outcomes) }))
    return
  }
  if (all.length > 0) out(`${tableOf(all)}\n\n${summaryOf(all)}`)
  for (const { level, missing } of outcomes) if (missing !== undefined) out(`\n${level} COULD NOT RUN: ${missing}`)
  if (partial) out('\nPARTIAL: it was ended before its time')
  const ran = outcomes.map(({ level }) => level)
  if (figures)
    out(
      JSON.stringify({
        validate: { levels: ran, partial, seeds, quick, commit },
        figures: validationFigures(outcomes),
      }),
    )
}
