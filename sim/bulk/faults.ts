import type { Ms } from '../../live/units.ts'
import type { Action } from '../../scenarios/schema.ts'

// Faults as bulk mode knows them: a scenario's actions, and what only a large topology has. A fate is what the sites of
// one kind live through: sites with the same fate share one simulated site.

export type BulkFault =
  | Exclude<Action, { do: 'restart-edge' | 'kill-edge' | 'flush-edge' | 'fleet-size' }>
  /** One edge of a share of all sites goes down and comes back with nothing stored. */
  | { readonly atMs: Ms; readonly do: 'restart-edges'; readonly siteShare: number; readonly downMs: Ms }
  /** Everything that is stored goes, at a share of all sites, on every edge of them. */
  | { readonly atMs: Ms; readonly do: 'flush-edges'; readonly siteShare: number }
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

/** Whether sites of `region` that are part of the unlucky share feel it. */
export interface Fate {
  readonly region: string
  /** The site is among those that restarts and flushes touch. */
  readonly unlucky: boolean
  /** The share of all sites of the region with this fate. */
  readonly share: number
}

/** What every fault says about which sites it touches. */
export const siteShareOf = (fault: BulkFault): number | undefined =>
  fault.do === 'restart-edges' || fault.do === 'flush-edges' ? fault.siteShare : undefined

/** The fates of a region: the lucky sites and, where a fault touches some sites only, the unlucky ones. */
export function fatesOf(region: string, faults: readonly BulkFault[]): Fate[] {
  const share = Math.max(0, ...faults.map(fault => siteShareOf(fault) ?? 0))
  const lucky: Fate = { region, unlucky: false, share: 1 - share }
  const unlucky: Fate = { region, unlucky: true, share }
  return [lucky, unlucky].filter(fate => fate.share > 0)
}

/** Whether a fault makes a difference to the sites of `fate`. */
export function touches(fault: BulkFault, { region, unlucky }: Fate): boolean {
  // Elsewhere the other pipeline's segment stands in for the lost one's, and nobody notices.
  if (fault.do === 'lose-region') return fault.region === region
  return siteShareOf(fault) === undefined || unlucky
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
