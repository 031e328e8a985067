import type { Rendition } from '../../live/event.ts'
import { profileOf } from '../../loadgen/player/profiles.ts'
import type { ProfileName } from '../../scenarios/schema.ts'
import type { Column, SiteClass } from '../bulk/layout.ts'
import type { Topology } from './topology-file.ts'

// A planner says which share of the viewers watches which rung. A player chooses its rung itself, by what it measures:
// so each rung's viewers get the download speed at which their player settles there.

/** Above what its rung needs, so that a little time between first and last byte does not lower it. */
const headroom = 1.2
/** Below what the next rung needs. */
const below = 0.97

/** The video rungs by rising bit rate. */
export const rungsOf = (renditions: readonly Rendition[]): Rendition[] =>
  renditions.filter(({ kind }) => kind === 'video').toSorted((a, b) => a.bitsPerSecond - b.bitsPerSecond)

/** The speed at which a player of `profile` settles on `rung`; undefined at the highest, which needs no bound. */
export function speedFor(profile: ProfileName, rungs: readonly Rendition[], rung: number): number | undefined {
  const next = rungs[rung + 1]
  if (!next) return undefined
  const { upFactor } = profileOf({ profile, seed: 0, index: 0 }).throughput
  const own = (rungs[rung] as Rendition).bitsPerSecond
  return Math.min((own * headroom) / upFactor, (next.bitsPerSecond * below) / upFactor)
}

type Shares = Readonly<Record<string, number>>

const scaled = (shares: Shares): Record<string, number> => {
  const total = Object.values(shares).reduce((sum, value) => sum + value, 0)
  return Object.fromEntries(Object.entries(shares).map(([name, value]) => [name, total > 0 ? value / total : 0]))
}

export interface Mixed {
  readonly columns: readonly Column[]
  /** By class of the topology: columns in the class over columns in the whole. */
  readonly mixes: readonly Float64Array[]
  /** By class: share of the whole audience. */
  readonly viewerShares: readonly number[]
}

/**
 * The columns of a plan and each class's mix of them. `ladder` undefined: players choose their rung by the speed of the
 * scenario, and there is one column for each profile.
 */
export function mixOf(
  profiles: Shares,
  ladder: Shares | undefined,
  rungs: readonly Rendition[],
  classes: Topology['classes'],
  speed: number | undefined,
): Mixed {
  const names = Object.keys(profiles).sort() as ProfileName[]
  const rungNames = ladder === undefined ? [undefined] : rungs.map(({ name }) => name)
  const pairs = names.flatMap(profile => rungNames.map(rung => ({ profile, rung })))
  const totalViewers = classes.reduce((sum, { viewers }) => sum + viewers, 0)
  const viewerShares = classes.map(({ viewers }) => viewers / totalViewers)
  const inClass = classes.map(one => {
    const ownProfiles = scaled(one.profiles ?? profiles)
    const ownLadder = ladder === undefined ? undefined : scaled(one.ladder ?? ladder)
    return pairs.map(
      ({ profile, rung }) => (ownProfiles[profile] ?? 0) * (rung === undefined ? 1 : (ownLadder?.[rung] ?? 0)),
    )
  })
  const shares = pairs.map((_, column) =>
    inClass.reduce((sum, own, i) => sum + (own[column] as number) * (viewerShares[i] as number), 0),
  )
  const kept = shares.map((_, column) => column).filter(column => (shares[column] as number) > 0)
  return {
    columns: kept.map(column => {
      const { profile, rung } = pairs[column] as (typeof pairs)[number]
      const place = rungs.findIndex(({ name }) => name === rung)
      const bandwidthBitsPerSecond = rung === undefined ? speed : speedFor(profile, rungs, place)
      return { profile, bandwidthBitsPerSecond, share: shares[column] as number }
    }),
    mixes: inClass.map(own => Float64Array.from(kept, column => (own[column] as number) / (shares[column] as number))),
    viewerShares,
  }
}

/** The classes of a topology as bulk mode has them. */
export const siteClassesOf = ({ classes, publishMs }: Topology, { mixes, viewerShares }: Mixed): SiteClass[] =>
  classes.map(({ name, region, sites, edgesPerSite, playerMs, siblingMs, originMs }, i) => ({
    name,
    region,
    sites,
    edgesPerSite,
    viewerShare: viewerShares[i] as number,
    mix: mixes[i] as Float64Array,
    latencies: { toEdge: [[[0, playerMs]]], toPlayer: [[[0, playerMs]]], siblingMs, originMs, publishMs },
  }))
