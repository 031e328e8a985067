import type { LiveEvent } from '../live/event.ts'
import { dueFrom, expectedPublication } from '../live/template.ts'
import type { EpochMs, SegmentNumber } from '../live/units.ts'
import { faultIntervals, isTouched, type RecordedAction } from './faults.ts'
import { mergeSegments } from './record/merge.ts'
import type { Part, SegmentCounts } from './record/part.ts'

// The segments that a run is judged by: those whose whole life at the live edge lies inside the storm. Segments at its
// ends are left out, because requests for them fell before the record began or after it ended. A number counts when
//
// - its due window opened at least `clockSlackMs` after the storm began (before that no edge lets a request through),
// - its expected publication is at least `longestHoldMs` before the storm's end (until then a hold may run), and
// - at least one request for it, of this rendition and by this site, reached the origin.

/** What the figures are taken from: a variant of a record before its figures. */
export interface Measured {
  readonly parts: readonly Part[]
  readonly event: LiveEvent
  readonly startedMs: EpochMs
  readonly endedMs: EpochMs
  readonly actions: readonly RecordedAction[]
}

export interface CountedSegment {
  readonly rendition: string
  readonly number: SegmentNumber
  readonly site: string
  readonly fills: number
  readonly probes: number
  readonly beforePublication: number
  /** By the origin's clock: when its first candidate was stored. */
  readonly publishedMs: EpochMs | undefined
  readonly touched: boolean
}

/** Whether the whole life of `number` at the live edge lies inside the storm. */
export const liesInside = (event: LiveEvent, number: SegmentNumber, startedMs: EpochMs, endedMs: EpochMs): boolean =>
  (dueFrom(event, number) as number) - event.clockSlackMs >= (startedMs as number) &&
  (expectedPublication(event, number) as number) + event.longestHoldMs <= (endedMs as number)

/** The segments to count, one for each rendition, number and site that asked the origin. */
export function countedSegments(run: Measured): CountedSegment[] {
  const faults = faultIntervals(run.actions, run.endedMs)
  // What was filled in one region and asked for again in another was asked for twice.
  const atOrigin = mergeSegments(segmentsOf(run.parts, 'origin'))
  const published = publications(atOrigin)
  return atOrigin
    .filter(segment => (segment.fills ?? 0) + (segment.probes ?? 0) > 0)
    .filter(segment => liesInside(run.event, segment.number, run.startedMs, run.endedMs))
    .map(segment => {
      const publishedMs = published.get(keyOf(segment))
      return {
        rendition: segment.rendition,
        number: segment.number,
        site: segment.site,
        fills: segment.fills ?? 0,
        probes: segment.probes ?? 0,
        beforePublication: segment.beforePublication ?? 0,
        publishedMs,
        touched: isTouched(run.event, segment.number, publishedMs, faults),
      }
    })
}

/** For each counted rendition and number of which a player got a 404: how long after its publication the last came, ms. */
export function last404sAfterPublication(run: Measured): number[] {
  const published = publications(segmentsOf(run.parts, 'origin'))
  return segmentsOf(run.parts, 'fleet').flatMap(segment => {
    const publishedMs = published.get(keyOf(segment)) ?? segment.publishedMs
    if (publishedMs === undefined || segment.last404Ms === undefined) return []
    if (!liesInside(run.event, segment.number, run.startedMs, run.endedMs)) return []
    return [Math.max(0, segment.last404Ms - (publishedMs as number))]
  })
}

const segmentsOf = (parts: readonly Part[], role: Part['role']): SegmentCounts[] =>
  parts.filter(part => part.role === role).flatMap(part => part.segments)

const keyOf = (segment: SegmentCounts): string => `${segment.rendition}/${segment.number}`

/** When each rendition and number was first stored, whoever asked for it. */
function publications(segments: readonly SegmentCounts[]): Map<string, EpochMs> {
  const earliest = new Map<string, EpochMs>()
  for (const segment of segments) {
    if (segment.publishedMs === undefined) continue
    const key = keyOf(segment)
    earliest.set(key, Math.min(segment.publishedMs, (earliest.get(key) ?? Infinity) as number))
  }
  return earliest
}
