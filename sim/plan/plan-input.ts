import { type EdgePolicy, presets } from '../../edge/core/policy.ts'
import { eventDefaults, type LiveEvent, parseLiveEvent, type Rendition } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { edgeNames } from '../../scenarios/references.ts'
import type { Action, Scenario } from '../../scenarios/schema.ts'
import { type BulkFault, withoutBulk } from '../bulk/faults.ts'
import type { Calibration } from '../calibration.ts'
import { rungsOf } from './columns.ts'
import { type Costs, costsOf } from './costs.ts'
import { PlanError } from './plan-error.ts'
import type { PlanFile } from './plan-file.ts'
import { defaultTopology, type Topology, topologySchema } from './topology-file.ts'

// What a plan is made from, whether it came as a plan, or as a scenario that runs small too.

export interface PlanInput {
  readonly name: string
  readonly shows: string
  readonly seed: number
  readonly durationMs: number
  readonly policy: EdgePolicy
  readonly event: LiveEvent
  readonly viewers: number
  readonly fleet: Scenario['fleet']
  readonly ladder: Readonly<Record<string, number>> | undefined
  readonly topology: Topology
  readonly costs: Costs
  readonly faults: readonly BulkFault[]
  readonly publishJitter: Scenario['pipelines']['publishJitter']
  readonly backlogSegments: number
  /** Viewers by second of the storm; absent: the fleet's own arrivals. */
  readonly curve?: readonly CurvePoint[] | undefined
}

export interface CurvePoint {
  readonly second: number
  readonly viewers: number
}

/** What the command line says instead of the file. */
export interface PlanFlags {
  readonly viewers?: number | undefined
  readonly edges?: number | undefined
  readonly sites?: number | undefined
  readonly seed?: number | undefined
  readonly durationMs?: number | undefined
  readonly policy?: EdgePolicy | undefined
  readonly topology?: Topology | undefined
  /** Costs that the topology does not give. */
  readonly calibration?: Calibration | undefined
  readonly ladder?: Readonly<Record<string, number>> | undefined
  readonly curve?: readonly CurvePoint[] | undefined
}

/** Every plan begins at this instant, so that nothing depends on the day on which it is made. */
export const planStartMs = 1_700_000_000_000

const media = {
  video: { codecs: 'avc1.4D401E', timescale: 90_000 },
  audio: { codecs: 'mp4a.40.2', timescale: 48_000 },
} as const

/** The event of a plan: its DVR window, as far as the backlog goes, lies before the storm. */
function eventOf(
  name: string,
  given: Scenario['event'],
  renditions: readonly Rendition[],
  durationMs: number,
): LiveEvent {
  const { backlogSegments, renditions: _, ...rest } = given
  const segmentMs = rest.segmentMs ?? eventDefaults.segmentMs
  const publishDelayMs = rest.publishDelayMs ?? eventDefaults.publishDelayMs
  const edgeMs = Math.floor((planStartMs - publishDelayMs) / segmentMs) * segmentMs
  return parseLiveEvent({
    ...eventDefaults,
    ...rest,
    event: name,
    startMs: edgeMs - backlogSegments * segmentMs,
    endMs: planStartMs + durationMs,
    renditions,
  })
}

const completed = (rendition: NonNullable<Scenario['event']['renditions']>[number]): Rendition => ({
  ...rendition,
  codecs: rendition.codecs ?? media[rendition.kind].codecs,
  timescale: rendition.timescale ?? media[rendition.kind].timescale,
})

/** A scenario without a ladder of its own, or with real media: what the lab would publish, by bit rate. */
const usualLadder: readonly Rendition[] = [
  { name: 'v1', kind: 'video' as const, bitsPerSecond: 400_000 },
  { name: 'v2', kind: 'video' as const, bitsPerSecond: 1_200_000 },
  { name: 'a1', kind: 'audio' as const, bitsPerSecond: 96_000 },
].map(completed)

/** A plan's input; throws ZodError where a number cannot be. */
export function inputOfPlan(plan: PlanFile, flags: PlanFlags): PlanInput {
  const durationMs = flags.durationMs ?? plan.durationMs
  const renditions = (plan.event.renditions ?? usualLadder).map(completed)
  const ladder = flags.ladder ?? plan.ladder
  const wish = { edges: flags.edges ?? plan.edges, sites: flags.sites ?? plan.sites, regions: plan.regions }
  const topology = flags.topology ?? defaultTopology({ ...wish, ladder: ladder ?? evenLadder(renditions) })
  return {
    name: plan.plan,
    shows: plan.shows,
    seed: flags.seed ?? plan.seed,
    durationMs,
    policy: flags.policy ?? (presets[plan.policy] as EdgePolicy),
    event: eventOf(plan.plan, plan.event, renditions, durationMs),
    viewers: flags.viewers ?? plan.viewers,
    fleet: { ...plan.fleet, players: 1, workers: 1, connections: 'per-player' },
    ladder,
    topology,
    costs: costsOf(topology.costs, flags.calibration),
    faults: plan.faults.filter(({ atMs }) => atMs < durationMs),
    publishJitter: plan.publishJitter,
    backlogSegments: plan.event.backlogSegments,
    curve: flags.curve,
  }
}

