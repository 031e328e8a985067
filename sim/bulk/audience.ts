import { drawSetup, type FleetSource } from '../../loadgen/fleet/fleet.ts'
import { LatinHypercube } from './stratified-stream.ts'

// How many viewers there are, period by period: from a fleet's arrival process, or from a viewer curve that was counted
// at an earlier event.

/** Counts by period, in viewers. */
export interface Audience {
  /** At the period's end. */
  readonly present: Float64Array
  readonly joining: Float64Array
  /** Back from half-time. */
  readonly returning: Float64Array
  readonly leaving: Float64Array
}

/** Drawn players that stand for all: enough that a period's joins of a slow ramp are met within some percent. */
const draws = 40_000

/** The audience of a fleet of `viewers`, over periods of `periodMs`. */
export function audienceOf(source: FleetSource, viewers: number, periodMs: number): Audience {
  const periods = Math.ceil((source.durationMs as number) / periodMs)
  const counts = emptyAudience(periods)
  const cube = new LatinHypercube(draws, source.seed, 'audience')
  const weight = viewers / draws
  const add = (series: Float64Array, instant: number) => {
    const period = Math.floor((instant - (source.startMs as number)) / periodMs)
    if (period < periods) series[Math.max(0, period)] = (series[Math.max(0, period)] as number) + weight
  }
  for (let index = 0; index < draws; index++) {
    const { joinMs, leaveMs = Infinity, away } = drawSetup(source, index, cube.stream(index))
    add(counts.joining, joinMs as number)
    if (Number.isFinite(leaveMs)) add(counts.leaving, leaveMs as number)
    if (away === undefined || (away.fromMs as number) >= (leaveMs as number)) continue
    add(counts.leaving, away.fromMs as number)
    // Who has left while away neither comes back nor leaves twice.
    if ((away.toMs as number) < (leaveMs as number)) add(counts.returning, away.toMs as number)
    else if (Number.isFinite(leaveMs)) add(counts.returning, leaveMs as number)
  }
  return withPresence(counts)
}

/** The audience of a viewer curve: `viewersAt[i]` watch at the end of period `i`. */
export function audienceOfCurve(viewersAt: ArrayLike<number>): Audience {
  const counts = emptyAudience(viewersAt.length)
  let before = 0
  for (let period = 0; period < viewersAt.length; period++) {
    const change = (viewersAt[period] as number) - before
    counts.joining[period] = Math.max(0, change)
    counts.leaving[period] = Math.max(0, -change)
    before = viewersAt[period] as number
  }
  return withPresence(counts)
}

const emptyAudience = (periods: number): Audience => ({
  present: new Float64Array(periods),
  joining: new Float64Array(periods),
  returning: new Float64Array(periods),
  leaving: new Float64Array(periods),
})

function withPresence(counts: Audience): Audience {
  let present = 0
  for (let period = 0; period < counts.present.length; period++) {
    present +=
      (counts.joining[period] as number) + (counts.returning[period] as number) - (counts.leaving[period] as number)
    counts.present[period] = Math.max(0, present)
  }
  return counts
}
