import { type Fate, fatesOf, nameOf } from './faults.ts'
import type { BulkWorld, SiteClass } from './layout.ts'

// Classes of sites with what they live through: a class of which only some sites meet a fault is two groups.

export interface Group extends SiteClass {
  readonly fate: Fate
  /** Names its random draws, whichever slice it is in. */
  readonly index: number
}

export function groupsOf(world: BulkWorld): Group[] {
  const groups: Group[] = []
  for (const site of world.classes) {
    const fates = fatesOf(site, world.faults)
    let left = site.sites
    for (const [place, fate] of fates.entries()) {
      const isLast = place === fates.length - 1
      const sites = isLast ? left : Math.round(site.sites * fate.share)
      left -= sites
      if (sites <= 0) continue
      groups.push({ ...site, fate, sites, viewerShare: (site.viewerShare * sites) / site.sites, index: groups.length })
    }
  }
  return groups
}

/** Every fate that some group has, once. */
export function fatesThatAre(groups: readonly Group[]): Fate[] {
  const known = new Map(groups.map(({ fate }) => [nameOf(fate), fate]))
  return [...known.values()]
}

/** Slices are fixed, whoever works on them, so that sums have one order and a result is the same to the byte. */
export const slices = 32

/** The groups of slice `slice` (from 0). */
export const groupsOfSlice = (groups: readonly Group[], slice: number): Group[] =>
  groups.filter(({ index }) => index % slices === slice)
