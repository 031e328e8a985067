import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse as parseCsv } from 'csv-parse/sync'
import { parse as parseYaml, YAMLParseError } from 'yaml'
import { ZodError, type z } from 'zod'
import { loadScenario } from '../../scenarios/load.ts'
import { nearest } from '../../scenarios/wanted.ts'
import { PlanError } from '../plan/plan-error.ts'
import { planSchema } from '../plan/plan-file.ts'
import { type CurvePoint, inputOfPlan, inputOfScenario, type PlanFlags } from '../plan/plan-input.ts'
import type { InputMaker } from '../plan/sweep.ts'
import { type Topology, topologySchema } from '../plan/topology-file.ts'
import { type ValidationError, validationErrorSchema } from '../plan/validation-error.ts'

// Files of a planner, and messages that say where one is wrong and what would be right.

const planFolder = join(import.meta.dirname, '../../plans')
const suffix = '.yaml'

const planNames = (): string[] =>
  readdirSync(planFolder)
    .filter(file => file.endsWith(suffix))
    .map(file => file.slice(0, -suffix.length))
    .sort()

/** What makes the input of the plan or scenario `nameOrPath`; `flags` stand unless they are overridden. */
export function loadInput(nameOrPath: string, flags: PlanFlags): InputMaker {
  const own = join(planFolder, nameOrPath + suffix)
  const file = /^[a-z0-9-]+$/.test(nameOrPath) && existsSync(own) ? own : nameOrPath
  const isFile = existsSync(file)
  const value = isFile ? yamlOf(file) : undefined
  if (typeof value === 'object' && value !== null && 'plan' in value) {
    const plan = read(planSchema, value, file)
    return more => checked(file, () => inputOfPlan(plan, { ...flags, ...more }))
  }
  if (!isFile && /^[a-z0-9-]+$/.test(nameOrPath)) refuseUnknown(nameOrPath)
  const scenario = loadScenario(nameOrPath)
  return more => checked(file, () => inputOfScenario(scenario, { ...flags, ...more }))
}

/** A name that is close to a plan's but is neither a plan nor a scenario. */
function refuseUnknown(name: string): void {
  const near = nearest(name, planNames())
  if (near) throw new PlanError([`there is no plan or scenario '${name}'; did you mean '${near}'?`])
}

export const loadTopology = (file: string): Topology => read(topologySchema, yamlOf(file), file)

export const loadErrors = (file: string): ValidationError => read(validationErrorSchema, yamlOf(file), file)

/** A viewer curve: CSV with the columns `second` (from the storm's start) and `viewers`. */
export function loadCurve(file: string): CurvePoint[] {
  let rows: Record<string, string>[]
  try {
    rows = parseCsv(textOf(file), { columns: true, skip_empty_lines: true, trim: true, bom: true })
  } catch (error) {
    throw new PlanError([
      `${file} is no CSV: ${(error as Error).message}; write a line 'second,viewers' and a row for each point`,
    ])
  }
  return rows.map((row, i) => {
    const [second, viewers] = [Number(row.second), Number(row.viewers)]
    const isRight = row.second !== undefined && row.viewers !== undefined && second >= 0 && viewers >= 0
    if (!isRight) {
      throw new PlanError([
        `${file}, row ${i + 2}: it needs a second and viewers, both numbers from 0 on, as in '900,12000000'`,
      ])
    }
    return { second, viewers }
  })
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new PlanError([`${file} cannot be read (${code}); give the path of a file`])
  }
}

function yamlOf(file: string): unknown {
  const text = textOf(file)
  try {
    return parseYaml(text)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    throw new PlanError([`${file} is no YAML: ${error.message.split('\n')[0]}; mind the indentation and the quotes`])
  }
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.infer<Schema> {
  return checked(file, () => schema.parse(value))
}

/** What `make` gives; a number or name that cannot be is told with its place. */
function checked<Value>(file: string, make: () => Value): Value {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof ZodError)) throw error
    throw new PlanError(
      error.issues.map(
        ({ path, message }) => `${file}: ${path.length > 0 ? path.join('.') : 'the file'}: ${wanted(message)}`,
      ),
    )
  }
}

/** zod's words, with what would be right where they leave it open. */
const wanted = (message: string): string =>
  message.replace(
    /^Too small: expected number to be >0$/,
    'a capacity is a number above 0, in the unit that its name ends with',
  )
