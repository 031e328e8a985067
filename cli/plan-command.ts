import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { parsePolicy } from '../lab/policies.ts'
import { readCalibration } from '../sim/node/calibration-file.ts'
import { loadCurve, loadErrors, loadInput, loadTopology } from '../sim/node/load-plan.ts'
import { planCsv, sweepCsv } from '../sim/node/plan-csv.ts'
import { renderPlan, renderSweep } from '../sim/node/render-plan.ts'
import { type RunPlanOptions, runPlan, runSweep, runWhatIf } from '../sim/node/run-plan.ts'
import { parseAmount } from '../sim/plan/amounts.ts'
import { defaultMemoryBytes } from '../sim/plan/check-input.ts'
import { joinShards, planRecordOf, type Shard } from '../sim/plan/make-plan.ts'
import { drawPlan } from '../sim/plan/picture.ts'
import { PlanError } from '../sim/plan/plan-error.ts'
import type { PlanFlags } from '../sim/plan/plan-input.ts'
import { type PlanRecord, planRecordSchema } from '../sim/plan/plan-record.ts'
import { type InputMaker, parseSweep } from '../sim/plan/sweep.ts'
import { knownErrors } from '../sim/plan/validation-error.ts'
import { fullEffort, quickEffort, usualEffort } from '../sim/plan/world-of.ts'
import { exitCodes } from './errors.ts'
import { interruptSignal } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import { planProgressView } from './plan-progress-view.ts'

interface Flags {
  readonly viewers?: number
  readonly edges?: number
  readonly sites?: number
  readonly seed?: number
  readonly minutes?: number
  readonly policy?: string
  readonly topology?: string
  readonly calibration?: string
  readonly curve?: string
  readonly ladder?: Record<string, number>
  readonly errors?: string
  readonly sweep?: string
  readonly steps: number
  readonly whatIf?: boolean
  readonly full?: boolean
  readonly shard?: Shard
  readonly merge?: string[]
  readonly threads: number
  readonly memory: number
  readonly json?: boolean
  readonly csv?: boolean
  readonly svg?: string
  readonly out?: string
  readonly quiet?: boolean
}

const help = `
A plan is a file of plans/ by its name, a scenario by its name, or the path of either. docs/planning.md walks through one.

Examples:
  tidegate plan world-final
  tidegate plan world-final --viewers 100M --edges 25k --policy oca-designatedFill
  tidegate plan world-final --curve viewers.csv --topology topology.yaml --csv > plan.csv
  tidegate plan world-final --calibration results/calibration.json
  tidegate plan world-final --sweep viewers=1M..100M
  tidegate plan world-final --sweep policy.holdAheadMs=0..4000 --steps 5
  tidegate plan world-final --what-if
  tidegate plan world-final --shard 1/4 --json > shard-1.json
  tidegate plan world-final --merge shard-1.json shard-2.json shard-3.json shard-4.json

Exit codes: 0 done, 1 ended before its time, 2 a plan that cannot be.`

/** `tidegate plan`. */
export const planCommand = (): Command =>
  new Command('plan')
    .description('predict what every tier has to bear, for any number of viewers and edges')
    .argument('<plan>', "a plan's or scenario's name, or the path of a file")
    .option('--viewers <number>', 'instead of its own, as 65M', atLeastOne)
    .option('--edges <number>', 'instead of its own', atLeastOne)
    .option('--sites <number>', 'instead of a site for every three edges', atLeastOne)
    .option('--topology <file>', 'classes of sites, capacities and costs (YAML)')
    .option('--calibration <file>', 'service costs measured by tidegate calibrate; those of the topology win')
    .option('--curve <file>', "viewers by second (CSV: second,viewers), instead of the fleet's arrivals")
    .option('--ladder <shares>', 'shares of the rungs, as v1=0.2,v2=0.8', ladderShares)
    .option('--policy <policy>', "the edges' policy, as oca or oca-wakeOnFill")
    .option('--seed <number>', 'instead of its own', wholeNumber)
    .option('--minutes <number>', 'plan the first minutes only', amount)
    .option('--errors <file>', 'errors that validation has found, for the bands')
    .option('--sweep <name=from..to>', 'move one number, and print the curve and its knee')
    .option('--steps <number>', 'steps of the sweep', atLeastOne, 9)
    .option('--what-if', 'each behaviour of the edge off in turn, the dearest first')
    .option('--full', 'decide every edge key, also where nothing changes')
    .option('--shard <i/n>', 'count only one shard of the edges; --merge joins them', shardOf)
    .option('--merge <files...>', 'records of all shards, made with the same plan and flags')
    .option('--threads <number>', 'threads to work in', atLeastOne, availableParallelism())
    .option('--memory <bytes>', 'refuse what would need more, as 2G', amount, defaultMemoryBytes)
    .option('--json', 'print the record alone')
    .option('--csv', 'print the figures as CSV')
    .option('--svg <file>', 'draw the storm')
    .option('--out <folder>', 'write the record there as plan.json')
    .option('--quiet', 'show no progress')
    .addHelpText('after', help)
    .action(async (name: string, flags: Flags) => {
      process.exitCode = await plan(name, flags)
    })

