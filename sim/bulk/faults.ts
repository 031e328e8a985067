import type { Ms } from '../../live/units.ts'
import type { Action } from '../../scenarios/schema.ts'

// Faults as bulk mode knows them: a scenario's actions, and what only a large topology has. A fate is what the sites of
// one kind live through: sites with the same fate share one simulated site.

/** Faults of what stands behind an origin's core: bulk mode has cores, and a store that always answers. */
export const withoutBulk = ['kill-origin', 'kill-node', 'kill-cache', 'store-slow', 'store-fails', 'tear-puts'] as const

type OfOneEdge = 'restart-edge' | 'kill-edge' | 'flush-edge' | 'fleet-size'

export type BulkFault =
  | Exclude<Action, { do: OfOneEdge | 'lose-region' | (typeof withoutBulk)[number] }>
  /** One edge of some sites goes down and comes back with nothing stored. */
  | ({ readonly atMs: Ms; readonly do: 'restart-edges'; readonly downMs: Ms } & SomeSites)
  /** Everything that is stored goes, at some sites, on every edge of them. */
  | ({ readonly atMs: Ms; readonly do: 'flush-edges' } & SomeSites)
  /**
   * A cloud region is gone: its origin refuses, its pipeline is lost. After `wayOverMs` its sites ask the next region's
   * origin. It comes back after `forMs`.
   */
  | {
      readonly atMs: Ms
      readonly do: 'lose-region'
      readonly region: string
      readonly forMs: Ms
      readonly wayOverMs: Ms
    }

/** Which sites a fault touches: a share of all (always the same sites), or those of one class. */
interface SomeSites {
  readonly siteShare?: number | undefined
  readonly site?: string | undefined
}

/** What the sites of one kind live through. */
export interface Fate {
  readonly region: string
  /** Which faults for some sites only touch these, by their place in the list of faults. */
  readonly touchedBy: readonly number[]
  /** Share of the class's sites. */
  readonly share: number
}

const isForSome = (
  fault: BulkFault,
): fault is Extract<BulkFault, SomeSites & { do: 'restart-edges' | 'flush-edges' }> =>
  fault.do === 'restart-edges' || fault.do === 'flush-edges'

/** The fates of a class of sites: most of them and, where a fault touches a share of all sites, that share. */
export function fatesOf({ name, region }: { name: string; region: string }, faults: readonly BulkFault[]): Fate[] {
  const named: number[] = []
  const shared: number[] = []
  let share = 0
  for (const [place, fault] of faults.entries()) {
    if (!isForSome(fault)) continue
    if (fault.site === name) named.push(place)
    else if (fault.site === undefined) {
      shared.push(place)
      share = Math.max(share, fault.siteShare ?? 1)
    }
  }
  const others: Fate = { region, touchedBy: named, share: 1 - share }
  const touched: Fate = { region, touchedBy: [...named, ...shared].sort((a, b) => a - b), share }
  return [others, touched].filter(fate => fate.share > 0)
}

/** Names a fate among those of a world. */
export const nameOf = ({ region, touchedBy }: Fate): string => `${region}/${touchedBy.join('+')}`

/** Whether the fault at `place` makes a difference to sites with `fate`. */
export function touches(fault: BulkFault, place: number, { region, touchedBy }: Fate): boolean {
  // Elsewhere the other pipeline's segment stands in for the lost one's, and nobody notices.
  if (fault.do === 'lose-region') return fault.region === region
  return !isForSome(fault) || touchedBy.includes(place)
}

/** When `fault` leaves edges with nothing stored, ms from the storm's start; undefined where it does not. */
export function emptiesAtMs(fault: BulkFault): number | undefined {
  if (fault.do === 'restart-edges') return (fault.atMs as number) + (fault.downMs as number)
  return fault.do === 'raise-version' || fault.do === 'flush-edges' ? (fault.atMs as number) : undefined
}

/** When a fault begins and ends, ms from the storm's start: between these, and a while after, nothing is calm. */
export function spanOf(fault: BulkFault): { fromMs: number; toMs: number } {
  const fromMs = fault.atMs as number
  if (fault.do === 'restart-edges') return { fromMs, toMs: fromMs + (fault.downMs as number) }
  if ('forMs' in fault && fault.forMs !== undefined) {
    // While a region is away the rest is calm again, once its sites have found their way over.
    if (fault.do === 'lose-region') return { fromMs, toMs: fromMs + Math.min(fault.forMs, fault.wayOverMs as number) }
    return { fromMs, toMs: fromMs + fault.forMs }
  }
  return { fromMs, toMs: fromMs }
}
