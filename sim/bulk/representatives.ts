import { clockDraw, drawSetup, type FleetPlayer, type FleetSource } from '../../loadgen/fleet/fleet.ts'
import type { Profile } from '../../loadgen/player/profile.ts'
import { asksByClock, kindsOf, profileOf } from '../../loadgen/player/profiles.ts'
import type { BulkWorld, Column, SiteClass } from './layout.ts'
import { type BentDraw, LatinHypercube } from './stratified-stream.ts'

// The few players that stand for an audience. They are drawn from each stratum by itself (a column, a kind of player in
// it, whether it seeks back), in the proportions of the audience and evenly.
//
// Who asks first at an edge is one of thousands there: the one whose clock is farthest ahead. In proportion hardly one of
// a few thousand representatives is like that, and the first request of every edge would hang on that one. So those whose
// clocks are ahead are drawn once more, many of those who are far ahead (importance sampling), and these are counted. They
// are too many to be there as well: they follow, which means that they ask when somebody has who is there.

export interface Representative {
  readonly setup: FleetPlayer
  readonly column: number
  /** Viewers of the whole audience that are counted for it; 0: others are counted in its place. */
  readonly weight: number
  /** It is never the first at an edge to ask for a segment. */
  readonly follows: boolean
  readonly bandwidthBitsPerSecond: number | undefined
}

interface Stratum {
  readonly name: string
  readonly kind: Profile['name']
  readonly size: number
  /** That it stands for. */
  readonly viewers: number
  readonly seeks: boolean
}

/** Of each column: as many as it takes to meet every age of a DVR window. */
const leastSeekers = 6
/** Of players by how far their clocks are ahead, from share to share: which share of those who follow are such. */
const ahead = [
  { from: 0.9, to: 0.99, followers: { from: 0, to: 0.5 } },
  { from: 0.99, to: 0.999, followers: { from: 0.5, to: 0.75 } },
  { from: 0.999, to: 1, followers: { from: 0.75, to: 1 } },
] as const
const aheadFrom = ahead[0].from
/** Followers for each player of a stratum; whole fours, of which each share above has its own. */
const followersSize = 0.5
const followersOfSize = (size: number): number => 4 * Math.max(1, Math.round((size * followersSize) / 4))

/** Players that stand for the whole audience of these classes. */
export function representativesOf(
  world: BulkWorld,
  classes: readonly SiteClass[],
  source: FleetSource,
): Representative[] {
  const people: Representative[] = []
  const indices = new Indices(source.seed)
  for (const [column, own] of world.columns.entries()) {
    // A column that nobody of these classes belongs to is not simulated.
    if (own.share <= 0 || classes.every(({ mix }) => (mix[column] as number) === 0)) continue
    for (const stratum of strataOf(world, source, own)) {
      const drawn = drawnFrom(stratum, source, own, indices, `column/${column}/${stratum.name}/${stratum.kind}`)
      for (const one of drawn) people.push({ ...one, column, bandwidthBitsPerSecond: own.bandwidthBitsPerSecond })
    }
  }
  return people
}

/** The strata of one column: how many players each has, and how many viewers they stand for. */
function strataOf({ viewers, representatives }: BulkWorld, { fleet }: FleetSource, own: Column): Stratum[] {
  const all = Math.max(1, viewers)
  const kinds = kindsOf(own.profile)
  const { dvrShare } = fleet
  const ofKind = (Math.min(representatives, all) * own.share) / kinds.length
  const size = Math.max(1, Math.round(ofKind))
  const seekers = Math.max(Math.ceil(leastSeekers / kinds.length), Math.round(ofKind * dvrShare))
  const viewersOfKind = (all * own.share) / kinds.length
  // Who seeks back is drawn apart: few do, and they alone ask for what is old.
  return kinds
    .flatMap(kind => [
      { name: 'live', kind, size, viewers: viewersOfKind * (1 - dvrShare), seeks: false },
      { name: 'back', kind, size: seekers, viewers: viewersOfKind * dvrShare, seeks: true },
    ])
    .filter(stratum => stratum.viewers > 0)
}

type Drawn = Pick<Representative, 'setup' | 'weight' | 'follows'>
type Draw = (cube: LatinHypercube, i: number, bent?: BentDraw) => FleetPlayer

/** The players of one stratum and, where they ask by their clocks, those whose clocks are ahead once more. */
function drawnFrom(stratum: Stratum, source: FleetSource, own: Column, indices: Indices, name: string): Drawn[] {
  const { kind, size, viewers, seeks } = stratum
  const fleet = { ...source.fleet, profiles: { [own.profile]: 1 }, dvrShare: seeks ? 1 : 0 }
  const draw: Draw = (cube, i, bent) =>
    drawSetup({ ...source, fleet }, indices.next(own.profile, kind), cube.stream(i, bent))
  const there = new LatinHypercube(size, source.seed, name)
  const setups = Array.from({ length: size }, (_, i) => draw(there, i))
  if (seeks || !asksByClock(kind) || fleet.clockError.is === 'constant') {
    return setups.map(setup => ({ setup, weight: viewers / size, follows: false }))
  }
  // Clock errors are even over the sample, so that its last tenth by them is the tenth that is drawn once more.
  const byClock = setups.map((_, i) => i).sort((a, b) => clockOf(setups, a) - clockOf(setups, b))
  const behind = Math.max(1, Math.round(size * aheadFrom))
  const isAhead = new Set(byClock.slice(behind))
  const weight = (viewers * aheadFrom) / behind
  const counted = setups.map((setup, i) => ({ setup, weight: isAhead.has(i) ? 0 : weight, follows: false }))
  const cube = new LatinHypercube(followersOfSize(size), source.seed, `${name}/ahead`)
  return [...counted, ...followersOf(cube, draw, viewers)]
}

function followersOf(cube: LatinHypercube, draw: Draw, viewers: number): Drawn[] {
  return Array.from({ length: cube.size }, (_, i) => {
    let weight = 0
    const bend = (even: number): number => {
      const { from, to, followers } = ahead.find(part => even < part.followers.to) ?? ahead[2]
      const thinned = (to - from) / (followers.to - followers.from)
      weight = (viewers * thinned) / cube.size
      return from + (even - followers.from) * thinned
    }
    const setup = draw(cube, i, { draw: clockDraw, bend })
    return { setup, weight, follows: true }
  })
}

const clockOf = (setups: readonly FleetPlayer[], i: number): number => (setups[i] as FleetPlayer).clockErrorMs as number

/** Which kind of player one is goes by its index: the next index of each kind that is wanted, each only once. */
class Indices {
  readonly #seed: number
  #last = -1

  constructor(seed: number) {
    this.#seed = seed
  }

  next(profile: Column['profile'], kind: Profile['name']): number {
    do this.#last++
    while (profileOf({ profile, seed: this.#seed, index: this.#last }).name !== kind)
    return this.#last
  }
}
