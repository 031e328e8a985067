import { liveEdge } from '../../live/template.ts'
import { startUpMs } from './behaviour.ts'
import type { Behaviours } from './behaviours.ts'
import { type Shapes, shapesOf } from './class-rows.ts'
import type { SpanFacts } from './facts.ts'
import { nameOf } from './faults.ts'
import type { Group } from './groups.ts'
import type { BulkWorld } from './layout.ts'
import type { Publications } from './publications.ts'
import type { Series } from './series.ts'
import { bodyBytesOf } from './site-origin.ts'
import type { SliceCounts } from './slice.ts'

// What the parts that work on one group of sites share: the group, what its kind has lived through, and where to count.

export interface GroupContext {
  readonly world: BulkWorld
  readonly behaviours: Behaviours
  readonly group: Group
  readonly series: Series
  readonly counts: SliceCounts
  readonly publications: Publications
  readonly spans: readonly SpanFacts[]
  /** Settled viewers, those who join, those who come back; absent where nothing is calm. */
  readonly shapes: readonly [Shapes, Shapes, Shapes] | undefined
  readonly size: { readonly columns: number; readonly renditions: number }
  /** By rendition. */
  readonly bodyBytes: readonly number[]
  readonly edges: number
  /** Those that ask the origin: one of a site, or every edge. */
  readonly fillers: number
  /** Share of the whole audience at one edge. */
  readonly perEdge: number
  /** The newest number when the storm begins. */
  readonly newestBefore: number
}

export function contextOf(
  world: BulkWorld,
  behaviours: Behaviours,
  group: Group,
  { series, counts, publications }: Pick<GroupContext, 'series' | 'counts' | 'publications'>,
): GroupContext {
  const { event, policy, columns } = world
  const size = { columns: columns.length, renditions: event.renditions.length }
  const edges = group.sites * group.edgesPerSite
  return {
    world,
    behaviours,
    group,
    series,
    counts,
    publications,
    spans: behaviours.spans.get(nameOf(group.fate)) ?? [],
    shapes: behaviours.calm && shapesOf(behaviours.calm, group, size),
    size,
    bodyBytes: event.renditions.map(rendition => bodyBytesOf(rendition, event.segmentMs)),
    edges,
    fillers: policy.designatedFill ? group.sites : edges,
    perEdge: group.viewerShare / edges,
    newestBefore: liveEdge(event, world.startMs) as number,
  }
}

/** Settled viewers of the whole audience in `period`, those who join then, and those who come back. */
export function peopleIn({ behaviours, world }: GroupContext, period: number): readonly [number, number, number] {
  const { present, joining, returning } = behaviours.audience
  const at = Math.min(present.length - 1, Math.max(0, period))
  const from = Math.max(0, at + 1 - Math.ceil(startUpMs / world.event.segmentMs))
  let recent = 0
  for (let one = from; one <= at; one++) recent += (joining[one] as number) + (returning[one] as number)
  return [Math.max(0, (present[at] as number) - recent), joining[at] as number, returning[at] as number]
}

/** The region whose origin the group's sites ask in `second` of the storm. */
export function servingAt({ world, group }: GroupContext, second: number): string {
  for (const fault of world.faults) {
    if (fault.do !== 'lose-region' || fault.region !== group.region) continue
    const overMs = (fault.atMs as number) + (fault.wayOverMs as number)
    if ((second + 1) * 1_000 >= overMs) return world.regions.find(other => other !== fault.region) ?? group.region
  }
  return group.region
}

/** Requests that are each asker's own, over all requests for segments. */
export const ownShareIn = ({ behaviours }: GroupContext, span: SpanFacts | undefined): number =>
  span?.ownShare ?? behaviours.calm?.ownShare ?? 0
