import { describe, expect, test } from 'vitest'
import { allowedError, type Comparison, errorOf, isExceeded, type Level } from './comparison.ts'
import { keep, nothingKept, pageOf, parseKept, plannedErrorsOf, summaryOfKept } from './kept.ts'
import type { LevelOptions } from './level.ts'
import { summaryOf, tableOf, verdictOf } from './render.ts'
import { runLevels } from './run-levels.ts'
import { type LevelOutcome, type Validation, validationFigures } from './validation.ts'

const comparison = (changes: Partial<Comparison> = {}): Comparison => ({
  level: 'V2',
  scenario: 'kickoff',
  variant: 'oca',
  figure: 'origin_requests',
  kind: 'count',
  trusted: 100,
  predicted: 101,
  goal: 0.02,
  spread: 0,
  n: 0,
  ...changes,
})
const outcome = (level: Level, comparisons: Comparison[], rest: Partial<LevelOutcome> = {}): LevelOutcome => ({
  level,
  comparisons,
  partial: false,
  tookMs: 1,
  ...rest,
})
const options = (said: string[] = [], more: Partial<LevelOptions> = {}): LevelOptions => ({
  seeds: 1,
  quick: true,
  say: line => void said.push(line),
  ...more,
})

describe('an error', () => {
  test('is a fraction of what is trusted, or of 1 where that is less', () => {
    expect(errorOf({ trusted: 200, predicted: 190 })).toBe(0.05)
    expect(errorOf({ trusted: 0, predicted: 3 })).toBe(3)
  })

  test('is exceeded over the goal, twice the spread and counting noise', () => {
    expect(allowedError(comparison({ spread: 0.04 }))).toBe(0.08)
    expect(allowedError(comparison({ n: 900 }))).toBeCloseTo(0.1)
    expect(['held', 'noise', 'exceeded']).toEqual(
      [101, 110, 160].map(predicted => verdictOf(comparison({ predicted, spread: 0.06 }))),
    )
    // Nothing is left to chance where there is no n: not the least difference is allowed over a goal of 0.
    expect(isExceeded(comparison({ trusted: 1e9, predicted: 1e9 - 1, goal: 0 }))).toBe(true)
  })
})

describe('the figures', () => {
  test('are the largest errors by level and kind, and those of which nothing was compared are not there', () => {
    const figures = validationFigures([
      outcome('V1', [
        comparison({ level: 'V1', goal: 0, predicted: 100 }),
        comparison({ level: 'V1', goal: 0, predicted: 99 }),
      ]),
      outcome('V2', [
        comparison(),
        comparison({ predicted: 97 }),
        comparison({ kind: 'p99_wait', predicted: 110, goal: 0.2, n: 500 }),
      ]),
      outcome('V5', [], { missing: 'nginx is not installed' }),
    ])
    expect(figures).toEqual({
      v1_logs_differing: 1,
      v2_count_error_max: 0.03,
      v2_p99_wait_error_max: 0.1,
      comparisons: 5,
      validation_exceeded: 2,
      validation_missing: 1,
    })
  })
})

test('the largest error is that of comparisons whose sample and whose runs carry the goal', () => {
  const v4 = (n: number, predicted: number) => comparison({ level: 'V4', goal: 0.005, n, predicted })
  const v2 = (spread: number, predicted: number) => comparison({ spread, predicted })
  const figures = validationFigures([
    outcome('V4', [v4(10_000, 102), v4(1_000_000, 100.4), v4(0, 100.1)]),
    outcome('V2', [v2(0.5, 140), v2(0.01, 103)]),
  ])
  expect(figures.v4_count_error_max).toBeCloseTo(0.004)
  expect(figures).toMatchObject({ v2_count_error_max: 0.03, validation_exceeded: 1 })
})

describe('Markdown', () => {
  test('has a row for each comparison, with its interval, what was allowed and why it differs', () => {
    const rows = tableOf([
      comparison({ kind: 'p50_wait', trusted: 12.34, predicted: 13, interval: [11, 14], goal: 0.1, n: 1_234 }),
      comparison({ predicted: 150, note: 'the edge is late' }),
      comparison({ scenario: 'flush', predicted: 170, note: 'the edge is late' }),
    ]).split('\n')
    expect(rows[2]).toBe(
      '| V2 | kickoff, oca | `origin_requests` | 12.3 (11 to 14) | 13 | 5.35 % of 10 % | 1,234 | held |',
    )
    expect(rows[3]).toContain('| 50 % of 2 % | – | **exceeded** |')
    expect(rows.at(-1)).toBe('- kickoff, oca, `origin_requests`; flush, oca, `origin_requests`: the edge is late')
  })

  test('sums up each level in a row', () => {
    const rows = summaryOf([comparison(), comparison({ level: 'V0', trusted: 5, predicted: 7 })]).split('\n')
    expect(rows).toHaveLength(4)
    expect(rows[2]).toBe('| V0 | closed forms against the simulator | 1 | counts 40 % | 1 |')
    expect(rows[3]).toContain('| 1 | counts 1 % | 0 |')
  })
})

