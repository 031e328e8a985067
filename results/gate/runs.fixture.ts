import type { RunRecord } from '../record/record.ts'
import { recordOf, threePolicies } from '../record.fixture.ts'
import { type Baseline, baselineOf } from './baseline.ts'
import type { Pair } from './in-pairs.ts'

// Runs for the tests of the gate: the record of three policies with some figures of `oca` as a test wants them.

type Figures = Readonly<Record<string, number | undefined>>

/** A run in which figures of `oca` are as given; undefined: nobody emitted it. */
export function runWith(figures: Figures = {}, given: Partial<RunRecord> = {}): RunRecord {
  const variants = threePolicies().map(variant => {
    if (variant.name !== 'oca') return variant
    const all = Object.entries({ ...variant.figures, ...figures }).filter(([, value]) => value !== undefined)
    return { ...variant, figures: Object.fromEntries(all) as Record<string, number> }
  })
  return recordOf(variants, given)
}

/** A baseline of one run for each of `runs`. */
export const baselineWith = (runs: readonly Figures[] = [{}, {}, {}]): Baseline =>
  baselineOf(
    runs.map(run => runWith(run)),
    { because: 'the first', at: '2026-01-31T18:00:00.000Z' },
  )

/** Pairs of one variant, `oca`, with one time. */
export const pairsOf = (
  figure: string,
  values: readonly (readonly [number | undefined, number | undefined])[],
): Pair[] =>
  values.map(([was, is]) => ({
    against: new Map([['oca', was === undefined ? {} : { [figure]: was }]]),
    candidate: new Map([['oca', is === undefined ? {} : { [figure]: is }]]),
  })) as Pair[]
