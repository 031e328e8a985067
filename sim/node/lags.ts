import type { Ms } from '../../live/units.ts'
import type { CalibrationRun, Seen } from './read-runs.ts'

// How late a generator sends what a player wants: a request that a player makes upon an answer leaves at once, one that was
// planned for later when its timer goes off.

/** From the end of an answer to what its player makes of it. */
const uponMs = 0.3

export interface Lags {
  readonly planned: Ms[]
  readonly atOnce: Ms[]
}

export function lagsOf({ players }: Pick<CalibrationRun, 'players'>): Lags {
  const lags: Lags = { planned: [], atOnce: [] }
  for (const [, own] of Map.groupBy(players, ([name]) => name.slice(0, name.lastIndexOf('-')))) {
    const ends = own.flatMap(([, { lastByteMs }]) => lastByteMs ?? []).sort((a, b) => a - b)
    const asked = own.map(([, seen]) => seen).filter(isPlanned)
    let next = 0
    for (const { plannedMs, atMs } of asked.sort((a, b) => a.plannedMs - b.plannedMs)) {
      while (next < ends.length && (ends[next] as number) <= plannedMs) next++
      const sinceMs = plannedMs - (ends[next - 1] ?? -Infinity)
      const kind = sinceMs <= uponMs ? lags.atOnce : lags.planned
      kind.push(Math.max(0, atMs - plannedMs))
    }
  }
  return lags
}

const isPlanned = (seen: Seen): seen is Seen & { plannedMs: number; atMs: number } =>
  seen.plannedMs !== undefined && seen.atMs !== undefined
