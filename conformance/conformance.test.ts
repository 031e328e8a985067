import { describe, expect, it } from 'vitest'
import { ours, oursWithoutFastPath, startOurs } from './caches.ts'
import { checkDecisions, readDecisions } from './decisions.ts'
import { measure, type SuiteResults, startSuiteOrigin } from './measure.ts'
import { type Outcome, outcomesOf } from './outcomes.ts'
import { failures, figuresOf, type Measured, sideBySide } from './report.ts'
import { isInstalled, type SuiteFile } from './suite.ts'

// That the run cannot rot: what it concludes from results, and a handful of the suite's tests against a real edge.

const test = (id: string, more: Partial<SuiteFile['tests'][number]> = {}) => ({ id, name: id, requests: [], ...more })
const files: SuiteFile[] = [
  {
    id: 'file',
    name: 'a file',
    tests: [
      test('passes'),
      test('fails'),
      test('optional', { kind: 'optimal' }),
      test('asks', { kind: 'check' }),
      test('asks-in-vain', { kind: 'check' }),
      test('unprepared'),
      test('depends', { depends_on: ['fails'] }),
      test('depends-on-yes', { depends_on: ['asks'] }),
      test('forgotten'),
    ],
  },
]
const results: SuiteResults = {
  passes: true,
  fails: ['Assertion', 'wrong'],
  optional: ['Assertion', 'not made'],
  asks: true,
  'asks-in-vain': ['Assertion', 'no'],
  unprepared: ['Setup', 'no origin'],
  depends: true,
  'depends-on-yes': true,
}
const outcomes = outcomesOf(files, results)

describe('what results mean', () => {
  it('is what the suite itself makes of them', () => {
    expect(Object.fromEntries(outcomes)).toEqual({
      passes: 'pass',
      fails: 'fail',
      optional: 'not-optimal',
      asks: 'yes',
      'asks-in-vain': 'no',
      unprepared: 'set-up-failed',
      depends: 'dependency-failed',
      'depends-on-yes': 'pass',
      forgotten: 'untested',
    } satisfies Record<string, Outcome>)
  })

  it('is held against the decisions in both directions', () => {
    const decided = (...ids: string[]) => ids.map(id => ({ id, because: 'a reason of twenty letters' }))
    const rest = ['unprepared', 'depends', 'forgotten']
    const nothing = { unlisted: [], listedButPass: [] }
    expect(checkDecisions(files, outcomes, decided('fails', 'optional', ...rest))).toEqual(nothing)
    expect(checkDecisions(files, outcomes, decided('passes', 'no-such-test', ...rest))).toEqual({
      unlisted: ['fails', 'optional'],
      listedButPass: ['passes', 'no-such-test'],
    })
  })

  it('is printed side by side, and counted for the figures', () => {
    const measured = (cache: string): Measured => ({ cache, results, outcomes, cdnOutcomes: outcomes })
    const all = [measured('oca'), { ...measured('nginx 1.2'), outcomes: new Map([['passes', 'pass' as const]]) }]
    expect(sideBySide(files, all, one => one.outcomes)).toMatch(/file +│ 2 \/ 1 \/ 1 \/ 3 · 1 +│ 1 \/ 0 \/ 0 \/ 8 · 0/)
    expect(figuresOf(files, files, all)).toMatchObject({
      passed: 2,
      failed: 2,
      passed_best_other: 1,
      'passed.nginx': 1,
      cdn_cache_control_share: 2 / 7,
    })
    const listed = failures(files, outcomes, results, [{ id: 'fails', because: 'it is meant to be so' }])
    expect(listed).toMatch(/does not pass 5:\n +fail +fails: fails\n +wrong\n +decision: it is meant to be so\n/)
    expect(listed).not.toContain('asks-in-vain')
  })
})

/** One or two of what was once wrong or is easily broken: methods, invalidation, Vary, conditions, statuses, parts. */
const handful = [
  'freshness-max-age',
  'freshness-max-age-s-maxage-shared-shorter',
  'cc-resp-no-cache-revalidate',
  'status-204-fresh',
  'status-599-fresh',
  'status-599-must-understand',
  'vary-normalise-lang-case',
  'conditional-lm-fresh-rfc850',
  '304-etag-update-response-Content-Type',
  'invalidate-POST',
  'invalidate-M-SEARCH-cl',
  'invalidate-DELETE-failed',
  'partial-store-complete-reuse-partial-suffix',
  'other-authorization',
]

// The suite has a lock of its own: see install.ts.
const why = "the suite is not installed: 'npm run conformance' installs it, or 'npm install --no-save' in conformance/"
if (!isInstalled()) process.stderr.write(`\nCONFORMANCE IS NOT TESTED: ${why}\n\n`)

describe.runIf(isInstalled())('the suite against our edge', () => {
  it.each([ours, oursWithoutFastPath] as const)('passes what it passed: %s', { timeout: 60_000 }, async way => {
    const origin = await startSuiteOrigin()
    const edge = await startOurs(origin.url, way)
    try {
      const suite = await measure(edge.url, 'suite', handful)
      expect(suite).toEqual(Object.fromEntries(handful.map(id => [id, true])))
      const id = 'cdn-cc-against-cc-freshness-max-age'
      expect(await measure(edge.url, 'cdn', [id])).toEqual({ [id]: true })
    } finally {
      await edge.stop()
      await origin.stop()
    }
  })

  it('lists no decision twice', () => {
    const ids = readDecisions().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
