import { definitionOf } from '../figure-definitions.ts'
import type { RunRecord } from '../record/record.ts'
import { bandOf } from './band.ts'
import { type Baseline, isSameMachine, machineOf } from './baseline.ts'
import { directionOf } from './direction.ts'
import { type FigureComparison, GateError, type Outcome } from './outcome.ts'
import { median } from './statistics.ts'

// The counts of a record against those of a baseline, each by its kind.

/** What is compared, and what the reader must know of it. */
export interface BaselineComparison {
  readonly comparisons: readonly FigureComparison[]
  readonly notes: readonly string[]
}

/** Every count of `baseline` beside that of `record`. Throws GateError where the two are not of the same work. */
export function compareWithBaseline(record: RunRecord, baseline: Baseline): BaselineComparison {
  mustBeSameWork(record, baseline)
  const comparisons = Object.entries(baseline.variants).flatMap(([variant, figures]) => {
    const now = record.variants.find(({ name }) => name === variant)?.figures ?? {}
    return Object.entries(figures).map(([figure, values]) => compareCount({ variant, figure, values, is: now[figure] }))
  })
  return { comparisons, notes: notesOn(record, baseline) }
}

function mustBeSameWork(record: RunRecord, { scenario, seed, world }: Baseline): void {
  const differs =
    record.scenario.sha256 !== scenario.sha256
      ? `is of another scenario or another form of it (${scenario.name}, ${scenario.sha256.slice(0, 12)}) than the record (${record.scenario.name}, ${record.scenario.sha256.slice(0, 12)})`
      : record.seed !== seed
        ? `was made with seed ${seed}, the record with ${record.seed}`
        : record.world !== world
          ? `is of a ${world} world, the record of a ${record.world} one`
          : undefined
  if (differs) throw new GateError(`the baseline ${differs}: make a new one (tidegate baseline update)`)
  if (record.partial) {
    throw new GateError('the record is partial, its run was ended before its time, and shows nothing: run it again')
  }
}

function notesOn(record: RunRecord, baseline: Baseline): string[] {
  const known = new Set(Object.keys(baseline.variants))
  const added = record.variants.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  const otherMachine = !isSameMachine(machineOf(record), baseline.machine)
  const { cpu, cores, platform } = baseline.machine
  return [
    ...(otherMachine
      ? [
          `The baseline is from another machine (${cores} × ${cpu}, ${platform}): counts are compared with it, times are not.`,
        ]
      : []),
    ...(added.length > 0 ? [`Not in the baseline, so not compared: ${added.join(', ')}.`] : []),
  ]
}

interface Count {
  readonly variant: string
  readonly figure: string
  /** A value for each of the baseline's runs. */
  readonly values: readonly number[]
  /** What the record has; undefined where nobody emitted it. */
  readonly is: number | undefined
}

function compareCount({ variant, figure, values, is }: Count): FigureComparison {
  const definition = definitionOf(figure)
  if (definition === undefined) {
    throw new GateError(`the baseline has a figure ${figure}, which no table defines: make a new one`)
  }
  const { unit } = definition
  const was = median(values)
  const about = { variant, figure, unit, was, is: is ?? null }
  const agreed = values.every(value => value === values[0])
  const exact = definition.kind === 'exact' && agreed
  if (is === undefined) {
    return { ...about, by: exact ? 'exact' : 'band', outcome: 'not-emitted', reason: 'nobody emitted it' }
  }
  if (exact) return { ...about, by: 'exact', ...judgeExact(figure, was, is, values.length) }
  const band = bandOf(unit, values)
  const inside = is >= band.low && is <= band.high
  const told = definition.kind === 'exact' ? '; exact, but the baseline’s own runs differ, so by a band' : ''
  return {
    ...about,
    by: 'band',
    band,
    outcome: inside ? 'not-shown' : wayOf(figure, was, is),
    reason: `${inside ? 'inside' : 'outside'} the band of ${values.length} runs${told}`,
  }
}

function judgeExact(
  figure: string,
  was: number,
  is: number,
  runs: number,
): Pick<FigureComparison, 'outcome' | 'reason'> {
  if (is === was) return { outcome: 'not-shown', reason: 'equal' }
  return { outcome: wayOf(figure, was, is), reason: `exact, and the same in all ${runs} runs of the baseline` }
}

/** What a difference that counts comes to. */
function wayOf(figure: string, was: number, is: number): Outcome {
  const direction = directionOf(figure)
  if (direction === 'neither') return 'worse'
  return (direction === 'less') === is < was ? 'better' : 'worse'
}

/** Whether a second run must say the same before a gate may say "worse": a count that races left its band. */
export const needsRerun = ({ comparisons }: BaselineComparison): boolean =>
  comparisons.some(({ by, outcome }) => by === 'band' && outcome === 'worse')

/** The first comparison, with "worse" by a band where the one of a second run says the same of the same figure. */
export function confirmedByRerun(first: BaselineComparison, second: BaselineComparison): BaselineComparison {
  const comparisons = first.comparisons.map(one => {
    if (one.by !== 'band' || one.outcome !== 'worse') return one
    const again = second.comparisons.find(({ variant, figure }) => variant === one.variant && figure === one.figure)
    if (again === undefined || again.outcome === 'worse' || again.outcome === 'not-emitted') {
      return { ...one, reason: `${one.reason}, and so was a second run` }
    }
    return { ...one, outcome: 'not-shown' as const, reason: `${one.reason}, and a second run was not` }
  })
  return { comparisons, notes: first.notes }
}
