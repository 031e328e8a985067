import { drawSetup, type FleetPlayer, type FleetSource } from '../../loadgen/fleet/fleet.ts'
import { kindsOf, profileOf } from '../../loadgen/player/profiles.ts'
import type { BulkWorld, Column, SiteClass } from './layout.ts'
import { LatinHypercube } from './stratified-stream.ts'

// The few players that stand for an audience. They are drawn from each stratum by itself (a column, a kind of player in
// it, whether it seeks back), in the proportions of the audience, and within a stratum evenly: what one of them is drawn
// by says nothing of another stratum, so that only players of one kind can be even together.

export interface Representative {
  readonly setup: FleetPlayer
  readonly column: number
  /** Viewers of the whole audience that it stands for. */
  readonly weight: number
  readonly bandwidthBitsPerSecond: number | undefined
}

/** Of each column: as many as it takes to meet every age of a DVR window. */
const leastSeekers = 6

/** Players that stand for the whole audience of these classes. */
export function representativesOf(
  world: BulkWorld,
  classes: readonly SiteClass[],
  source: FleetSource,
): Representative[] {
  const people: Representative[] = []
  let index = -1
  for (const [column, { profile, share, bandwidthBitsPerSecond }] of world.columns.entries()) {
    // A column that nobody of these classes belongs to is not simulated.
    if (share <= 0 || classes.every(({ mix }) => (mix[column] as number) === 0)) continue
    for (const { name, kind, size, viewers, seeks } of strataOf(world, source, world.columns[column] as Column)) {
      const cube = new LatinHypercube(size, world.seed, `column/${column}/${name}/${kind}`)
      const fleet = { ...source.fleet, profiles: { [profile]: 1 }, dvrShare: seeks ? 1 : 0 }
      for (let i = 0; i < size; i++) {
        // Which kind a player is of goes by its index.
        do index++
        while (profileOf({ profile, seed: source.seed, index }).name !== kind)
        const setup = drawSetup({ ...source, fleet }, index, cube.stream(i))
        people.push({ setup, column, weight: viewers / size, bandwidthBitsPerSecond })
      }
    }
  }
  return people
}

/** The strata of one column: how many players each has, and how many viewers they stand for. */
function strataOf({ viewers, representatives }: BulkWorld, { fleet }: FleetSource, { profile, share }: Column) {
  const all = Math.max(1, viewers)
  const kinds = kindsOf(profile)
  const { dvrShare } = fleet
  const ofKind = (Math.min(representatives, all) * share) / kinds.length
  const size = Math.max(1, Math.round(ofKind))
  const seekers = Math.max(Math.ceil(leastSeekers / kinds.length), Math.round(ofKind * dvrShare))
  const viewersOfKind = (all * share) / kinds.length
  // Who seeks back is drawn apart: few do, and they alone ask for what is old.
  return kinds
    .flatMap(kind => [
      { name: 'live', kind, size, viewers: viewersOfKind * (1 - dvrShare), seeks: false },
      { name: 'back', kind, size: seekers, viewers: viewersOfKind * dvrShare, seeks: true },
    ])
    .filter(stratum => stratum.viewers > 0)
}