/** The same of a scenario: its own sites, unless the command line asks for more. */
export function inputOfScenario(scenario: Scenario, flags: PlanFlags): PlanInput {
  const durationMs = flags.durationMs ?? scenario.durationMs
  const renditions = (scenario.event.body === 'cmaf' ? usualLadder : (scenario.event.renditions ?? usualLadder)).map(
    completed,
  )
  const { regions, sites } = scenario.topology
  const { edges } = flags
  const wished =
    edges === undefined
      ? undefined
      : defaultTopology({ edges, sites: flags.sites, regions, ladder: flags.ladder ?? evenLadder(renditions) })
  const own = (): Topology =>
    topologySchema.parse({
      regions,
      // On one machine, as the scenario is run: nothing travels far.
      classes: sites.map(({ name, region, edges: edgesPerSite }) => {
        const own = region !== undefined && regions.includes(region) ? region : regions[0]
        return { name, region: own, sites: 1, edgesPerSite, viewers: 1, playerMs: 0.5, siblingMs: 0.5, originMs: 0.5 }
      }),
      publishMs: 5,
    })
  const topology = flags.topology ?? wished ?? own()
  return {
    name: scenario.name,
    shows: scenario.shows,
    seed: flags.seed ?? scenario.seed,
    durationMs,
    policy: flags.policy ?? (presets.oca as EdgePolicy),
    event: eventOf(scenario.name, scenario.event, renditions, durationMs),
    viewers: flags.viewers ?? scenario.fleet.players,
    fleet: scenario.fleet,
    ladder: flags.ladder,
    topology,
    costs: costsOf(topology.costs, flags.calibration),
    faults: faultsOf(scenario, wished === undefined && flags.topology === undefined).filter(
      ({ atMs }) => (atMs as number) < durationMs,
    ),
    publishJitter: scenario.pipelines.publishJitter,
    backlogSegments: scenario.event.backlogSegments,
    curve: flags.curve,
  }
}

const evenLadder = (renditions: readonly Rendition[]): Record<string, number> => {
  const rungs = rungsOf(renditions)
  return Object.fromEntries(rungs.map(({ name }) => [name, 1 / rungs.length]))
}

/**
 * A scenario names single edges; here their sites, each of which is a class of its own, or in a larger topology the share
 * of the sites that theirs is.
 */
function faultsOf({ actions, topology }: Scenario, hasOwnSites: boolean): BulkFault[] {
  const sitesOf = (edge: string) => {
    if (!hasOwnSites) return { siteShare: 1 / topology.sites.length }
    const named = topology.sites.find(({ name, edges }) => edgeNames(name, edges).includes(edge))
    return { site: (named ?? topology.sites[0])?.name }
  }
  mustBeOfBulk(actions)
  return actions.flatMap((action): BulkFault[] => {
    const { atMs } = action
    switch (action.do) {
      case 'restart-edge':
      case 'kill-edge':
        return [{ atMs, do: 'restart-edges', downMs: action.downMs ?? forGoodMs, ...sitesOf(action.edge) }]
      case 'flush-edge':
        return [{ atMs, do: 'flush-edges', ...(action.edge === undefined ? { siteShare: 1 } : sitesOf(action.edge)) }]
      case 'lose-region':
        return [{ ...action, forMs: action.forMs ?? forGoodMs, wayOverMs: limits.heartbeatMs }]
      // How many there are is the audience's, and told by a curve.
      case 'fleet-size':
        return []
      default:
        return isOfBulk(action) ? [action] : []
    }
  })
}

type OfBulk = Exclude<Action, { do: (typeof withoutBulk)[number] }>

const isOfBulk = (action: Action): action is OfBulk => !(withoutBulk as readonly string[]).includes(action.do)

/** What a plan would leave out in silence it refuses. */
function mustBeOfBulk(actions: readonly Action[]): void {
  const foreign = actions.filter(action => !isOfBulk(action))
  if (foreign.length === 0) return
  throw new PlanError(
    foreign.map(
      action =>
        `${action.do} at ${action.atMs} ms is no fault that a plan knows: its store always answers. Leave it out of the scenario, or simulate that as it is (tidegate sim)`,
    ),
  )
}

/** Longer than any plan. */
const forGoodMs = 86_400_000
