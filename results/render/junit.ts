import { create } from 'xmlbuilder2'
import type { CheckResult } from '../checks.ts'
import type { FigureComparison } from '../gate/outcome.ts'
import { checkWords, comparisonWords, type Told } from './told.ts'

// JUnit XML, as CI services read it: a suite for each variant, a case for each check and for each figure of the gate.
// What failed is a failure; what nobody emitted is an error.

interface Case {
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'error'
  readonly message: string
}

/** The whole document. */
export function renderJunit({ record, gate }: Told): string {
  const suites = record.variants.map(variant => ({
    name: `${record.scenario.name} ${variant.name}`,
    seconds: (variant.endedMs - variant.startedMs) / 1_000,
    cases: [
      ...variant.checks.map(caseOfCheck),
      ...(gate?.comparisons.filter(one => one.variant === variant.name).map(caseOfComparison) ?? []),
    ],
  }))
  const known = new Set(record.variants.map(({ name }) => name))
  const gone = gate?.comparisons.filter(({ variant }) => !known.has(variant)) ?? []
  if (gone.length > 0) {
    suites.push({ name: `${record.scenario.name}, not run`, seconds: 0, cases: gone.map(caseOfComparison) })
  }
  const all = suites.flatMap(({ cases }) => cases)
  const root = create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\uFFFD' }).ele('testsuites', {
    name: 'tidegate',
    ...totals(all),
    time: seconds(suites.reduce((sum, suite) => sum + suite.seconds, 0)),
  })
  for (const suite of suites) {
    const into = root.ele('testsuite', { name: suite.name, ...totals(suite.cases), time: seconds(suite.seconds) })
    into.att('timestamp', record.environment.startedAt)
    for (const one of suite.cases) {
      const entry = into.ele('testcase', { classname: `tidegate.${suite.name.replaceAll(' ', '.')}`, name: one.name })
      if (one.outcome !== 'passed') entry.ele(one.outcome, { message: one.message, type: one.outcome })
    }
  }
  return `${root.end({ prettyPrint: true })}\n`
}

const seconds = (value: number): string => value.toFixed(3)

const totals = (cases: readonly Case[]) => ({
  tests: cases.length,
  failures: cases.filter(({ outcome }) => outcome === 'failure').length,
  errors: cases.filter(({ outcome }) => outcome === 'error').length,
})

function caseOfCheck(check: CheckResult): Case {
  const outcome = ({ held: 'passed', failed: 'failure', 'not-emitted': 'error' } as const)[check.outcome]
  return { name: `check: ${check.figure} ${check.want}`, outcome, message: checkWords(check) }
}

function caseOfComparison(one: FigureComparison): Case {
  const outcome = ({ better: 'passed', 'not-shown': 'passed', worse: 'failure', 'not-emitted': 'error' } as const)[
    one.outcome
  ]
  return { name: `gate by ${one.by}: ${one.figure}`, outcome, message: `${one.variant}: ${comparisonWords(one)}` }
}
