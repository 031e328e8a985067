import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { FleetPlayer, FleetSource } from '../../loadgen/fleet/fleet.ts'
import type { Audience } from './audience.ts'
import type { Fate } from './faults.ts'
import type { BulkWorld, SiteClass } from './layout.ts'
import { type Representative, representativesOf } from './representatives.ts'
import { Rows } from './rows.ts'
import { SiteViewers, type Viewer } from './site-viewers.ts'
import { SiteWorld } from './site-world.ts'

// How the viewers of one fate behave, learned by running one of its sites: through a whole short storm; through the time
// around a fault; or in calm, where every segment is like the one before.

/**
 * Its first requests are what makes a viewer who joins another load than one who is there: description, playlists,
 * initialisation segments, and the segments up to the live edge. From then on it asks for a segment of each track in a
 * segment's time; that it may still climb the ladder is left out.
 */
export const startUpMs = 4_000
/** From the beginning of a world to its first measured instant: viewers join at every phase and settle. */
const warmUpMs = 34_000
/** Phases at which the viewers of a warmed-up world join: a multiple of every profile's rhythm. */
const joinSpanMs = 4_000
const calmMs = 20_000
/** A viewer that is away for half-time comes back after about this long. */
const awayMs = 12_000

/** Rows in viewers of the whole audience. */
export interface Lived {
  readonly rows: Rows
  readonly world: SiteWorld
  readonly sites: number
  /** Of each simulated site. */
  readonly edges: number
  readonly originMs: Ms
}

/** Rows for one viewer: a period of a settled one, the whole start-up of one that joins, of one that comes back. */
export interface CalmPattern {
  readonly settled: Rows
  readonly joining: Rows
  readonly returning: Rows
  /** How many numbers (and periods) the settled rows are added up over. */
  readonly periods: number
  readonly sites: number
  readonly edges: number
}

export const fleetSourceOf = (world: BulkWorld): FleetSource => ({
  fleet: { ...world.fleet, players: world.viewers },
  event: world.event,
  seed: world.seed,
  startMs: world.startMs,
  durationMs: world.durationMs,
})

/** Runs a site through the whole storm. With as many representatives as viewers each viewer is itself. */
export function liveThroughWhole(world: BulkWorld, fate: Fate, classes: readonly SiteClass[]): Lived {
  const endsMs = after(world.startMs, world.durationMs)
  const site = siteOf(world, fate, classes, world.startMs)
  const rows = rowsOf(world, world.startMs, endsMs, false)
  site.rows = rows
  const people = representativesOf(world, classes, fleetSourceOf(world))
  seatAll(
    world,
    site,
    classes,
    people.map(person => ({ ...person, counted: () => ({ rows, weight: person.weight }) })),
  )
  site.agenda.runUntil(endsMs)
  return { rows, world: site, ...sizeOf(site), originMs: originMsOf(classes) }
}

/** Runs a site from some time before `fromMs`, so that it has settled by then, to `toMs`. */
export function liveThroughSpan(
  world: BulkWorld,
  fate: Fate,
  classes: readonly SiteClass[],
  audience: Audience,
  { fromMs, toMs }: { fromMs: EpochMs; toMs: EpochMs },
): Lived {
  const beginsMs = (fromMs as number) - warmUpMs
  const site = siteOf(world, fate, classes, beginsMs)
  const rows = rowsOf(world, fromMs, toMs, false)
  site.rows = rows
  const people = representativesOf(world, classes, settledSource(world, beginsMs, toMs))
  const segmentMs = world.event.segmentMs
  const presentAt = (at: EpochMs): number => {
    const period = Math.floor(((at as number) - (world.startMs as number)) / segmentMs)
    return audience.present[Math.min(audience.present.length - 1, Math.max(0, period))] as number
  }
  // People who come and go meanwhile are as many as the curve says, and behave like those who are there.
  const counted = ({ weight }: Representative) => {
    const share = weight / world.viewers
    return (at: EpochMs) => (at < fromMs ? undefined : { rows, weight: share * presentAt(at) })
  }
  seatAll(
    world,
    site,
    classes,
    people.map(person => ({ ...person, counted: counted(person) })),
  )
  site.agenda.runUntil(toMs)
  return { rows, world: site, ...sizeOf(site), originMs: originMsOf(classes) }
}

