import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { scenarioNames } from './list.ts'
import { type KnownNames, referenceProblems } from './references.ts'
import { ScenarioError, type ScenarioProblem } from './scenario-error.ts'
import { type Scenario, scenarioSchema } from './schema.ts'
import { keysAt, nearest, type Path, wantedAt } from './wanted.ts'

// From a name or a path to a scenario, or to a message that says where the file is wrong and what would be right.

const scenarioFolder = dirname(fileURLToPath(import.meta.url))

/**
 * The scenario that `nameOrPath` names: a file of this folder by its name without `.yaml`, or any file by its path.
 * Throws ScenarioError.
 */
export function loadScenario(nameOrPath: string, known: KnownNames = {}): Scenario {
  const own = join(scenarioFolder, `${nameOrPath}.yaml`)
  const isName = /^[a-z0-9][a-z0-9-]*$/.test(nameOrPath)
  if (isName && existsSync(own)) return parseScenario(readFileSync(own, 'utf8'), relative(process.cwd(), own), known)
  if (isName && !existsSync(nameOrPath)) {
    const names = scenarioNames()
    const near = nearest(nameOrPath, names)
    const right = near ? `did you mean '${near}'?` : `there are: ${names.join(', ')}; or give a file's path`
    throw new ScenarioError(nameOrPath, [{ line: 1, column: 1, wrong: 'there is no scenario of this name', right }])
  }
  let text: string
  try {
    text = readFileSync(nameOrPath, 'utf8')
  } catch (error) {
    const wrong = `the file cannot be read (${(error as NodeJS.ErrnoException).code})`
    throw new ScenarioError(nameOrPath, [{ line: 1, column: 1, wrong, right: 'give the path of a YAML file' }])
  }
  return parseScenario(text, nameOrPath, known)
}

/** Reads a scenario from YAML `text`; `file` is for messages. Throws ScenarioError. */
export function parseScenario(text: string, file: string, known: KnownNames = {}): Scenario {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    throw new ScenarioError(
      file,
      document.errors.map(error => ({
        line: error.linePos?.[0].line ?? 1,
        column: error.linePos?.[0].col ?? 1,
        wrong: `this is no YAML: ${(error.message.split('\n')[0] ?? '').replace(/ at line .*$/, '')}`,
        right: 'mind the indentation and the quotes',
      })),
    )
  }
  const value: unknown = document.toJS()
  const at = (path: Path, key?: string) => placeOf(document, lines, path, key)
  const result = scenarioSchema.safeParse(value)
  if (!result.success) {
    throw new ScenarioError(
      file,
      result.error.issues.flatMap(issue => problemsOf(issue, value, at)),
    )
  }
  const dangling = referenceProblems(result.data, known)
  if (dangling.length > 0) {
    throw new ScenarioError(
      file,
      dangling.map(({ path, wrong, right }) => ({ ...at(path), wrong, right })),
    )
  }
  return result.data
}

/** SHA-256 of the scenario's canonical JSON (defaults filled in, keys sorted): the same run, whatever the file's form. */
export const scenarioHash = (scenario: Scenario): string =>
  createHash('sha256')
    .update(JSON.stringify(scenario, (_, value: unknown) => (isPlainObject(value) ? sortedKeys(value) : value)))
    .digest('hex')

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const sortedKeys = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

type Place = Pick<ScenarioProblem, 'line' | 'column'>
type At = (path: Path, key?: string) => Place

function problemsOf(issue: z.core.$ZodIssue, value: unknown, at: At): ScenarioProblem[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => {
      const keys = keysAt(path, value)
      const near = nearest(key, keys)
      const right = near ? `did you mean '${near}'?` : `there may be: ${keys.join(', ')}`
      return { ...at(path, key), wrong: `unknown key '${key}'${path.length ? ` in ${inWords(path)}` : ''}`, right }
    })
  }
  const given = path.reduce<unknown>(
    (here, step) => (here as Record<string | number, unknown> | undefined)?.[step],
    value,
  )
  const wanted =
    issue.code === 'invalid_union' && issue.discriminator ? discriminatorWords(issue) : wantedAt(path, value)
  const name = path.length ? inWords(path) : 'the scenario'
  const wrong = given === undefined ? `${name} is missing` : `${name} cannot be ${shortly(given)}`
  return [{ ...at(path), wrong, right: `it must be ${wanted}` }]
}

const discriminatorWords = (issue: z.core.$ZodIssueInvalidUnion): string =>
  `one of ${((issue as { options?: readonly unknown[] }).options ?? []).join(', ')}`

const inWords = (path: Path): string =>
  path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')

function shortly(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

/** Where `path` (or its key `key`) stands in the file; the nearest parent that is there when it is not. */
function placeOf(document: Document, lines: LineCounter, path: Path, key?: string): Place {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    const pair =
      isMap(node) && key !== undefined
        ? node.items.find(item => isScalar(item.key) && item.key.value === key)
        : undefined
    const range = isNode(pair?.key) ? pair.key.range : isNode(node) ? node.range : undefined
    if (range) {
      const { line, col } = lines.linePos(range[0])
      return { line, column: col }
    }
  }
  return { line: 1, column: 1 }
}