async function plan(name: string, flags: Flags): Promise<number> {
  const make = loadInput(name, planFlags(flags))
  const view = planProgressView(flags.quiet ?? false)
  const options: RunPlanOptions = {
    effort: flags.full ? fullEffort : flags.sweep || flags.whatIf ? quickEffort : usualEffort,
    error: flags.errors === undefined ? knownErrors : loadErrors(flags.errors),
    threads: flags.threads,
    memoryBytes: flags.memory,
    signal: interruptSignal('ending the plan and keeping what was counted'),
    onProgress: view.show,
  }
  try {
    if (flags.sweep !== undefined) return await sweep(make, flags.sweep, flags, options)
    const record = flags.merge ? merge(make, flags.merge, options) : await runPlan(make, options, flags.shard)
    view.end()
    const whatIf = flags.whatIf && !record.partial ? await whatIfOf(make, options, flags, record) : undefined
    return tell(whatIf ? { ...record, whatIf: whatIf.map(row => ({ ...row })) } : record, flags)
  } finally {
    view.end()
  }
}

/** Each switch takes as long as the plan did: its progress is shown by itself. */
async function whatIfOf(make: InputMaker, options: RunPlanOptions, flags: Flags, record: PlanRecord) {
  const view = planProgressView(flags.quiet ?? false)
  // A shard is not the whole, and shards that are merged were made with an effort of their own.
  const base = flags.merge || flags.shard ? undefined : record
  try {
    return await runWhatIf(make, { ...options, onProgress: view.show }, base)
  } finally {
    view.end()
  }
}

async function sweep(make: InputMaker, text: string, flags: Flags, options: RunPlanOptions): Promise<number> {
  const wanted = parseSweep(text, flags.steps)
  const points = await runSweep(make, wanted, options)
  const { name } = wanted.variable
  const partial = points.length < wanted.values.length
  if (flags.json) process.stdout.write(`${JSON.stringify({ schema: 'tidegate-sweep/1', partial, name, points })}\n`)
  else if (flags.csv) process.stdout.write(sweepCsv(name, points))
  else process.stdout.write(`${partial ? 'PARTIAL: it was ended before its time\n' : ''}${renderSweep(name, points)}\n`)
  return partial ? exitCodes.harnessFailed : exitCodes.held
}

function merge(make: InputMaker, files: readonly string[], { error }: RunPlanOptions): PlanRecord {
  const records = files.map(file => {
    try {
      return planRecordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (cause) {
      throw new PlanError([
        `${file} is no record of a plan (${(cause as Error).message.split('\n')[0]}): give what --json has printed`,
      ])
    }
  })
  try {
    return planRecordOf(make({}), joinShards(records), undefined, error)
  } catch (cause) {
    if (cause instanceof RangeError) throw new PlanError([cause.message])
    throw cause
  }
}

function tell(record: PlanRecord, flags: Flags): number {
  if (flags.svg !== undefined) writeFileSync(flags.svg, drawPlan(record))
  if (flags.out !== undefined || record.partial) {
    const folder = flags.out ?? join('results', 'runs', `plan-${record.plan.name}`)
    mkdirSync(folder, { recursive: true })
    const file = join(folder, 'plan.json')
    writeFileSync(file, `${JSON.stringify(record)}\n`)
    process.stderr.write(
      `tidegate: the record is in ${relative(process.cwd(), file)}${record.partial ? ', marked partial' : ''}\n`,
    )
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(record)}\n`)
  else process.stdout.write(flags.csv ? planCsv(record) : `${renderPlan(record)}\n`)
  return record.partial ? exitCodes.harnessFailed : exitCodes.held
}

const planFlags = (flags: Flags): PlanFlags => ({
  viewers: flags.viewers,
  edges: flags.edges,
  sites: flags.sites,
  seed: flags.seed,
  durationMs: flags.minutes === undefined ? undefined : Math.round(flags.minutes * 60_000),
  policy: flags.policy === undefined ? undefined : parsePolicy(flags.policy).policy,
  topology: flags.topology === undefined ? undefined : loadTopology(flags.topology),
  calibration: flags.calibration === undefined ? undefined : readCalibration(flags.calibration),
  ladder: flags.ladder,
  curve: flags.curve === undefined ? undefined : loadCurve(flags.curve),
})

function amount(text: string): number {
  const value = parseAmount(text)
  if (value === undefined) throw new InvalidArgumentError('a number is wanted, as 1.5, 18000 or 65M.')
  return value
}

function atLeastOne(text: string): number {
  const value = amount(text)
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number, 1 or more, is wanted, as 18000 or 65M.')
  return value
}

function shardOf(text: string): Shard {
  const match = /^([1-9][0-9]*)\/([1-9][0-9]*)$/.exec(text)
  const [index, of] = [Number(match?.[1]), Number(match?.[2])]
  if (!match || index > of) throw new InvalidArgumentError('a shard is i/n with i from 1 to n, as 2/4.')
  return { index, of }
}

function ladderShares(text: string): Record<string, number> {
  const entries = text.split(',').map((part): [string, number] => {
    const [name = '', share] = part.split('=')
    return [name.trim(), Number(share)]
  })
  if (entries.some(([name, share]) => name === '' || !(share >= 0))) {
    throw new InvalidArgumentError('shares are wanted, as v1=0.2,v2=0.8.')
  }
  return Object.fromEntries(entries)
}
