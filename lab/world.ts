import { designatedOf } from '../edge/core/topology.ts'
import type { LiveEvent } from '../live/event.ts'
import type { EpochMs, Ms } from '../live/units.ts'
import { now } from '../process/clock.ts'
import { originsOf } from '../scenarios/origin-places.ts'
import type { Action, Scenario } from '../scenarios/schema.ts'
import type { Contender, SideBySide } from './contenders.ts'
import type { ControlClient } from './control-client.ts'
import type { Edges } from './edges/edges.ts'
import { EdgesBySite } from './edges/edges-by-site.ts'
import { OwnEdges } from './edges/own-edges.ts'
import { PeerEdges } from './edges/peer-edges.ts'
import { UrlEdge } from './edges/url-edge.ts'
import { eventThrough } from './event-through.ts'
import { HarnessError } from './harness-error.ts'
import { type Listening, Origins } from './origins.ts'
import { edgesOf, fleetConfig, pipelineConfig, type SiteUrls } from './process-configs.ts'
import { Processes, type ProcessSource } from './processes.ts'
import { backlogPublished, backlogWithinMs, pointedAtUs } from './standing.ts'
import type { RunStorage } from './storage/run-storage.ts'
import { VariantStorage } from './storage/variant-storage.ts'

// What the processes of one variant are to each other: the regions' origins with their storage, the pipelines, the sites'
// edges, a fleet; each apart from the others, as in the world that they stand for.

export interface WorldPlan {
  readonly scenario: Scenario
  readonly contender: Contender | SideBySide
  readonly event: LiveEvent
  /** Where the first region's delivery listener shall be; absent: no origin is ours, the edge has one of its own. */
  readonly origin?: Listening | undefined
  /** What all variants of the run share. */
  readonly runStorage: RunStorage
  /** How many requests the players may send in all; absent: as many as they like. */
  readonly requestBudget?: number | undefined
  /** Configurations, logs and last words are kept here. */
  readonly folder: string
  readonly decisionLogs: boolean | 'on-demand'
  /** Absent: each process begins anew. */
  readonly source?: ProcessSource | undefined
}

/** Where nothing was started that could be timed. */
const usualProcessStartMs: Ms = 700

const noOrigin = 'this edge has an origin of its own'
/** What a scenario can do without an origin of ours. */
const edgesAndPlayers: ReadonlySet<Action['do']> = new Set(['fleet-size', 'flush-edge', 'kill-edge', 'restart-edge'])

export class World {
  readonly plan: WorldPlan
  readonly processes: Processes
  readonly storage: VariantStorage
  readonly #edges: Edges
  /** Absent: no origin is ours. */
  readonly #origins: Origins | undefined
  /** How long a process took to start, alone: the measure of this machine's mood. */
  #processStartMs: Ms = usualProcessStartMs

  constructor(plan: WorldPlan) {
    const { folder, decisionLogs, scenario, source } = plan
    this.plan = plan
    this.processes = new Processes({ folder, decisionLogs, seed: scenario.seed, source })
    this.storage = new VariantStorage({ scenario, folder, variant: plan.contender.folder, run: plan.runStorage })
    const { processes, storage } = this
    this.#origins = plan.origin && new Origins({ processes, scenario, event: plan.event, storage, first: plan.origin })
    this.#edges = this.#edgesOf(plan.contender)
  }

