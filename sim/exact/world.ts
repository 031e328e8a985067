import type { EdgePolicy } from '../../edge/core/policy.ts'
import { designatedOf } from '../../edge/core/topology.ts'
import type { LiveEvent } from '../../live/event.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { Candidate, OriginFaults } from '../../origin/core/verdict.ts'
import type { Part } from '../../results/record/part.ts'
import { preferredRegions } from '../../scenarios/origin-places.ts'
import { edgeNames } from '../../scenarios/references.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import type { Calibration } from '../calibration.ts'
import { DecisionHash } from '../decision-hash.ts'
import type { Media } from '../media.ts'
import { Draws } from '../network/latency.ts'
import { Objects } from '../objects.ts'
import { Agenda } from './agenda.ts'
import { edgesBehindMs, stormStart } from './beginning.ts'
import { type EdgeWorld, SimEdge } from './edge.ts'
import type { Exchange } from './exchange.ts'
import { SimFleet } from './fleet.ts'
import { Ground } from './ground.ts'
import { OriginHealth } from './origin-health.ts'
import { SimOrigins } from './origins.ts'
import { SimPipeline } from './pipeline.ts'
import { SharedAnswers } from './shared-answers.ts'
import { SiteHealth } from './site-health.ts'
import { SimStorage } from './storage.ts'
import type { UpstreamCall } from './upstream-call.ts'

// One variant of a scenario in virtual time, every player a core of its own: the regions' origins, pipelines, the sites' edges,
// a fleet; what lab/world.ts starts as processes. Time passes when `run` lets it.

type Acknowledged = Pick<Candidate, 'pipeline' | 'rendition' | 'number' | 'etag'>

export interface WorldPlan {
  readonly scenario: Scenario
  readonly policy: EdgePolicy
  readonly event: LiveEvent
  readonly media: Media
  readonly calibration: Calibration
  /** When the world begins: its origin and its pipelines, and a moment later its edges. */
  readonly bornMs: EpochMs
  /** When its storm begins; absent: as soon as a segment's capture begins and everything is ready. */
  readonly stormMs?: EpochMs
}

/** How long the pipelines may take to publish what lies before the storm. */
const backlogWithinMs: Ms = 60_000
/** The counts begin anew in time for the first player. */
const resetAheadMs: Ms = 100
/** Events that should fall into one bucket of the queue; a player has about four a second. */
const bucketEvents = 16
const eventsAPlayerMs = 0.004

export class ExactWorld implements EdgeWorld {
  readonly plan: WorldPlan
  readonly agenda: Agenda
  readonly ground: Ground
  readonly hash = new DecisionHash()
  readonly origins: SimOrigins
  readonly storage: SimStorage
  readonly pipelines: readonly SimPipeline[]
  readonly fleet: SimFleet
  readonly shared: SharedAnswers
  /** When the storm begins and ends. */
  readonly startMs: EpochMs
  readonly endMs: EpochMs
  readonly #places: readonly { readonly edge: string; readonly site: string }[]
  readonly #edges: (SimEdge | undefined)[] = []
  readonly #health: SiteHealth
  readonly #originHealth: OriginHealth
  readonly #edgeStart: Draws
  /** What edges that have died had counted. */
  readonly #kept: Part[] = []

