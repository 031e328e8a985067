import type { EpochMs, Ms } from '../../live/units.ts'
import type { Seen } from './read-runs.ts'

// When a process had nothing to do, as far as logs say: they show what it took up and what it sent, and what it spends on
// each of its requests beyond that is known from those that had others behind them (behind.ts).

const instants = ['atMs', 'firstByteMs', 'lastByteMs', 'releasedMs'] as const

/** Instants at which something was seen of a process, in order, and until when it was busy by then. */
export interface Activity {
  readonly moments: Float64Array
  readonly busyUntil: Float64Array
}

/** @param costMs of each that does not wait, spent from the instant named `taken` on, one after the other */
export function activityOf(seen: readonly Seen[], taken: 'atMs' | 'firstByteMs', costMs: Ms): Activity {
  const all = seen
    .flatMap(one =>
      instants.flatMap(name => {
        const at = one[name]
        const ms = name === taken && one.ticket === undefined ? (costMs as number) : 0
        return at === undefined ? [] : [{ at, ms }]
      }),
    )
    .sort((a, b) => a.at - b.at)
  const busyUntil = new Float64Array(all.length)
  let untilMs = -Infinity
  for (const [i, { at, ms }] of all.entries()) {
    untilMs = Math.max(untilMs, at) + ms
    busyUntil[i] = untilMs
  }
  return { moments: Float64Array.from(all, ({ at }) => at), busyUntil }
}

/** How long it had nothing to do at `at`; below 0 while it is busy. */
export function idleAt({ moments, busyUntil }: Activity, at: EpochMs): Ms {
  let [low, high] = [0, moments.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((moments[middle] as number) < (at as number)) low = middle + 1
    else high = middle
  }
  return low === 0 ? Infinity : (at as number) - (busyUntil[low - 1] as number)
}
