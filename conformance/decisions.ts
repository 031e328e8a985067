import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { canPass, type Outcomes } from './outcomes.ts'
import type { SuiteFile } from './suite.ts'

// What this project's edge does not pass by decision: listed with its reason, and checked in both directions.

const schema = z.array(z.strictObject({ id: z.string(), because: z.string().min(20) }))
export type Decision = z.infer<typeof schema>[number]

export const readDecisions = (file = join(import.meta.dirname, 'decisions.yaml')): Decision[] =>
  schema.parse(parse(readFileSync(file, 'utf8')))

export interface DecisionCheck {
  /** Can pass and did not, for whatever cause, and no decision says why. */
  readonly unlisted: readonly string[]
  /** Listed, but it passes, or the suite has no such test: the list is out of date. */
  readonly listedButPass: readonly string[]
}

/**
 * Holds what our edge did not pass against the list. Not only what the suite calls a failure: were the set-up of every
 * test to fail, it would call none so.
 */
export function checkDecisions(
  files: readonly SuiteFile[],
  outcomes: Outcomes,
  decisions: readonly Decision[],
): DecisionCheck {
  const listed = new Set(decisions.map(decision => decision.id))
  const tests = files.flatMap(file => file.tests).filter(canPass)
  const notPassed = new Set(tests.map(test => test.id).filter(id => outcomes.get(id) !== 'pass'))
  return {
    unlisted: [...notPassed].filter(id => !listed.has(id)),
    listedButPass: [...listed].filter(id => !notPassed.has(id)),
  }
}