describe('levels in turn', () => {
  test('one that cannot run is said and counted, and the others run', async () => {
    const said: string[] = []
    const outcomes = await runLevels(
      ['V2', 'V4', 'V5'],
      async level => async () => {
        if (level === 'V5') throw new Error('nginx is not installed')
        return level === 'V4' ? [] : [comparison()]
      },
      options(said),
    )
    expect(outcomes.map(({ missing }) => missing)).toEqual([undefined, 'it compared nothing', 'nginx is not installed'])
    expect(said).toEqual(['V4: COULD NOT RUN: it compared nothing', 'V5: COULD NOT RUN: nginx is not installed'])
  })

  test('a mistake of our own is told with its place', async () => {
    const said: string[] = []
    await runLevels(['V0'], async () => () => Promise.reject(new TypeError('no such thing')), options(said))
    expect(said[1]).toContain('validation.test.ts')
  })

  test('ended early: what the level under way has compared is kept, the rest is not begun', async () => {
    const ending = new AbortController()
    const begun: Level[] = []
    const load = async (level: Level) => async () => {
      begun.push(level)
      ending.abort()
      return [comparison()]
    }
    const outcomes = await runLevels(['V0', 'V1'], load, options([], { signal: ending.signal }))
    expect(begun).toEqual(['V0'])
    expect(outcomes).toMatchObject([{ level: 'V0', partial: true, comparisons: [{ figure: 'origin_requests' }] }])
  })
})

describe('what is kept', () => {
  const environment = {
    startedAt: '2026-01-31T18:00:00.000Z',
    node: 'v26',
    platform: 'linux x64',
    cpu: 'a CPU',
    cores: 2,
    memoryBytes: 1,
    loadAverage: [0],
    command: 'tidegate validate',
  }
  const validated = (outcomes: LevelOutcome[]): Validation => ({
    outcomes,
    partial: false,
    seeds: 5,
    quick: false,
    commit: '0123456789abcdef',
    environment,
  })
  const kept = keep(
    nothingKept,
    validated([outcome('V2', [comparison()]), outcome('V0', [comparison({ level: 'V0' })])]),
  )

  test('takes the place of the same level’s older result; what was not run to its end leaves it', () => {
    const later = keep(
      kept,
      validated([
        outcome('V2', [comparison({ predicted: 103, interval: [98, 101] })]),
        outcome('V0', [], { missing: 'no' }),
        outcome('V4', [comparison({ level: 'V4' })], { partial: true }),
      ]),
    )
    expect(later.levels.map(({ level, comparisons }) => [level, comparisons[0]?.predicted])).toEqual([
      ['V0', 101],
      ['V2', 103],
    ])
    expect(parseKept(JSON.parse(JSON.stringify(later)))).toEqual(later)
    expect(() => parseKept({ schema: 'tidegate-validation/0', levels: [] })).toThrow('schema')
  })

  test('is shown with where it comes from', () => {
    expect(pageOf(kept)).toContain(
      '### V0\n2026-01-31, commit 0123456789, a CPU, 2 cores, linux x64, Node v26.\n\n| level',
    )
    expect(pageOf(kept)).toContain('Node v26, 5 seeds.')
    expect(summaryOfKept(kept).split('\n')).toHaveLength(4)
  })

  test('of many comparisons shows what each scenario came to, and what is exceeded', () => {
    const many = Array.from({ length: 301 }, (_, i) => comparison({ figure: `f${i}`, predicted: i === 7 ? 200 : 100 }))
    const page = pageOf(keep(nothingKept, validated([outcome('V2', many)])))
    expect(page).toMatch(/\| 1 of 301 \|/)
    expect(page).toContain('`f7`')
    expect(page).not.toContain('`f8`')
  })

  test('widens the bands of plans by what was exceeded, and by nothing else', () => {
    const before = { schema: 's', source: 'before', count: 0.02, bytes: 0.02, peak: 0.05, held: 0.05 }
    expect(plannedErrorsOf(nothingKept, before)).toBe(before)
    const after = plannedErrorsOf(
      keep(
        nothingKept,
        validated([
          outcome('V2', [
            comparison({ trusted: 100, predicted: 80 }), // 25 % of what was predicted
            comparison({ predicted: 110, n: 100 }), // noise
            comparison({ trusted: 4, predicted: 40, n: 4 }), // too few to say anything of a plan
            comparison({ figure: 'origin_egress_bytes', predicted: 100 }),
            comparison({ figure: 'collapsed', predicted: 200 }), // no plan predicts it
          ]),
        ]),
      ),
      before,
    )
    expect(after).toMatchObject({ count: 0.25, bytes: 0.02, peak: 0.05, held: 0.05 })
    expect(after.source).toContain('4 comparisons of V2')
    // One run alone says nothing of the next.
    const once = { ...validated([outcome('V2', [comparison({ trusted: 100, predicted: 80 })])]), seeds: 1 }
    expect(plannedErrorsOf(keep(nothingKept, once), before)).toBe(before)
    // Without real runs a band would say nothing of the real world.
    const exactAndBulk = validated([outcome('V4', [comparison({ level: 'V4', predicted: 200 })])])
    expect(plannedErrorsOf(keep(nothingKept, exactAndBulk), before)).toBe(before)
  })
})
