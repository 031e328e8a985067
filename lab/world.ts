import { z } from 'zod'
import { designatedOf } from '../edge/core/topology.ts'
import type { LiveEvent } from '../live/event.ts'
import type { EpochMs, Ms } from '../live/units.ts'
import { now } from '../process/clock.ts'
import type { Action, Scenario } from '../scenarios/schema.ts'
import type { Contender } from './contenders.ts'
import type { ControlClient } from './control-client.ts'
import type { Edges } from './edges/edges.ts'
import { OwnEdges } from './edges/own-edges.ts'
import { PeerEdges } from './edges/peer-edges.ts'
import { UrlEdge } from './edges/url-edge.ts'
import { eventThrough } from './event-through.ts'
import type { HarnessError } from './harness-error.ts'
import { edgesOf, fleetConfig, originConfig, pipelineConfig, type SiteUrls } from './process-configs.ts'
import { Processes } from './processes.ts'
import { askUntil } from './wait.ts'

// What the processes of one variant are to each other: an origin, its pipelines, the sites' edges, a fleet; each apart
// from the others, as in the world that they stand for.

export interface WorldPlan {
  readonly scenario: Scenario
  readonly contender: Contender
  readonly event: LiveEvent
  /** Where the origin's delivery listener shall be; absent: there is no origin of ours, the edge has one of its own. */
  readonly origin?: OriginPlace | undefined
  /** How many requests the players may send in all; absent: as many as they like. */
  readonly requestBudget?: number | undefined
  /** Configurations, logs and last words are kept here. */
  readonly folder: string
  readonly decisionLogs: boolean
}

export interface OriginPlace {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** What the lab reads of a pipeline's `GET /state`. */
const pipelineState = z.object({ targets: z.array(z.object({ backlogLeft: z.number(), inFlight: z.number() })) })

/** How long the pipelines may take to publish what lies before the storm. */
const backlogWithinMs = 60_000
/** How long an edge that the user points at our origin may take until it answers with what that origin has. */
const pointedAtUsWithinMs = 120_000

/** Where nothing was started that could be timed. */
const usualProcessStartMs: Ms = 700

const noOrigin = 'this edge has an origin of its own'
/** What a scenario can do without an origin of ours. */
const edgesAndPlayers: ReadonlySet<Action['do']> = new Set(['fleet-size', 'flush-edge', 'kill-edge', 'restart-edge'])

export class World {
  readonly plan: WorldPlan
  readonly processes: Processes
  readonly #edges: Edges
  /** How long a process took to start, alone: the measure of this machine's mood. */
  #processStartMs: Ms = usualProcessStartMs

  constructor(plan: WorldPlan) {
    const { folder, decisionLogs, scenario } = plan
    this.plan = plan
    this.processes = new Processes({ folder, decisionLogs, seed: scenario.seed })
    this.#edges = this.#edgesOf(plan)
  }

