import type { LiveEvent, Rendition } from '../../live/event.ts'
import type { EpochMs, Ms } from '../../live/units.ts'
import type { ThroughputRule } from './profile.ts'

// The ladder of an event's video renditions, and which rung to take.

export interface Ladder {
  /** By rising bit rate. */
  readonly video: readonly Rendition[]
  /** Players take the first audio rendition and stay with it. */
  readonly audio: Rendition | undefined
}

// Every player of an event shares one ladder: derived data of the event, so that remembering it changes no answer.
const ladders = new WeakMap<LiveEvent, Ladder>()

/** The ladder of `event`. */
export function ladderOf(event: LiveEvent): Ladder {
  const known = ladders.get(event)
  if (known !== undefined) return known
  const video = event.renditions.filter(rendition => rendition.kind === 'video')
  const ladder = {
    video: video.toSorted((a, b) => a.bitsPerSecond - b.bitsPerSecond),
    audio: event.renditions.find(rendition => rendition.kind === 'audio'),
  }
  ladders.set(event, ladder)
  return ladder
}

/** Until when each rung is not to be taken; absent while no rung was ever penalised. */
export type Penalties = EpochMs[] | undefined

const isPenalised = (penalties: Penalties, rung: number, at: EpochMs): boolean => (penalties?.[rung] ?? 0) > at

export interface RungFacts {
  /** The present rung. */
  readonly rung: number
  readonly bufferMs: Ms
  /** What could be buffered at most: up to the live edge, without the segment that is being chosen. */
  readonly reachableMs: Ms
}

/** The rung of the next segment: the highest whose bit rate fits, and which is not penalised. */
export function chooseRung(
  ladder: Ladder,
  rule: ThroughputRule,
  bitsPerSecond: number,
  penalties: Penalties,
  { rung, bufferMs, reachableMs }: RungFacts,
  at: EpochMs,
): number {
  const upNeedsMs = Math.min(rule.upNeedsBufferMs, rule.upLiveShare * reachableMs)
  const highest = bufferMs >= upNeedsMs ? ladder.video.length - 1 : rung
  const best = bestRung(ladder, rule, rung, highest, bitsPerSecond, penalties, at)
  if (best < rung && bufferMs > rule.holdsAboveMs && !isPenalised(penalties, rung, at)) return rung
  return best
}

/** The rung to begin with: what fits into the estimate that stands before anything was measured. */
export const firstRung = (ladder: Ladder, rule: ThroughputRule): number =>
  bestRung(ladder, rule, 0, ladder.video.length - 1, rule.initialBitsPerSecond, undefined, 0)

function bestRung(
  ladder: Ladder,
  rule: ThroughputRule,
  rung: number,
  highest: number,
  bitsPerSecond: number,
  penalties: Penalties,
  at: EpochMs,
): number {
  let lowestAllowed = -1
  for (let candidate = highest; candidate >= 0; candidate--) {
    if (isPenalised(penalties, candidate, at)) continue
    const factor = candidate > rung ? rule.upFactor : rule.keepFactor
    if ((ladder.video[candidate] as Rendition).bitsPerSecond <= bitsPerSecond * factor) return candidate
    lowestAllowed = candidate
  }
  if (lowestAllowed >= 0) return lowestAllowed
  // Every rung up to `highest` is penalised: the lowest above that is not, else stay.
  for (let candidate = highest + 1; candidate < ladder.video.length; candidate++)
    if (!isPenalised(penalties, candidate, at)) return candidate
  return rung
}

/** The next lower rung that is not penalised, from the lowest round to the highest; -1 when no other is left. */
export function nextLowerRung(ladder: Ladder, rung: number, penalties: Penalties, at: EpochMs): number {
  const rungs = ladder.video.length
  for (let step = 1; step < rungs; step++) {
    const candidate = (rung - step + rungs) % rungs
    if (!isPenalised(penalties, candidate, at)) return candidate
  }
  return -1
}
