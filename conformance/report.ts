import Table from 'cli-table3'
import type { Decision } from './decisions.ts'
import { canPass, countOutcome, type Outcome, type Outcomes } from './outcomes.ts'
import type { SuiteFile, SuiteResult } from './suite.ts'

// What the run prints: passes, failures and optional behaviour by file, the caches side by side; what this project's
// edge does not pass, and why; and the figures.

export interface Measured {
  readonly cache: string
  readonly results: Readonly<Record<string, SuiteResult>>
  readonly outcomes: Outcomes
  /** Of the freshness cases repeated with CDN-Cache-Control. */
  readonly cdnOutcomes: Outcomes
}

const legend =
  'passes / failures / optimisations not made / said nothing (set-up or a dependency failed) · yes of the questions\n'

/** A table of every file, each cell as the legend under it says. */
export function sideBySide(
  files: readonly SuiteFile[],
  measured: readonly Measured[],
  outcomesOf: (measured: Measured) => Outcomes,
): string {
  const table = new Table({ head: ['file', ...measured.map(m => m.cache)], style: { head: [], border: [] } })
  for (const file of files) {
    table.push([file.id, ...measured.map(m => cell(restrict(outcomesOf(m), file)))])
  }
  table.push(['all', ...measured.map(m => cell(outcomesOf(m)))])
  return `${table.toString()}\n${legend}`
}

function cell(outcomes: Outcomes): string {
  const silent = countOutcome(outcomes, 'set-up-failed', 'dependency-failed', 'untested')
  const [pass, fail, notOptimal, yes] = (['pass', 'fail', 'not-optimal', 'yes'] as const).map(o =>
    countOutcome(outcomes, o),
  )
  return `${pass} / ${fail} / ${notOptimal} / ${silent} · ${yes}`
}

const restrict = (outcomes: Outcomes, file: SuiteFile): Outcomes =>
  new Map(file.tests.map(test => [test.id, outcomes.get(test.id) ?? 'untested']))

/** In this order what a cache did not pass is listed. */
const notPassed: readonly Outcome[] = ['fail', 'set-up-failed', 'dependency-failed', 'untested', 'not-optimal']

/** Every test that can pass and did not: its outcome, what the suite says, and the reason where it is a decision. */
export function failures(
  files: readonly SuiteFile[],
  outcomes: Outcomes,
  results: Readonly<Record<string, SuiteResult>>,
  decisions: readonly Decision[],
): string {
  const tests = files.flatMap(file => file.tests).filter(canPass)
  const because = new Map(decisions.map(decision => [decision.id, decision.because]))
  const lines = notPassed.flatMap(outcome =>
    tests
      .filter(test => outcomes.get(test.id) === outcome)
      .map(({ id, name }) => {
        const result = results[id]
        const message = Array.isArray(result) ? result[1] : 'the suite gave no result'
        const reason = because.get(id)
        return `  ${outcome}  ${id}: ${name}\n      ${message}${reason === undefined ? '' : `\n      decision: ${reason}`}\n`
      }),
  )
  return `Of what can pass, this project's edge does not pass ${lines.length}:\n${lines.join('')}`
}

/** Tests that can pass and did. */
export function passed(files: readonly SuiteFile[], outcomes: Outcomes): number {
  return files.flatMap(file => file.tests).filter(test => canPass(test) && outcomes.get(test.id) === 'pass').length
}

/** The figures of a run whose first cache is this project's edge. */
export function figuresOf(
  suite: readonly SuiteFile[],
  repeated: readonly SuiteFile[],
  [own, ...others]: readonly Measured[],
): Record<string, number> {
  if (!own) throw new Error('nothing was measured')
  const passedBy = others.map(other => passed(suite, other.outcomes))
  const shareOf = ({ cdnOutcomes }: Measured) =>
    passed(repeated, cdnOutcomes) / repeated.flatMap(file => file.tests).filter(canPass).length
  return {
    passed: passed(suite, own.outcomes),
    failed: countOutcome(own.outcomes, 'fail') + countOutcome(own.cdnOutcomes, 'fail'),
    ...(others.length > 0 ? { passed_best_other: Math.max(...passedBy) } : {}),
    cdn_cache_control_share: shareOf(own),
    ...Object.fromEntries(others.map((other, i) => [`passed.${kindOf(other)}`, passedBy[i] as number])),
    ...Object.fromEntries(others.map(other => [`cdn_cache_control_share.${kindOf(other)}`, shareOf(other)])),
  }
}

/** Figures are named by the kind of cache, without its version. */
const kindOf = ({ cache }: Measured): string => cache.split(' ', 1)[0] as string
