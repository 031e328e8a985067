import { type CountedSegment, countedSegments, last404sAfterPublication, type Measured } from './counted-segments.ts'
import { type FigureName, figureDefinitions } from './figure-definitions.ts'
import type { Part } from './record/part.ts'
import { storageFigures } from './storage-figures.ts'
import { histogramOf, maximum, mean, percentile, sum, total, totalWith } from './sums.ts'

// The figures of one variant, from what its processes counted. A figure of which nothing was measured is not emitted:
// a check on it is then an error, and never holds by silence.

/** Up to this lag at the 99th percentile the generator kept up with its plan. */
const keptUpLagMs = 20

type Figures = Partial<Record<FigureName, number | undefined>>

/** All figures of `run` that can be computed, by the names of `figureDefinitions`, in their order. */
export function figuresOf(run: Measured): Record<string, number> {
  const edges = run.parts.filter(part => part.role === 'edge')
  const all: Figures = {
    ...segmentFigures(run),
    ...originFigures(run),
    ...(edges.length > 0 ? shareFigures(requestReasons(edges)) : saidShareFigures(run.parts)),
    ...fleetFigures(run.parts),
    ...waitFigures(run.parts),
    ...storageFigures(run.parts),
  }
  const perEdge = new Map(edges.map(edge => [edge.name, shareFigures(requestReasons([edge])) as Figures]))
  const out: Record<string, number> = {}
  for (const definition of figureDefinitions) {
    const value = all[definition.name]
    if (value !== undefined && Number.isFinite(value)) out[definition.name] = value
    if (!('perEdge' in definition)) continue
    for (const [edge, shares] of perEdge) {
      const share = shares[definition.name]
      if (share !== undefined) out[`${definition.name}.${edge}`] = share
    }
  }
  return out
}

const reasonPrefix = 'requests.reason.'

function segmentFigures(run: Measured): Figures {
  const last404Ms = run.parts.some(part => part.role === 'fleet')
    ? maximum([0, ...last404sAfterPublication(run)])
    : undefined
  // An edge with an origin of its own: nobody saw its fills.
  if (!run.parts.some(part => part.role === 'origin')) return { last_404_after_publication_ms: last404Ms }
  const counted = countedSegments(run)
  const untouched = counted.filter(segment => !segment.touched)
  const over = (of: readonly CountedSegment[], field: 'fills' | 'probes' | 'beforePublication') =>
    of.map(segment => segment[field])
  return {
    segments_counted: counted.length,
    fills_per_segment: mean(over(counted, 'fills')),
    fills_per_segment_max: maximum(over(counted, 'fills')),
    fills_per_segment_untouched_max: maximum(over(untouched, 'fills')),
    probes_per_segment: mean(over(counted, 'probes')),
    probes_per_segment_max: maximum(over(counted, 'probes')),
    origin_requests_before_publication: maximum(over(counted, 'beforePublication')),
    last_404_after_publication_ms: last404Ms,
  }
}

function originFigures(run: Measured): Figures {
  const origins = run.parts.filter(part => part.role === 'origin')
  const edges = run.parts.filter(part => part.role === 'edge')
  if (origins.length === 0) return {}
  const seconds = ((run.endedMs as number) - (run.startedMs as number)) / 1_000
  const requests = total(origins, 'requests')
  const bytes = total(origins, 'bytes_sent')
  return {
    // How long another cache's waiters wait, nobody counts.
    hold_over_bound:
      edges.length > 0 ? total(origins, 'holds_over_bound') + total(edges, 'waits_over_bound') : undefined,
    origin_requests: requests,
    origin_requests_per_s: requests / seconds,
    origin_segment_requests: total(origins, 'requests.segment'),
    origin_egress_bytes: bytes,
    origin_egress_bytes_per_s: bytes / seconds,
    origin_held_max: maximum(origins.map(origin => origin.counts.held_max ?? 0)),
    dvr_shed: total(origins, `${reasonPrefix}shed`),
  }
}