  /** Starts origin, pipelines and edges; resolves when the backlog is published and the edges know their sites. */
  async start(tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    const { scenario, event, origin } = this.plan
    if (origin !== undefined) await this.#startOrigin(origin, tell, signal)
    tell(origin === undefined ? 'starting the edges' : 'starting pipelines and edges')
    await Promise.all([
      ...(origin === undefined ? [] : event.pipelines.map(pipeline => this.#startPipeline(pipeline, signal))),
      ...edgesOf(scenario).map(place => this.#edges.start(place, 0, signal)),
    ])
    if (origin !== undefined) {
      tell('publishing the backlog')
      await Promise.all(event.pipelines.map(pipeline => this.#backlogOf(pipeline, signal)))
    }
    await this.#edges.introduce(edgesOf(scenario))
    const { contender } = this.plan
    if (contender.is === 'url' && origin !== undefined) await this.#pointedAtUs(contender.url, tell, signal)
  }

  /** How long a process takes to start here. */
  get processStartMs(): Ms {
    return this.#processStartMs
  }

  /** Starts the fleet, whose first player is planned for `startMs` at the earliest. */
  async startFleet(startMs: EpochMs, signal: AbortSignal): Promise<void> {
    const { scenario, event, requestBudget } = this.plan
    await this.processes.start('fleet', 'fleet', signal, common =>
      fleetConfig(common, scenario, event, { sites: this.#siteUrls(), startMs, requestBudget }),
    )
  }

  /** The control listener of a process that lives. Throws HarnessError. */
  control(name: string): ControlClient {
    return this.processes.control(name)
  }

  /** One of the event's pipelines. Throws HarnessError when it does not live. */
  pipeline(name: string): ControlClient {
    return this.processes.control(pipelineName(name))
  }

  /** The names of the edges that live. */
  get livingEdges(): string[] {
    return edgesOf(this.plan.scenario)
      .map(({ edge }) => edge)
      .filter(edge => this.#edges.isAlive(edge))
  }

  /** The edge that fills the first rendition for the first site. */
  get designatedEdge(): string {
    const edges = edgesOf(this.plan.scenario)
    const first = edges[0] as (typeof edges)[number]
    const ofFirst = edges.filter(({ site }) => site === first.site).map(({ edge }) => edge)
    const { event, renditions } = this.plan.event
    return designatedOf(event, renditions[0]?.name as string, ofFirst)
  }

  /** Why `action` is not possible with these edges; undefined when it is. */
  cannot(action: Action): string | undefined {
    const foreign = this.plan.origin === undefined && !edgesAndPlayers.has(action.do)
    return foreign ? noOrigin : this.#edges.cannot[action.do]
  }

  /** Resolves when a process or another cache ends without having been asked to. */
  get death(): Promise<HarnessError> {
    return Promise.race([this.processes.death, this.#edges.death])
  }

  /** Ends an edge without warning; what ours had counted is kept for the record. */
  killEdge(edge: string): Promise<void> {
    return this.#edges.kill(edge)
  }

  /** Starts an ended edge again, at the same address, with nothing stored. */
  async reviveEdge(edge: string, signal: AbortSignal): Promise<void> {
    const { port } = new URL(this.#edges.url(edge))
    const places = edgesOf(this.plan.scenario)
    await this.#edges.start(places.find(one => one.edge === edge) as (typeof places)[number], Number(port), signal)
    await this.#edges.introduce(places)
  }

  /** The event as the origin has it now; as it was planned when there is no origin of ours, or it does not say. */
  async eventNow(): Promise<LiveEvent> {
    const { event, origin } = this.plan
    if (origin === undefined) return event
    try {
      return await eventThrough(this.#originUrl(), event.event)
    } catch {
      return event // The origin is down by a fault of the scenario: its configuration is the last that was known.
    }
  }

  /** Stops everything: players first, so that nobody asks an edge that is gone, and the origin last. */
  async stop(): Promise<void> {
    await this.processes.stop('fleet')
    await this.#edges.stop()
    await this.processes.stop()
  }

  #edgesOf({ contender, event }: WorldPlan): Edges {
    const origin = () => this.#originUrl()
    switch (contender.is) {
      case 'policy':
        return new OwnEdges(this.processes, event, contender.policy, origin)
      case 'peer':
        return new PeerEdges(contender, origin)
      case 'url':
        return new UrlEdge(contender.url)
    }
  }

  #originUrl(): string {
    return this.processes.child('origin').url('delivery')
  }

  async #startOrigin(place: OriginPlace, tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    const { scenario, event } = this.plan
    tell('starting the origin')
    const beganMs = now() as number
    await this.processes.start('origin', 'origin', signal, common =>
      originConfig(common, scenario, event, { ...place, backlogUntilMs: beganMs + backlogWithinMs }),
    )
    this.#processStartMs = (now() as number) - beganMs
  }

  async #startPipeline(pipeline: string, signal: AbortSignal): Promise<void> {
    const { scenario, event } = this.plan
    const publishTo = [this.processes.child('origin').url('publish')]
    await this.processes.start('pipeline', pipelineName(pipeline), signal, common =>
      pipelineConfig(common, scenario, event, { pipeline, publishTo }),
    )
  }

  /** Waits until the edge at `url` answers with this run's event: only then it fills from our origin. */
  async #pointedAtUs(url: string, tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    const { event } = this.plan
    const origin = this.#originUrl()
    tell(`waiting until ${url} fills from the origin at ${origin}: point it there`)
    await askUntil(
      `this run's /live/${event.event}/event.json through ${url} (its upstream must be ${origin})`,
      async () => {
        const seen = await eventThrough(url, event.event).catch(() => undefined) // not yet; the bound says when never
        return seen?.startMs === event.startMs ? true : undefined
      },
      { everyMs: 250, withinMs: pointedAtUsWithinMs, signal },
    )
  }

  #siteUrls(): SiteUrls[] {
    const edges = edgesOf(this.plan.scenario)
    return this.plan.scenario.topology.sites.map(({ name }) => ({
      site: name,
      edges: edges.filter(({ site }) => site === name).map(({ edge }) => this.#edges.url(edge)),
    }))
  }

  async #backlogOf(pipeline: string, signal: AbortSignal): Promise<void> {
    await askUntil(
      `the backlog of pipeline ${pipeline}`,
      async () => {
        const state = pipelineState.parse(await this.pipeline(pipeline).get('/state'))
        return state.targets.every(({ backlogLeft, inFlight }) => backlogLeft + inFlight === 0) ? true : undefined
      },
      { everyMs: 50, withinMs: backlogWithinMs, signal },
    )
  }
}

const pipelineName = (pipeline: string): string => `pipeline-${pipeline}`
