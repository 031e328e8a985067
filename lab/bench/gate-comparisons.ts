import { RandomStream } from '../../live/random.ts'
import { type Baseline, baselineOf } from '../../results/gate/baseline.ts'
import { type GateResult, holdGate, type Measurement } from '../../results/gate/gate.ts'
import { figuresByVariant, type Pair, usualPairs } from '../../results/gate/in-pairs.ts'
import type { RunRecord } from '../../results/record/record.ts'

// Gates over real runs, drawn again and again from those that were made: what a gate would have said, had these runs
// been its own. Draws are seeded. No number of a run is changed.

/** The runs of bench:gate, in the order in which they were made. */
export interface Runs {
  /** Rounds of plain, delayed, delayed, plain: A B B A. */
  readonly rounds: readonly (readonly [RunRecord, RunRecord, RunRecord, RunRecord])[]
  readonly withExtraFill: readonly RunRecord[]
}

/** Runs of a baseline, as `tidegate baseline update` makes by itself. */
export const baselineRuns = 10
const at = '1970-01-01T00:00:00.000Z'

export const plainRuns = ({ rounds }: Runs): RunRecord[] => rounds.flatMap(([first, , , last]) => [first, last])

/** Plain runs that were made one right after the other: the last of a round and the first of the next. */
const plainPairs = ({ rounds }: Runs): (readonly [RunRecord, RunRecord])[] =>
  rounds.slice(1).map(([next], i) => [rounds[i]?.[3] as RunRecord, next])

/** A plain run and a delayed one that were made one right after the other, in either order. */
const delayedPairs = ({ rounds }: Runs): Pair[] =>
  rounds.flatMap(([first, second, third, fourth]) => [pairOf(first, second), pairOf(fourth, third)])

const pairOf = (against: RunRecord, candidate: RunRecord): Pair => ({
  against: figuresByVariant(against),
  candidate: figuresByVariant(candidate),
})

/** `count` gates of the code against itself: counts against a baseline, times in pairs, and a rerun to confirm. */
export function sameCodeGates(runs: Runs, count: number): GateResult[] {
  const pairs = plainPairs(runs)
  return Array.from({ length: count }, (_, i) => {
    const chance = new RandomStream(i, 'the same code')
    const { record, rerun, baseline } = heldAgainst(plainRuns(runs), chance)
    const draw = () => drawn(pairs, usualPairs, chance).map(orientation(chance))
    const measurement: Measurement = { against: 'itself', first: draw(), confirming: draw() }
    return holdGate({ record, rerun, baseline, measurement, at })
  })
}

/** Which of two equal runs is called the candidate: as often the first as the second, as A B B A has it. */
function orientation(chance: RandomStream): (pair: readonly [RunRecord, RunRecord], i: number) => Pair {
  const flipped = chance.next() < 0.5
  return ([first, second], i) => ((i % 2 === 0) === flipped ? pairOf(second, first) : pairOf(first, second))
}

/** `count` gates of code whose origin sends every body later. */
export function delayedGates(runs: Runs, count: number): GateResult[] {
  const pairs = delayedPairs(runs)
  return Array.from({ length: count }, (_, i) => {
    const chance = new RandomStream(i, 'delayed')
    const { record, rerun, baseline } = heldAgainst(plainRuns(runs), chance)
    const draw = () => drawn(pairs, usualPairs, chance)
    const measurement: Measurement = { against: 'undelayed', first: draw(), confirming: draw() }
    return holdGate({ record, rerun, baseline, measurement, at })
  })
}

/** A gate for each run with an extra fill. */
export const extraFillGates = (runs: Runs): GateResult[] =>
  runs.withExtraFill.map((record, i) => {
    const { baseline } = heldAgainst(plainRuns(runs), new RandomStream(i, 'extra fill'))
    return holdGate({ record, baseline, at })
  })

interface Held {
  readonly record: RunRecord
  /** The second run, for a count that leaves its band. */
  readonly rerun: RunRecord
  readonly baseline: Baseline
}

/** Two runs, and a baseline of others. */
function heldAgainst(runs: readonly RunRecord[], chance: RandomStream): Held {
  const [record, rerun, ...others] = drawn(runs, baselineRuns + 2, chance) as [RunRecord, RunRecord, ...RunRecord[]]
  return { record, rerun, baseline: baselineOf(others, { because: 'bench:gate', at }) }
}

/** `count` of `from`, each once. */
function drawn<Value>(from: readonly Value[], count: number, chance: RandomStream): Value[] {
  if (from.length < count) throw new RangeError(`${count} cannot be drawn from ${from.length}`)
  const left = [...from]
  return Array.from({ length: count }, () => left.splice(Math.floor(chance.next() * left.length), 1)[0] as Value)
}

/** By which figures a gate said "worse", or missed one. */
export const alarmsOf = ({ comparisons }: GateResult, by: readonly string[] = ['exact', 'band', 'pairs']): string[] =>
  comparisons
    .filter(one => (one.outcome === 'worse' || one.outcome === 'not-emitted') && by.includes(one.by))
    .map(({ figure, by }) => `${figure} (${by})`)