/** Players' segment requests at the edges among `parts`, by the reason of their verdict. */
function requestReasons(parts: readonly Part[]): Map<string, number> {
  const reasons = new Map<string, number>()
  for (const part of parts) {
    if (part.role !== 'edge') continue
    for (const [name, count] of Object.entries(part.counts)) {
      if (!name.startsWith(reasonPrefix)) continue
      const reason = name.slice(reasonPrefix.length)
      reasons.set(reason, (reasons.get(reason) ?? 0) + count)
    }
  }
  return reasons
}

function shareFigures(reasons: ReadonlyMap<string, number>): Figures {
  const all = sum([...reasons.values()])
  if (all === 0) return {}
  const share = (belongs: (reason: string) => boolean) =>
    sum([...reasons].filter(([reason]) => belongs(reason)).map(([, count]) => count)) / all
  return {
    hit_share: share(reason => ['hit', 'stale-error', 'stale-updating'].includes(reason)),
    negative_hit_share: share(reason => reason === 'negative-hit'),
    collapsed_share: share(reason => reason === 'collapsed' || reason === 'lock-poll'),
    refused_share: share(reason => reason.startsWith('refused-')),
  }
}

/**
 * The shares of an edge that is not ours, as its answers say them to the players. It calls those hits who waited for
 * somebody else's request, unless it speaks of collapsing (RFC 9211); what it refuses by itself it does not say.
 */
function saidShareFigures(parts: readonly Part[]): Figures {
  const fleets = parts.filter(part => part.role === 'fleet')
  const [hits, negative, collapsed, forwarded] = ['hit', 'hit_negative', 'collapsed', 'forwarded'].map(how =>
    total(fleets, `cache_status.${how}`),
  ) as [number, number, number, number]
  const all = hits + collapsed + forwarded
  if (all === 0) return {}
  return {
    hit_share: (hits - negative) / all,
    negative_hit_share: negative / all,
    collapsed_share: collapsed > 0 ? collapsed / all : undefined,
  }
}

function fleetFigures(parts: readonly Part[]): Figures {
  const fleets = parts.filter(part => part.role === 'fleet')
  if (fleets.length === 0) return {}
  const lag = histogramOf(fleets, 'lag_ms')
  const lagP99 = percentile(lag, 99)
  return {
    early_404_seen: total(fleets, 'early_404_seen'),
    wrong_bodies: total(fleets, 'wrong_bodies'),
    rebuffers: total(fleets, 'rebuffers'),
    players_rebuffered: total(fleets, 'players_rebuffered'),
    players: total(fleets, 'players_joined'),
    player_requests: total(fleets, 'requests'),
    player_5xx: totalWith(fleets, 'responses.status.5'),
    player_failures: totalWith(fleets, 'failures.'),
    generator_lag_ms_p50: percentile(lag, 50),
    generator_lag_ms_p99: lagP99,
    generator_kept_up: lagP99 === undefined ? undefined : Number(lagP99 < keptUpLagMs),
  }
}

function waitFigures(parts: readonly Part[]): Figures {
  const fleets = parts.filter(part => part.role === 'fleet')
  const firstByte = histogramOf(fleets, 'publication_to_first_byte_ms')
  const lastByte = histogramOf(fleets, 'publication_to_last_byte_ms')
  const ttfb = histogramOf(fleets, 'ttfb_ms')
  return {
    publication_to_first_byte_ms_p50: percentile(firstByte, 50),
    publication_to_first_byte_ms_p99: percentile(firstByte, 99),
    publication_to_first_byte_ms_max: percentile(firstByte, 100),
    publication_to_last_byte_ms_p50: percentile(lastByte, 50),
    publication_to_last_byte_ms_p99: percentile(lastByte, 99),
    publication_to_last_byte_ms_max: percentile(lastByte, 100),
    ttfb_ms_p50: percentile(ttfb, 50),
    ttfb_ms_p99: percentile(ttfb, 99),
    startup_ms_p50: percentile(histogramOf(fleets, 'startup_ms'), 50),
  }
}
