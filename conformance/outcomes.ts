import type { SuiteFile, SuiteResult, SuiteTest } from './suite.ts'

// What a result means. The suite's own rule (lib/display.mjs of the package), in its words: a test whose dependency did
// not hold says nothing, and neither does one whose set-up failed.

export type Outcome =
  | 'pass'
  | 'fail'
  /** An optimisation that the cache does not make: no failure. */
  | 'not-optimal'
  | 'yes'
  | 'no'
  | 'set-up-failed'
  | 'dependency-failed'
  | 'untested'

export type Outcomes = ReadonlyMap<string, Outcome>

/** The outcome of every test of `files`. */
export function outcomesOf(files: readonly SuiteFile[], results: Readonly<Record<string, SuiteResult>>): Outcomes {
  const tests = new Map(files.flatMap(file => file.tests).map(test => [test.id, test]))
  const known = new Map<string, Outcome>()
  const judge = (test: SuiteTest): Outcome => {
    const before = known.get(test.id)
    if (before) return before
    const outcome = judgeOne(
      test,
      results[test.id],
      (test.depends_on ?? []).every(id => dependencyHolds(id)),
    )
    known.set(test.id, outcome)
    return outcome
  }
  const dependencyHolds = (id: string): boolean => {
    const test = tests.get(id)
    return test !== undefined && ['pass', 'yes'].includes(judge(test))
  }
  for (const test of tests.values()) judge(test)
  return known
}

function judgeOne(test: SuiteTest, result: SuiteResult | undefined, dependenciesHold: boolean): Outcome {
  if (result === undefined) return 'untested'
  if (!dependenciesHold) return 'dependency-failed'
  if (result !== true && result[0] === 'Setup') return 'set-up-failed'
  const passed = result === true
  if (test.kind === 'check') return passed ? 'yes' : 'no'
  if (passed) return 'pass'
  return test.kind === 'optimal' ? 'not-optimal' : 'fail'
}

/** Tests that can pass or fail: all but those that ask yes or no. */
export const canPass = (test: SuiteTest): boolean => test.kind !== 'check'

export const countOutcome = (outcomes: Outcomes, ...wanted: readonly Outcome[]): number =>
  [...outcomes.values()].filter(outcome => wanted.includes(outcome)).length
