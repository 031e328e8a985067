import { describe, expect, test } from 'vitest'
import { compareWithBaseline } from './against-baseline.ts'
import { baselineOf } from './baseline.ts'
import { GateError } from './outcome.ts'
import { baselineWith, runWith } from './runs.fixture.ts'

const of = (record = runWith(), baseline = baselineWith()) => {
  const { comparisons, notes } = compareWithBaseline(record, baseline)
  const shown = comparisons.filter(({ outcome }) => outcome !== 'not-shown')
  return { shown: shown.map(({ variant, figure, outcome, by }) => [variant, figure, outcome, by]), comparisons, notes }
}

describe('a record against a baseline', () => {
  test('that is equal shows nothing, and every count is looked at', () => {
    const { shown, comparisons, notes } = of()
    expect(shown).toEqual([])
    expect(notes).toEqual([])
    expect(comparisons.filter(({ figure }) => figure === 'fills_per_segment_max')).toHaveLength(3)
    expect(comparisons.some(({ figure }) => figure.endsWith('_ms_p50'))).toBe(false)
  })

  test('with one fill more in one segment is worse, with one less it is better', () => {
    expect(of(runWith({ fills_per_segment_max: 2 })).shown).toEqual([
      ['oca', 'fills_per_segment_max', 'worse', 'exact'],
    ])
    const less = of(runWith({ early_404_seen: 3 }), baselineWith([4, 4, 4].map(n => ({ early_404_seen: n }))))
    expect(less.shown).toEqual([['oca', 'early_404_seen', 'better', 'exact']])
  })

  test('has room for counts that race, and no more', () => {
    const baseline = baselineWith([100, 104, 102].map(n => ({ origin_requests: n })))
    const at = (requests: number) => of(runWith({ origin_requests: requests }), baseline).shown
    expect(at(117)).toEqual([])
    expect(at(118)).toEqual([['oca', 'origin_requests', 'worse', 'band']])
    expect(at(86)).toEqual([['oca', 'origin_requests', 'better', 'band']])
  })

  test('by a figure of which more is better', () => {
    const baseline = baselineWith([0.8, 0.81, 0.8].map(n => ({ 'hit_share.a1': n })))
    expect(of(runWith({ 'hit_share.a1': 0.7 }), baseline).shown).toEqual([['oca', 'hit_share.a1', 'worse', 'band']])
    expect(of(runWith({ 'hit_share.a1': 0.95 }), baseline).shown).toEqual([['oca', 'hit_share.a1', 'better', 'band']])
  })

  test('with other players is not the same work, whichever way', () => {
    expect(of(runWith({ players: 299 })).shown).toEqual([['oca', 'players', 'worse', 'exact']])
    expect(of(runWith({ players: 301 })).shown).toEqual([['oca', 'players', 'worse', 'exact']])
  })

  test('without a figure that the baseline has is an error, and no silence', () => {
    const { shown, comparisons } = of(runWith({ fills_per_segment_max: undefined }))
    expect(shown).toEqual([['oca', 'fills_per_segment_max', 'not-emitted', 'exact']])
    expect(comparisons.find(({ outcome }) => outcome === 'not-emitted')).toMatchObject({ is: null, was: 1 })
    const gone = runWith()
    const { shown: missing } = of({ ...gone, variants: gone.variants.filter(({ name }) => name !== 'nginx') })
    expect(missing.length).toBeGreaterThan(10)
    expect(new Set(missing.map(([variant, , outcome]) => `${variant} ${outcome}`))).toEqual(
      new Set(['nginx not-emitted']),
    )
  })

  test('uses a band for an exact figure on which the baseline’s own runs differ, and says so', () => {
    const baseline = baselineWith([10, 12, 11].map(n => ({ early_404_seen: n })))
    const { comparisons } = of(runWith({ early_404_seen: 13 }), baseline)
    const found = comparisons.find(({ variant, figure }) => variant === 'oca' && figure === 'early_404_seen')
    expect(found).toMatchObject({ by: 'band', outcome: 'not-shown' })
    expect(found?.reason).toContain('the baseline’s own runs differ')
  })

  test('from another machine compares counts, and says that it compares no times', () => {
    const { environment } = runWith()
    const { shown, notes } = of(
      runWith({ fills_per_segment_max: 2 }, { environment: { ...environment, cpu: 'another', cores: 64 } }),
    )
    expect(shown).toEqual([['oca', 'fills_per_segment_max', 'worse', 'exact']])
    expect(notes).toEqual([
      'The baseline is from another machine (2 × one of these, linux x64): counts are compared with it, times are not.',
    ])
  })

  test('has a variant that the baseline lacks: said, not compared', () => {
    const record = runWith()
    const [none] = record.variants
    const { shown, notes } = of({ ...record, variants: [...record.variants, { ...none, name: 'edge:nginx' } as never] })
    expect(shown).toEqual([])
    expect(notes).toEqual(['Not in the baseline, so not compared: edge:nginx.'])
  })

  test.each([
    [{ scenario: { name: 'smoke', shows: 'another thing', sha256: 'a'.repeat(64) } }, /is of another scenario .*smoke/],
    [{ seed: 2 }, /was made with seed 65, the record with 2/],
    [{ world: 'simulated' as const }, /is of a real world, the record of a simulated one/],
    [{ partial: true }, /the record is partial/],
  ])('is refused where it is not of the same work: %j', (given, message) => {
    expect(() => of(runWith({}, given))).toThrow(GateError)
    expect(() => of(runWith({}, given))).toThrow(message)
  })
})

describe('a baseline', () => {
  const reason = { because: 'more players', at: '2026-02-01T00:00:00.000Z' }

  test('keeps its reasons, the newest first, and no times', () => {
    const before = baselineWith()
    const next = baselineOf([runWith(), runWith(), runWith()], { ...reason, before })
    expect(next.reasons.map(({ because }) => because)).toEqual(['more players', 'the first'])
    expect(Object.keys(next.variants.oca ?? {}).filter(figure => figure.includes('_ms'))).toEqual([])
    expect(next.variants.oca?.fills_per_segment_max).toEqual([1, 1, 1])
    expect(next.runs).toBe(3)
  })

  test('of too few runs, of different things or of a run cut short is refused', () => {
    expect(() => baselineOf([runWith(), runWith()], reason)).toThrow('3 or more are wanted, here are 2')
    expect(() => baselineOf([], reason)).toThrow(GateError)
    const three = (other: Parameters<typeof runWith>[1]) => [runWith(), runWith(), runWith({}, other)]
    expect(() => baselineOf(three({ seed: 9 }), reason)).toThrow('the seed differs (65, 9)')
    expect(() => baselineOf(three({ commit: 'x' }), reason)).toThrow('the commit differs')
    expect(() => baselineOf(three({ partial: true }), reason)).toThrow('ended before its time')
    expect(baselineOf([runWith({}, { world: 'simulated' })], reason).runs).toBe(1)
  })

  test('has only figures that every run emitted', () => {
    const [a, b, c] = [runWith(), runWith({ rebuffers: undefined }), runWith()]
    expect(baselineOf([a, b, c], reason).variants.oca).not.toHaveProperty('rebuffers')
  })
})
