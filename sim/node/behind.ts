import type { CalibrationRun, Seen } from './read-runs.ts'
import type { Sample } from './samples.ts'

// What an edge's process spends on an answer in all, the kernel's part and the event loop's among it, where that can be
// seen: when the next request has arrived already, it is taken as soon as the one before is through.

/** A request is in its edge's socket by then: twice what a way takes. */
const inSocketMs = 0.2
/** Behind longer ones something else was done. */
const mostMs = 20

/** From each of an edge's requests that `isWanted` and was answered at once to the next one, which waited for that. */
export function spentBeforeNext(
  { edges, players }: Pick<CalibrationRun, 'edges' | 'players'>,
  isWanted: (request: Seen) => boolean,
): Sample[] {
  return [...Map.groupBy(edges, ([key]) => key.slice(0, key.lastIndexOf('/')))].flatMap(([, own]) => {
    const taken = own
      .flatMap(([key, { atMs, ...request }]) => {
        const sentMs = players.get(key.slice(key.indexOf(' ') + 1))?.atMs
        return atMs === undefined || sentMs === undefined ? [] : [{ ...request, atMs, sentMs }]
      })
      .sort((a, b) => a.atMs - b.atMs)
    return taken.flatMap((request, i) => {
      const next = taken[i + 1]
      if (next === undefined || next.sentMs + inSocketMs > request.atMs || !isWanted(request)) return []
      const ms = next.atMs - request.atMs
      return ms <= mostMs ? [{ ms, bytes: request.bytes ?? 0 }] : []
    })
  })
}
