import type { BulkResult } from '../bulk/bulk.ts'
import { Series } from '../bulk/series.ts'
import type { PlanInput } from './plan-input.ts'
import type { PlanRecord } from './plan-record.ts'
import { figuresOf, needsOf, saturationOf } from './predict.ts'
import { stormsOf } from './storms.ts'
import type { ValidationError } from './validation-error.ts'

// From what bulk mode has counted to the record of a plan.

export interface Shard {
  /** From 1. */
  readonly index: number
  readonly of: number
}

/** What was counted: of the whole, or of shards that were added up. */
export interface Counted {
  readonly series: Series
  readonly partial: boolean
}

/** The record of a plan. `half` is the same with half the viewers. */
export function planRecordOf(
  input: PlanInput,
  counted: Counted,
  half: Counted | undefined,
  error: ValidationError,
  shard?: Shard,
): PlanRecord {
  const { series } = counted
  const figures = figuresOf(series, half?.series, input, error)
  const saturates = saturationOf(figures)
  const { classes, regions } = input.topology
  const { source, count, bytes, peak, held } = error
  return {
    schema: 'tidegate-plan/1',
    partial: counted.partial,
    plan: { name: input.name, shows: input.shows, seed: input.seed, policy: input.policy.name },
    input: {
      viewers: input.viewers,
      edges: classes.reduce((sum, one) => sum + one.sites * one.edgesPerSite, 0),
      sites: classes.reduce((sum, one) => sum + one.sites, 0),
      classes: classes.length,
      regions: [...regions],
      renditions: input.event.renditions.length,
      durationMs: input.durationMs,
      ...(shard ? { shard } : {}),
    },
    error: { source, count, bytes, peak, held },
    costs: { ...input.costs },
    totals: totalsOf(series),
    figures,
    storms: stormsOf(series, input, error),
    needs: needsOf(figures, input),
    ...(saturates ? { saturates } : {}),
    curve: curveOf(series),
  }
}

const totalsOf = (series: Series): Record<string, number> =>
  Object.fromEntries(
    [...series.entries()].map(([name, values]) => [name, values.reduce((sum, value) => sum + value, 0)]),
  )

const curveOf = (series: Series): PlanRecord['curve'] => ({
  second: Array.from({ length: series.seconds }, (_, second) => second),
  series: Object.fromEntries([...series.entries()].map(([name, values]) => [name, [...values]])),
})

/** What several shards of one plan have counted, together. Throws RangeError where they do not make one whole. */
export function joinShards(records: readonly PlanRecord[]): Counted {
  const [first] = records
  const shards = records.map(({ input }) => input.shard)
  const of = first?.input.shard?.of
  const indices = new Set(shards.map(shard => shard?.index))
  if (
    !first ||
    of === undefined ||
    shards.some(shard => shard?.of !== of) ||
    indices.size !== of ||
    records.length !== of
  ) {
    const given = shards.map(shard => (shard ? `${shard.index}/${shard.of}` : 'whole')).join(', ')
    throw new RangeError(`these are not the shards of one plan: ${given}; give every shard i/n once`)
  }
  const same = (record: PlanRecord): string => JSON.stringify([record.plan, { ...record.input, shard: undefined }])
  if (records.some(record => same(record) !== same(first))) {
    throw new RangeError('these shards are of different plans: make all of them with the same scenario, flags and seed')
  }
  const inOrder = records.toSorted((a, b) => (a.input.shard?.index ?? 0) - (b.input.shard?.index ?? 0))
  return { series: seriesOf(inOrder), partial: records.some(({ partial }) => partial) }
}

/** What was counted for these records of one plan, together. */
export function seriesOf(records: readonly PlanRecord[]): Series {
  const [first] = records
  const series = new Series(first?.curve.second.length ?? 0, first?.input.regions ?? [])
  for (const { curve } of records) {
    series.add(new Map(Object.entries(curve.series).map(([name, values]) => [name, Float64Array.from(values)])))
  }
  return series
}

/** A result of bulk mode as what a plan is made from. */
export const countedOf = ({ series, partial }: BulkResult): Counted => ({ series, partial })