  /** Starts storage, origins, pipelines and edges; resolves when the backlog is published and the edges know their sites. */
  async start(tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    const { scenario, event, origin } = this.plan
    if (origin !== undefined) await this.#startOrigins(tell, signal)
    tell(origin === undefined ? 'starting the edges' : 'starting pipelines and edges')
    await Promise.all([
      ...(origin === undefined ? [] : event.pipelines.map(pipeline => this.#startPipeline(pipeline, signal))),
      ...edgesOf(scenario).map(place => this.#edges.start(place, 0, signal)),
    ])
    if (origin !== undefined) {
      tell('publishing the backlog')
      await Promise.all(event.pipelines.map(pipeline => backlogPublished(pipeline, this.pipeline(pipeline), signal)))
    }
    await this.#edges.introduce(edgesOf(scenario))
    const { contender } = this.plan
    if (contender.is !== 'url' || origin === undefined) return
    const { url } = contender
    tell(`waiting until ${url} fills from the origin at ${this.#originUrl()}: point it there`)
    await pointedAtUs({ url, origin: this.#originUrl(), event }, signal)
  }

  /** The origin processes of every region. Throws HarnessError where none is ours. */
  get origins(): Origins {
    if (this.#origins === undefined) throw new HarnessError(noOrigin)
    return this.#origins
  }

  /** How long a process takes to start here. */
  get processStartMs(): Ms {
    return this.#processStartMs
  }

  /**
   * Starts the fleet, whose first player is planned for `startMs` at the earliest; or one of several fleets, each with a
   * name of its own and the sites that it asks.
   */
  async startFleet(
    startMs: EpochMs,
    signal: AbortSignal,
    { name, sites }: { name: string; sites?: readonly string[] } = { name: 'fleet' },
  ): Promise<void> {
    const { scenario, event, requestBudget } = this.plan
    const asked = this.#siteUrls().filter(({ site }) => sites === undefined || sites.includes(site))
    await this.processes.start('fleet', name, signal, common =>
      fleetConfig(common, scenario, event, { sites: asked, startMs, requestBudget }),
    )
  }

  /** Where players ask an edge. Throws HarnessError when it was never started. */
  edgeUrl(edge: string): string {
    return this.#edges.url(edge)
  }

  /** The control listener of a process that lives. Throws HarnessError. */
  control(name: string): ControlClient {
    return this.processes.control(name)
  }

  /** One of the event's pipelines. Throws HarnessError when it does not live. */
  pipeline(name: string): ControlClient {
    return this.processes.control(pipelineName(name))
  }

  get regions(): readonly string[] {
    return this.plan.scenario.topology.regions
  }

  /** The names of the edges that live. */
  get livingEdges(): string[] {
    return edgesOf(this.plan.scenario)
      .map(({ edge }) => edge)
      .filter(edge => this.#edges.isAlive(edge))
  }

  /** The edge that fills the first rendition for the first site. */
  get designatedEdge(): string {
    return this.designatedIn(this.plan.scenario.topology.sites[0]?.name as string)
  }

  /** The edge that fills the first rendition for `site`. */
  designatedIn(site: string): string {
    const ofSite = edgesOf(this.plan.scenario).filter(place => place.site === site)
    const { event, renditions } = this.plan.event
    return designatedOf(
      event,
      renditions[0]?.name as string,
      ofSite.map(({ edge }) => edge),
    )
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
    const { event, scenario, origin } = this.plan
    if (origin === undefined) return event
    for (const region of scenario.topology.regions) {
      try {
        return await eventThrough(this.origins.deliveryUrl(region), event.event)
      } catch {
        // It is down by a fault of the scenario: another region is asked.
      }
    }
    return event // All are down: its configuration is the last that was known.
  }

  /** Stops everything: players first, so that nobody asks an edge that is gone, and the origin last. */
  async stop(): Promise<void> {
    await this.processes.stop('fleet')
    await this.#edges.stop()
    await this.processes.stop()
    await this.storage.stop()
  }

  /** Undoes what actions have broken and not mended: nodes and caches are back, origins live and are without faults. */
  async makeWhole(signal: AbortSignal): Promise<void> {
    if (this.#origins === undefined) return
    await this.storage.makeWhole()
    await this.#origins.revive(undefined, signal)
    const sound = { shed: false, slowMs: 0, down: false, storeSlowMs: 0, storeFails: false }
    await Promise.all(this.#origins.living().map(origin => origin.post('/faults', sound)))
  }

  #edgesOf(contender: Contender | SideBySide): Edges {
    switch (contender.is) {
      case 'side-by-side':
        return new EdgesBySite(new Map([...contender.bySite].map(([site, one]) => [site, this.#edgesOf(one)])))
      case 'policy':
        return new OwnEdges(this.processes, this.plan.event, contender.policy, site => this.origins.preferredBy(site))
      case 'peer':
        // Another cache is configured with one origin: the first region's.
        return new PeerEdges(contender, () => this.#originUrl())
      case 'url':
        return new UrlEdge(contender.url)
    }
  }

  #originUrl(): string {
    return this.origins.deliveryUrl(this.plan.scenario.topology.regions[0] as string)
  }

  async #startOrigins(tell: (doing: string) => void, signal: AbortSignal): Promise<void> {
    await this.storage.start(tell, signal)
    const places = originsOf(this.plan.scenario).length
    tell(places === 1 ? 'starting the origin' : 'starting the origins')
    const beganMs = now() as number
    await this.origins.start(beganMs + backlogWithinMs, signal)
    this.#processStartMs = ((now() as number) - beganMs) / places
  }

  async #startPipeline(pipeline: string, signal: AbortSignal): Promise<void> {
    const { scenario, event } = this.plan
    const publishTo = this.origins.publishTargets(pipeline).map(({ url }) => url)
    await this.processes.start('pipeline', pipelineName(pipeline), signal, common =>
      pipelineConfig(common, scenario, event, { pipeline, publishTo }),
    )
  }

  #siteUrls(): SiteUrls[] {
    const edges = edgesOf(this.plan.scenario)
    return this.plan.scenario.topology.sites.map(({ name }) => ({
      site: name,
      edges: edges.filter(({ site }) => site === name).map(({ edge }) => this.#edges.url(edge)),
    }))
  }
}

const pipelineName = (pipeline: string): string => `pipeline-${pipeline}`
