import type { TwinCounts } from '../../sim/bulk/twin-counts.ts'
import { type Comparison, isExceeded } from './comparison.ts'

// The counts of both modes over some seeds, as comparisons. The two draw their players apart, exact mode by chance and
// bulk mode evenly, so that what a sample of so many players leaves open is allowed.

export interface ModesInput {
  readonly exact: readonly TwinCounts[]
  readonly bulk: readonly TwinCounts[]
}

export interface ModesCase {
  readonly scenario: string
  readonly variant: string
  readonly players: number
  /** Of each rendition in the storm. */
  readonly segments: number
}

const goal = 0.005

/** Names as in records. */
const figures = {
  segmentRequests: 'segment_requests',
  requests: 'player_requests',
  hits: 'hits',
  collapsed: 'collapsed',
  forwarded: 'forwarded',
  fills: 'fills',
  originRequests: 'origin_segment_requests',
  originOthers: 'origin_other_requests',
  heldMs: 'origin_held_ms',
  answers404: 'player_404',
  answers5xx: 'player_5xx',
  failures: 'player_failures',
  rebuffers: 'rebuffers',
} as const satisfies Record<keyof TwinCounts, string>
type Name = keyof typeof figures

/** Where something has gone wrong, the modes have other words for whom it touched while he waited. */
const ofCalmOnly: ReadonlySet<Name> = new Set(['collapsed', 'forwarded'])

/** What is known of why a count is off: said where it is. */
const firstAskers =
  'who asks first is drawn from some ten thousand representatives: of those before the publication about 2 % too many or too few are drawn, of the first hundred about 5 % (docs/decisions/042)'
const herds =
  'after a late segment whole herds ask again at one instant; whether a herd meets it stored hangs on who asked a moment before, and bulk mode has four simulated sites at most for all'
const followers =
  'what is not kept (playlists under nginx) is asked for again as soon as somebody comes; bulk mode knows how many come in a segment’s time, not how they crowd within it'

function knownReason(name: Name, wasDisturbed: boolean): string | undefined {
  if (name === 'originOthers') return followers
  if (name === 'hits') return wasDisturbed ? herds : firstAskers
  return name === 'collapsed' || name === 'heldMs' ? firstAskers : undefined
}

/** Whose share in `count` is one draw: as many as there are players at most, however often each of them asks. */
function drawsIn(name: Name, count: number, { players, segments }: ModesCase, fills: number): number {
  switch (name) {
    // A clock that is ahead is ahead at every segment of both renditions.
    case 'collapsed':
      return Math.min(players, count / (2 * segments))
    // A time in ms: as many draws as there are holds, which are fills at most.
    case 'heldMs':
      return fills
    default:
      return Math.min(players, count)
  }
}

/** A comparison of each count that is not zero in both. */
export function comparisonsOfModes({ exact, bulk }: ModesInput, one: ModesCase): Comparison[] {
  const wasDisturbed = exact.some(({ answers404, answers5xx, failures }) => answers404 + answers5xx + failures > 0)
  return (Object.keys(figures) as Name[]).flatMap(name => {
    if (wasDisturbed && ofCalmOnly.has(name)) return []
    const values = exact.map(counts => counts[name])
    const [trusted, predicted] = [median(values), median(bulk.map(counts => counts[name]))]
    if (trusted === 0 && predicted < 0.5) return []
    const comparison: Comparison = {
      level: 'V4',
      scenario: one.scenario,
      variant: one.variant,
      figure: figures[name],
      kind: 'count',
      trusted,
      predicted,
      goal,
      spread: trusted === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / trusted,
      n: Math.round(drawsIn(name, trusted, one, median(exact.map(({ fills }) => fills)))),
    }
    const note = isExceeded(comparison) ? knownReason(name, wasDisturbed) : undefined
    return [note === undefined ? comparison : { ...comparison, note }]
  })
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2
}