/** Runs a site in calm at `atMs`, without any fault. */
export function liveInCalm(world: BulkWorld, fate: Fate, classes: readonly SiteClass[], atMs: EpochMs): CalmPattern {
  const beginsMs = atMs
  const settledMs = after(beginsMs, warmUpMs)
  const endsMs = after(settledMs, calmMs)
  const site = siteOf({ ...world, faults: [] }, fate, classes, beginsMs)
  const joining = rowsOf(world, beginsMs, endsMs, true)
  const returning = rowsOf(world, beginsMs, endsMs, true)
  const settled = rowsOf(world, settledMs, endsMs, true)
  const people = representativesOf(world, classes, settledSource(world, beginsMs, endsMs))
  seatAll(
    world,
    site,
    classes,
    people.map(person => ({
      ...person,
      counted: calmCounting(person.setup, person.weight / world.viewers, joining, settled),
    })),
  )
  seatAll(
    world,
    site,
    classes,
    halfOf(people).map(person => ({
      ...person,
      setup: goesAway(person.setup),
      counted: backCounting(person.setup, person.weight / world.viewers, returning),
    })),
  )
  site.rows = settled
  site.agenda.runUntil(endsMs)
  return { settled, joining, returning, periods: calmMs / world.event.segmentMs, ...sizeOf(site) }
}

/** Every second of them, who stand for all. */
function halfOf(people: readonly Representative[]): Representative[] {
  const weightOf = (those: readonly Representative[]): number => those.reduce((sum, { weight }) => sum + weight, 0)
  const half = people.filter((_, i) => i % 2 === 0)
  const factor = weightOf(people) / weightOf(half)
  return half.map(person => ({ ...person, weight: person.weight * factor }))
}

function calmCounting({ joinMs }: FleetPlayer, weight: number, joining: Rows, settled: Rows): Viewer['counted'] {
  const settlesMs = after(joinMs, startUpMs)
  return at => (at < settlesMs ? { rows: joining, weight } : { rows: settled, weight })
}

const goesAway = (setup: FleetPlayer): FleetPlayer => {
  const fromMs = after(setup.joinMs, awayMs)
  return { ...setup, away: { fromMs, toMs: after(fromMs, awayMs) } }
}

function backCounting({ joinMs }: FleetPlayer, weight: number, returning: Rows): Viewer['counted'] {
  const backMs = after(joinMs, 2 * awayMs)
  const settledMs = after(backMs, startUpMs)
  return at => (at >= backMs && at < settledMs ? { rows: returning, weight } : undefined)
}

/** A fleet of which everybody joins at the beginning and nobody goes. */
const settledSource = (world: BulkWorld, beginsMs: EpochMs, endsMs: EpochMs): FleetSource => ({
  ...fleetSourceOf(world),
  fleet: {
    ...world.fleet,
    players: world.viewers,
    arrivals: [{ is: 'ramp', fromMs: 0, toMs: joinSpanMs, share: 1 }],
    session: undefined,
  },
  startMs: beginsMs,
  durationMs: (endsMs as number) - (beginsMs as number),
})

function seatAll(
  world: BulkWorld,
  site: SiteWorld,
  classes: readonly SiteClass[],
  viewers: readonly (Viewer & { weight?: number })[],
): void {
  const edges = classes.reduce((sum, { sites, edgesPerSite }) => sum + sites * edgesPerSite, 0)
  const share = classes.reduce((sum, { viewerShare }) => sum + viewerShare, 0)
  const perEdge = (world.viewers * share) / edges
  const there = viewers.filter(({ follows }) => !follows).length
  const count = Math.max(1, Math.round((perEdge * site.edges.length) / Math.max(1, there)))
  const crowd = new SiteViewers(site, { ...(classes[0] as SiteClass).latencies, seed: world.seed, count })
  for (const viewer of viewers) crowd.seat(viewer)
}

function siteOf(world: BulkWorld, fate: Fate, classes: readonly SiteClass[], beginsMs: EpochMs): SiteWorld {
  const [first] = classes
  if (!first) throw new RangeError(`no class of sites has the fate of ${fate.region}`)
  const edges = Math.min(mostEdges, Math.max(...classes.map(({ edgesPerSite }) => edgesPerSite)))
  const sites = classes.reduce((sum, one) => sum + one.sites, 0)
  return new SiteWorld({
    ...world,
    beginsMs,
    fate,
    sites: Math.max(1, Math.min(mostSites, sites, Math.floor(world.representatives / (edges * enoughAtEdge)))),
    edges,
    latencies: first.latencies,
  })
}

const originMsOf = ([first]: readonly SiteClass[]): Ms => (first as SiteClass).latencies.originMs

/** Edges of a simulated site: one that fills and two that ask it show everything that more would. */
const mostEdges = 3
/** Simulated sites at most, and how many representatives each edge of them must have: with few, each is a herd. */
const mostSites = 4
const enoughAtEdge = 800

const sizeOf = ({ sites }: SiteWorld) => ({ sites: sites.length, edges: sites[0]?.length ?? 1 })

const rowsOf = ({ event, columns }: BulkWorld, fromMs: EpochMs, toMs: EpochMs, folded: boolean): Rows =>
  new Rows({ event, fromMs, toMs, columns: columns.length, folded })
