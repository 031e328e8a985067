import { liveCells } from './arrival-curve.ts'
import type { CalmFacts, SpanFacts } from './facts.ts'
import type { Group } from './groups.ts'
import { ageBuckets, otherKinds } from './layout.ts'

// The rows of one group of sites: what its mix of columns makes of the rows of the whole audience.

/** Rows of one group, for one viewer. */
export interface Shapes {
  /** By rendition, `liveCells` each. */
  readonly live: Float64Array
  /** By rendition and bucket of age. */
  readonly old: Float64Array
  readonly other: Float64Array
}

type Columns = { readonly columns: number; readonly renditions: number }

/** One rendition's live row of `period`, mixed as in `mix`: to `out` at `at`. */
export function mixLive(
  live: Float32Array,
  period: number,
  rendition: number,
  { columns, renditions }: Columns,
  mix: Float64Array,
  factor: number,
  out: Float64Array,
  at = 0,
): void {
  out.fill(0, at, at + liveCells)
  for (let column = 0; column < columns; column++) {
    const share = (mix[column] as number) * factor
    if (share === 0) continue
    const row = ((period * columns + column) * renditions + rendition) * liveCells
    for (let cell = 0; cell < liveCells; cell++) {
      const value = live[row + cell] as number
      if (value !== 0) out[at + cell] = (out[at + cell] as number) + value * share
    }
  }
}

/** The older requests of `period`, by rendition and bucket. */
export function mixOld(
  old: Float32Array,
  period: number,
  { columns, renditions }: Columns,
  mix: Float64Array,
  factor: number,
  out: Float64Array,
): void {
  const cells = renditions * ageBuckets.length
  out.fill(0)
  for (let column = 0; column < columns; column++) {
    const share = (mix[column] as number) * factor
    if (share === 0) continue
    const row = (period * columns + column) * cells
    for (let cell = 0; cell < cells; cell++) out[cell] = (out[cell] as number) + (old[row + cell] as number) * share
  }
}

/** What is asked for beside segments in `period`, by kind. */
export function mixOther(
  other: Float64Array,
  period: number,
  { columns }: Columns,
  mix: Float64Array,
  factor: number,
  out: Float64Array,
): void {
  out.fill(0)
  for (let column = 0; column < columns; column++) {
    const share = (mix[column] as number) * factor
    const row = (period * columns + column) * otherKinds.length
    for (let kind = 0; kind < otherKinds.length; kind++) {
      out[kind] = (out[kind] as number) + (other[row + kind] as number) * share
    }
  }
}

/** The three calm shapes of a group: settled viewers, those who join, those who come back. */
export function shapesOf(calm: CalmFacts, { mix }: Group, size: Columns): readonly [Shapes, Shapes, Shapes] {
  const shape = (live: Float32Array, old: Float32Array, other: Float64Array): Shapes => {
    const shapes = {
      live: new Float64Array(size.renditions * liveCells),
      old: new Float64Array(size.renditions * ageBuckets.length),
      other: new Float64Array(otherKinds.length),
    }
    for (let rendition = 0; rendition < size.renditions; rendition++) {
      mixLive(live, 0, rendition, size, mix, 1, shapes.live, rendition * liveCells)
    }
    mixOld(old, 0, size, mix, 1, shapes.old)
    mixOther(other, 0, size, mix, 1, shapes.other)
    return shapes
  }
  return [
    shape(calm.settledLive, calm.settledOld, calm.settledOther),
    shape(calm.joiningLive, calm.joiningOld, calm.joiningOther),
    shape(calm.returningLive, calm.returningOld, calm.returningOther),
  ]
}

/** The span that an instant (ms from the storm's start) falls in; undefined in calm. */
export const spanAt = (spans: readonly SpanFacts[], atMs: number): SpanFacts | undefined =>
  spans.find(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
