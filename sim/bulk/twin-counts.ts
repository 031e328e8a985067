import type { Part } from '../../results/record/part.ts'
import { histogramOf, total, totalWith } from '../../results/sums.ts'
import type { Simulated } from '../exact/simulate.ts'
import type { BulkResult } from './bulk.ts'
import { nameOf } from './faults.ts'
import { groupsOf } from './groups.ts'
import type { BulkWorld } from './layout.ts'

// What both modes count of one storm, by the same names.

export interface TwinCounts {
  /** Requests of players: for segments, and for everything. */
  readonly segmentRequests: number
  readonly requests: number
  /** Of those for segments, by what the edge did: out of storage, joined a fill, began one. */
  readonly hits: number
  readonly collapsed: number
  readonly forwarded: number
  /** Requests to the origin for segments: those that brought one, and all; and for everything else. */
  readonly fills: number
  readonly originRequests: number
  readonly originOthers: number
  /** For how long requests were held at the origin, all in all, ms. */
  readonly heldMs: number
  /** Answers with these statuses that players got, and requests that ended without one. */
  readonly answers404: number
  readonly answers5xx: number
  readonly failures: number
  readonly rebuffers: number
}

/** What exact mode has counted of every player. */
export function countsOfExact({ parts }: Simulated): TwinCounts {
  const of = (role: Part['role']) => parts.filter(part => part.role === role)
  const [players, edges, origins] = [of('fleet'), of('edge'), of('origin')]
  const reason = (...names: string[]) => names.reduce((sum, name) => sum + total(edges, `requests.reason.${name}`), 0)
  const segments = origins.flatMap(part => part.segments)
  const sum = (field: 'fills' | 'probes'): number => segments.reduce((all, one) => all + (one[field] ?? 0), 0)
  const holds = histogramOf(origins, 'hold_ms')
  const fills = sum('fills')
  return {
    segmentRequests: total(players, 'requests.segment'),
    requests: total(players, 'requests'),
    hits: reason('hit', 'stale-updating', 'stale-error'),
    collapsed: reason('collapsed', 'lock-poll'),
    forwarded: totalWith(edges, 'requests.reason.fill-') + reason('pass-no-cache', 'lock-timeout'),
    fills,
    originRequests: fills + sum('probes'),
    originOthers: total(origins, 'requests') - total(origins, 'requests.segment'),
    heldMs: holds === undefined ? 0 : (holds.mean / microsecondsAMs) * holds.totalCount,
    answers404: total(players, 'responses.status.404'),
    answers5xx: totalWith(players, 'responses.status.5'),
    failures: totalWith(players, 'failures.'),
    rebuffers: total(players, 'rebuffers'),
  }
}

const microsecondsAMs = 1_000

/** What bulk mode has counted. */
export function countsOfBulkResult(world: BulkWorld, { series, counts, behaviours }: BulkResult): TwinCounts {
  const all = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0)
  const ofOrigins = (name: 'origin.fills' | 'origin.requests' | 'origin.other_requests'): number =>
    world.regions.reduce((sum, region) => sum + all(series.origin(name, region)), 0)
  // Each fate is lived through by the whole audience, of which its sites have a share.
  const noted = (name: 'status404' | 'status5xx' | 'failures' | 'rebuffers'): number =>
    groupsOf(world).reduce((sum, { fate, viewerShare }) => {
      const spans = behaviours.spans.get(nameOf(fate)) ?? []
      return sum + viewerShare * spans.reduce((own, { notes }) => own + notes[name], 0)
    }, 0)
  const segmentRequests = all(series.get('edge.requests'))
  return {
    segmentRequests,
    requests: segmentRequests + all(series.get('edge.other_requests')),
    hits: all(series.get('edge.hits')),
    collapsed: all(series.get('edge.collapsed')),
    forwarded: all(series.get('edge.forwarded')),
    fills: ofOrigins('origin.fills'),
    originRequests: ofOrigins('origin.requests'),
    originOthers: ofOrigins('origin.other_requests'),
    heldMs: counts.heldMs,
    answers404: noted('status404'),
    answers5xx: noted('status5xx'),
    failures: noted('failures'),
    rebuffers: noted('rebuffers'),
  }
}
