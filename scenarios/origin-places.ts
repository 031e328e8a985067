import type { Scenario } from './schema.ts'
import { isSharedStore } from './store-schema.ts'

// Which origin processes a scenario has, who publishes to which, and whom an edge prefers. From the scenario alone.

export type OriginRole = 'both' | 'publish' | 'delivery'

/** One origin process. */
export interface OriginPlace {
  readonly name: string
  readonly region: string
  readonly role: OriginRole
}

/** All origin processes, publishing ones first, regions in their order. */
export function originsOf({ topology: { regions, roles } }: Scenario): OriginPlace[] {
  const wanted: readonly OriginRole[] = roles === 'split' ? ['publish', 'delivery'] : ['both']
  return wanted.flatMap(role => {
    return regions.map(region => ({ name: originName(regions, region, role), region, role }))
  })
}

/** `origin`, `origin-us`, `origin-us-publish`: only what tells it from the others. */
const originName = (regions: readonly string[], region: string, role: OriginRole): string =>
  ['origin', ...(regions.length > 1 ? [region] : []), ...(role === 'both' ? [] : [role])].join('-')

/** Whether it takes what packagers put, and what operators command. */
export const takesPuts = ({ role }: OriginPlace): boolean => role !== 'delivery'

/** Whether it answers edges. */
export const delivers = ({ role }: OriginPlace): boolean => role !== 'publish'

/**
 * Where a pipeline publishes. Into its own region where the store brings it to the others (the pipelines take the regions
 * in turn, as encoders of two sites do); else into every region.
 */
export function publishedTo(scenario: Scenario, pipeline: string, pipelines: readonly string[]): OriginPlace[] {
  const all = originsOf(scenario).filter(takesPuts)
  if (!isSharedStore(scenario.store)) return all
  const own = all[Math.max(0, pipelines.indexOf(pipeline)) % all.length]
  return own ? [own] : []
}

/** The regions in the order in which edges of `site` prefer their origins: its own, then the others. */
export function preferredRegions({ topology: { regions, sites } }: Scenario, site: string): string[] {
  const own = sites.find(({ name }) => name === site)?.region ?? (regions[0] as string)
  return [own, ...regions.filter(region => region !== own)]
}