  constructor(plan: WorldPlan) {
    const { scenario, event, calibration, bornMs } = plan
    const { seed, durationMs } = scenario
    this.plan = plan
    const seats = Math.max(
      scenario.fleet.players,
      ...scenario.actions.map(one => (one.do === 'fleet-size' ? one.players : 0)),
    )
    const bucketMs = Math.min(1, bucketEvents / (eventsAPlayerMs * Math.max(1, seats)))
    this.agenda = new Agenda(bornMs, bucketMs, seats)
    const store = scenario.store.is
    const common = { agenda: this.agenda, calibration, event, media: plan.media, store, seed, hash: this.hash }
    this.ground = new Ground({ ...common, objects: new Objects(event) })
    this.startMs = plan.stormMs ?? stormStart(event, bornMs)
    this.endMs = after(this.startMs, durationMs)
    const { ground } = this
    this.storage = new SimStorage(ground, scenario)
    const backlogUntilMs = after(bornMs, backlogWithinMs)
    this.origins = new SimOrigins({ ground, scenario, storage: this.storage, backlogUntilMs })
    const { backlogSegments } = scenario.event
    const { publishJitter } = scenario.pipelines
    this.pipelines = event.pipelines.flatMap(pipeline =>
      this.origins.publishTargets(pipeline).map(target => {
        const config = { event, pipeline, publishJitter, backlogSegments, seed }
        return new SimPipeline(ground, { target, at: () => this.origins.at(target) }, config, bornMs)
      }),
    )
    this.#places = scenario.topology.sites.flatMap(({ name, edges }) =>
      edgeNames(name, edges).map(edge => ({ edge, site: name })),
    )
    this.#health = new SiteHealth(this.agenda, seed, name => this.sibling(name))
    this.#originHealth = new OriginHealth(this.agenda, seed, scenario.topology.regions, region => {
      const origin = this.origins.deliveryIn(region)
      return origin === undefined ? 'gone' : origin.core.faults().down ? 'not-ready' : 'ready'
    })
    this.#edgeStart = new Draws(calibration.generator.edgeStartMs, seed, 'edge-start')
    this.shared = new SharedAnswers(this.#places.length)
    const sites = scenario.topology.sites.map(({ name, edges }) => ({ site: name, edges: edgeNames(name, edges) }))
    const source = { fleet: scenario.fleet, event, seed, startMs: this.startMs, durationMs }
    const doors = {
      isAlive: (edge: number) => this.#edges[edge] !== undefined,
      hearsAt: (edge: number, now: EpochMs) => {
        const cores = this.#edges[edge]?.cores
        return cores === undefined ? now : this.ground.hears(cores, now)
      },
      bringNear: (edges: Int32Array, objects: Int32Array, count: number) => {
        this.shared.bringNear(edges, objects, count)
        for (let i = 0; i < count; i++) this.#edges[edges[i] as number]?.players.bringNear()
      },
      asked: (exchange: Exchange, now: EpochMs) => this.#edges[exchange.edge]?.players.asked(exchange, now),
      left: (exchange: Exchange, now: EpochMs) => this.#edges[exchange.edge]?.players.left(exchange, now),
    }
    this.fleet = new SimFleet(this.ground, doors, { source, sites, seats, edges: this.#places.map(({ edge }) => edge) })
    this.#begin()
  }

  get players() {
    return this.fleet.requests
  }

  /** Lets time pass until `untilMs`, or until so many events have been; whether `untilMs` was reached. */
  run(untilMs: EpochMs, mostEvents = Infinity): boolean {
    return this.agenda.run(untilMs, mostEvents, this.fleet)
  }

  /** What every part of the world has counted. */
  parts(): Part[] {
    return [
      ...this.#kept,
      ...this.origins.parts(),
      ...this.pipelines.map(pipeline => pipeline.part()),
      ...this.#edges.flatMap(edge => (edge ? [edge.part()] : [])),
      this.fleet.tally.part(),
    ]
  }

  // What edges need

  askOrigin(call: UpstreamCall, now: EpochMs): void {
    const { upstream } = call.plan
    const origin = upstream.is === 'origin' ? this.origins.deliveryIn(upstream.region as string) : undefined
    if (origin) origin.deliverySide.ask(call, now)
    else call.fails('refused', now)
  }

  sibling(name: string): SimEdge | undefined {
    return this.#edges[this.#places.findIndex(({ edge }) => edge === name)]
  }

  learn(edge: SimEdge, now: EpochMs): void {
    this.#learnFrom(edge, edge.core.originOrder(), now)
  }

  siblingRefused(asker: SimEdge, sibling: string, now: EpochMs): void {
    this.#health.refusedBy(asker, sibling, now)
  }

  // What actions need

  get livingEdges(): SimEdge[] {
    return this.#edges.filter(edge => edge !== undefined)
  }

  /** The event as an origin has it now. */
  get eventNow(): LiveEvent {
    const [first] = this.plan.scenario.topology.regions.flatMap(region => this.origins.deliveryIn(region) ?? [])
    return first ? first.core.eventConfig() : this.plan.event
  }

  /** Changes fault switches of every living origin. */
  setFaults(faults: Partial<OriginFaults>, now: EpochMs): void {
    for (const origin of this.origins.living()) origin.core.setFaults(faults)
    if (faults.down === undefined) return
    for (const region of this.plan.scenario.topology.regions) this.#originHealth.changed(region, this.livingEdges, now)
  }

  /** What actions have broken of the storage is whole again: what was acknowledged can be read back. */
  makeWhole(): void {
    this.storage.makeWhole()
  }

  /** Why what was acknowledged at the place `target` cannot be read back there; undefined: it can. */
  whyLost(target: string, acknowledged: Acknowledged): string | undefined {
    const found = this.storage.of(this.origins.regionOf(target)).find(acknowledged)
    if (found?.etag === acknowledged.etag) return undefined
    return found === undefined ? 'missing' : `the store gave ${found.etag}`
  }

  /** Ends every origin process of `region` without warning. */
  killOrigins(region: string, now: EpochMs): void {
    this.origins.kill(region, now)
    this.#originHealth.changed(region, this.livingEdges, now)
  }

  reviveOrigins(region: string, now: EpochMs, then: (at: EpochMs) => void): void {
    this.origins.revive(region, now, at => {
      this.#originHealth.changed(region, this.livingEdges, at)
      then(at)
    })
  }

  /** The edge that fills the first rendition for the first site. */
  get designatedEdge(): string {
    const { event, renditions } = this.plan.event
    return designatedOf(event, renditions[0]?.name as string, this.#site(this.#places[0]?.site as string))
  }

  /** Ends an edge without warning; what it had counted is kept. */
  killEdge(name: string, now: EpochMs): void {
    const index = this.#places.findIndex(({ edge }) => edge === name)
    const edge = this.#edges[index]
    if (!edge) return
    this.#kept.push(edge.part())
    this.#edges[index] = undefined
    edge.die(now)
    this.fleet.edgeDied(index, now)
    this.#health.changed(name, this.#siblingsOf(name), now)
  }

  /** Starts an ended edge again, with nothing stored; `then` is called when it is there. */
  reviveEdge(name: string, now: EpochMs, then: (at: EpochMs) => void): void {
    this.agenda.at(after(now, this.#edgeStart.next()), at => {
      const index = this.#places.findIndex(({ edge }) => edge === name)
      this.#introduce(this.#startEdge(index, at), at)
      this.#health.changed(name, this.#siblingsOf(name), at)
      then(at)
    })
  }

  #begin(): void {
    const { agenda } = this
    const { bornMs } = this.plan
    agenda.at(bornMs, now => {
      this.origins.start(now)
      for (const pipeline of this.pipelines) pipeline.turn(now)
    })
    agenda.at(after(bornMs, edgesBehindMs), now => {
      const edges = this.#places.map((_, index) => this.#startEdge(index, now))
      for (const edge of edges) this.#introduce(edge, now)
    })
    agenda.at(after(this.startMs, -(resetAheadMs as number)), () => {
      this.origins.reset()
      for (const edge of this.livingEdges) edge.reset()
    })
    this.fleet.start()
  }

  #startEdge(index: number, now: EpochMs): SimEdge {
    const { edge: name, site } = this.#places[index] as { edge: string; site: string }
    const { policy, scenario } = this.plan
    const origins = preferredRegions(scenario, site)
    const edge = new SimEdge(this.ground, this, { index, name, site, policy, origins })
    this.#edges[index] = edge
    this.#originHealth.begins(edge, now)
    this.learn(edge, now)
    return edge
  }

  /** The edge hears of its site; dead edges are among those, because they may come back. */
  #introduce(edge: SimEdge, now: EpochMs): void {
    edge.setTopology(this.#site(edge.site), now)
    this.#health.begins(edge, this.#siblingsOf(edge.name), now)
  }

  /** The first of the regions that answers says what the event is. */
  #learnFrom(edge: SimEdge, regions: readonly string[], now: EpochMs): void {
    const [region, ...others] = regions
    const way = this.ground.ways.edgeOrigin
    this.agenda.at(after(now, way.oneWayMs()), askedMs => {
      const config = this.origins.deliveryIn(region as string)?.deliverySide.askForConfig(edge.name, edge.site, askedMs)
      this.agenda.at(after(askedMs, way.oneWayMs()), heardMs => {
        if (config !== undefined || others.length === 0) edge.learned(config, heardMs)
        else this.#learnFrom(edge, others, heardMs)
      })
    })
  }

  #site(site: string): string[] {
    return this.#places.filter(one => one.site === site).map(({ edge }) => edge)
  }

  #siblingsOf(name: string): string[] {
    const own = this.#places.find(({ edge }) => edge === name)
    return this.#site(own?.site as string).filter(edge => edge !== name)
  }
}
