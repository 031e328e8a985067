import type { EpochMs, Ms } from '../../live/units.ts'
import type { CalibrationRun, Seen } from './read-runs.ts'
import type { Sample } from './samples.ts'

// What a process spends on a request or an answer in all, the kernel's part and the event loop's among it, where that can
// be seen: when the next one has arrived already, it is taken as soon as the one before is through.

/** What was sent has arrived by then: twice what a way takes. */
const arrivedMs = 0.2
/** Behind longer ones something else was done. */
const mostMs = 20

/** Something that a process took up. */
export interface Taken {
  readonly takenMs: EpochMs
  readonly leftMs: EpochMs
  readonly seen: Seen
}

type Run = Pick<CalibrationRun, 'edges' | 'players'>

/** Players' requests as each edge of each run took them, in order. */
export const takenByEdges = ({ edges, players }: Run): Taken[][] =>
  [...Map.groupBy(edges, ([key]) => placeOf(key))].map(([, own]) =>
    own
      .flatMap(([key, seen]) => {
        const [takenMs, leftMs] = [seen.atMs, players.get(requestOf(key))?.atMs]
        return takenMs === undefined || leftMs === undefined ? [] : [{ takenMs, leftMs, seen }]
      })
      .sort(byInstant),
  )

/** Edges' requests as the origin of each run took them, in order. */
export const takenByOrigin = ({ origin, fetches }: Pick<CalibrationRun, 'origin' | 'fetches'>): Taken[] =>
  [...origin]
    .flatMap(([key, seen]) => {
      const [takenMs, leftMs] = [seen.atMs, fetches.get(key)?.atMs]
      return takenMs === undefined || leftMs === undefined ? [] : [{ takenMs, leftMs, seen }]
    })
    .sort(byInstant)

/** Edges' answers as the fleet took them, in order. */
export const takenByFleet = ({ edges, players }: Run): Taken[] =>
  [...edges]
    .flatMap(([key, seen]) => {
      const [takenMs, leftMs] = [players.get(requestOf(key))?.firstByteMs, seen.firstByteMs]
      return takenMs === undefined || leftMs === undefined ? [] : [{ takenMs, leftMs, seen }]
    })
    .sort(byInstant)

/** From each of those `taken` that `isWanted` to the next one, which had arrived by then. */
export const spentBeforeNext = (taken: readonly Taken[], isWanted: (seen: Seen) => boolean = () => true): Sample[] =>
  taken.flatMap(({ takenMs, seen }, i) => {
    const next = taken[i + 1]
    if (next === undefined || !isWanted(seen) || (next.leftMs as number) + arrivedMs > (takenMs as number)) return []
    const ms: Ms = (next.takenMs as number) - (takenMs as number)
    return (ms as number) <= mostMs ? [{ ms: ms as number, bytes: seen.bytes ?? 0 }] : []
  })

const byInstant = (a: Taken, b: Taken): number => (a.takenMs as number) - (b.takenMs as number)
/** Of a name `EDGE RUN/VARIANT/REQUEST`: the edge of the variant of the run. */
const placeOf = (key: string): string => key.slice(0, key.lastIndexOf('/'))
/** Of the same name: the request's, as players and fetches have it. */
export const requestOf = (key: string): string => key.slice(key.indexOf(' ') + 1)
