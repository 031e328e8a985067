import { definitionOf, type FigureDefinition, figureDefinitions } from '../figure-definitions.ts'
import { floorOf, relativeFloor } from '../gate/band.ts'
import { isSameMachine, machineOf } from '../gate/baseline.ts'
import { floorMs } from '../gate/in-pairs.ts'
import type { RunRecord } from '../record/record.ts'

// Records side by side: every figure of every variant, a column for each record. It shows and does not judge: one run of
// each side is no measurement, which is what a gate is for.

export interface Titled {
  /** How the reader knows the record: its file. */
  readonly title: string
  readonly record: RunRecord
}

export interface Row {
  readonly figure: string
  readonly unit: FigureDefinition['unit']
  readonly kind: FigureDefinition['kind']
  /** One for each record; null where it has no such figure. */
  readonly cells: readonly (number | null)[]
  /** The last as a multiple of the first; null where there is none, or where the two cannot be compared. */
  readonly ratio: number | null
  /** Whether any record differs from the first by more than a figure of this kind moves by itself. */
  readonly differs: boolean
}

export interface Column {
  readonly title: string
  readonly commit: string
  readonly seed: number
  readonly startedAt: string
  readonly machine: string
  readonly partial: boolean
}

export interface SideBySide {
  readonly columns: readonly Column[]
  readonly sections: readonly { readonly variant: string; readonly rows: readonly Row[] }[]
  readonly notes: readonly string[]
}

/** Sets `records` side by side, with every variant that any of them has. */
export function sideBySide(records: readonly Titled[]): SideBySide {
  const variants = [...new Set(records.flatMap(({ record }) => record.variants.map(({ name }) => name)))]
  const [first] = records
  const real = records.filter(({ record }) => record.world === 'real')
  const ground: Ground = {
    sameMachine: records.every(({ record }) => first && isSameMachine(machineOf(record), machineOf(first.record))),
    sameWarmth: new Set(real.map(({ record }) => record.environment.rehearsed)).size < 2,
  }
  return {
    columns: records.map(columnOf),
    sections: variants.map(variant => ({ variant, rows: rowsOf(records, variant, ground) })),
    notes: notesOn(records, ground),
  }
}

/** Whether times can be compared at all. */
interface Ground {
  readonly sameMachine: boolean
  /** Processes had rehearsed in all of the real ones, or in none. */
  readonly sameWarmth: boolean
}

function columnOf({ title, record }: Titled): Column {
  const { cores, cpu, platform, startedAt } = record.environment
  const { commit, seed, partial } = record
  return { title, commit, seed, startedAt, machine: `${cores} × ${cpu}, ${platform}`, partial }
}

const order = new Map<string, number>(figureDefinitions.map(({ name }, i) => [name, i]))

function rowsOf(records: readonly Titled[], variant: string, { sameMachine, sameWarmth }: Ground): Row[] {
  const columns = records.map(({ record }) => record.variants.find(({ name }) => name === variant)?.figures ?? {})
  const figures = [...new Set(columns.flatMap(column => Object.keys(column)))]
  const place = (figure: string) => order.get(figure.split('.', 1)[0] as string) ?? order.size
  return figures
    .toSorted((a, b) => place(a) - place(b))
    .map(figure => {
      const { unit, kind } = definitionOf(figure) ?? { unit: '1' as const, kind: 'banded' as const }
      const cells = columns.map(column => column[figure] ?? null)
      const comparable = kind !== 'timed' || (sameMachine && sameWarmth)
      return {
        figure,
        unit,
        kind,
        cells,
        ratio: comparable ? ratioOf(cells) : null,
        differs: comparable && cells.slice(1).some(cell => isApart(cells[0] ?? null, cell, { unit, kind })),
      }
    })
}

function ratioOf(cells: readonly (number | null)[]): number | null {
  const [first, last] = [cells[0] ?? null, cells.at(-1) ?? null]
  return first === null || last === null || first === 0 ? null : last / first
}

function isApart(a: number | null, b: number | null, { unit, kind }: Pick<FigureDefinition, 'unit' | 'kind'>): boolean {
  if (a === null || b === null) return a !== b
  if (kind === 'exact') return a !== b
  const floor = kind === 'timed' ? Math.max(floorMs, relativeFloor * Math.abs(a)) : floorOf(unit, a)
  return Math.abs(b - a) > floor
}

function notesOn(records: readonly Titled[], { sameMachine, sameWarmth }: Ground): string[] {
  const differ = (of: (record: RunRecord) => unknown) => new Set(records.map(({ record }) => of(record))).size > 1
  return [
    ...(differ(record => record.scenario.sha256)
      ? ['These are runs of different scenarios: differences are theirs first.']
      : differ(record => record.seed)
        ? ['The seeds differ: other players came at other instants.']
        : []),
    ...(differ(record => record.world) ? ['One was simulated and another was real.'] : []),
    ...(sameWarmth
      ? []
      : [
          'Some are of processes that had rehearsed, some of others that had just begun: counts are compared, times are not.',
        ]),
    ...(sameMachine ? [] : ['They are from different machines: counts are compared, times are not.']),
    ...records.flatMap(({ title, record }) =>
      record.partial ? [`${title} is partial: its run was ended before its time.`] : [],
    ),
    'One run of each is no measurement of time: tidegate gate --against compares times in pairs.',
  ]
}
