import { mkdirSync } from 'node:fs'
import type { EdgePolicy } from '../edge/core/policy.ts'
import type { LiveEvent } from '../live/event.ts'
import type { EpochMs } from '../live/units.ts'
import { now } from '../process/clock.ts'
import { carryOut } from './actions.ts'
import { type DuelReading, originState } from './duel-readings.ts'
import {
  type Action,
  beside,
  doubled,
  fleetName,
  onBothSides,
  type Policies,
  type Scenario,
  type Side,
  sides,
  sitesOf,
} from './duel-scenario.ts'
import { DuelWatch } from './duel-watch.ts'
import { eventOf } from './event-of.ts'
import { type Followed, followOne } from './follow-one.ts'
import type { HarnessError } from './harness-error.ts'
import { parsePolicy } from './policies.ts'
import { edgesOf } from './process-configs.ts'
import { type RunStorage, startRunStorage } from './storage/run-storage.ts'
import { World } from './world.ts'

// Two policies beside each other, live: one origin with its pipelines, and for each side its own edges and fleet, which
// somebody watches and interferes with while they run.

export interface DuelOptions {
  readonly scenario: Scenario
  readonly policies: Policies
  /** Players of each side at the start. */
  readonly players: number
  /** Configurations, logs and last words are kept here. */
  readonly folder: string
  readonly tell: (doing: string) => void
  readonly signal: AbortSignal
}

/** A preset, single switches, or a preset with switches: what `POST /policy` of an edge takes. */
export interface PolicyChange {
  readonly preset?: string
  readonly switches?: Partial<EdgePolicy>
}

/** What ends every fault of a pipeline. */
const sound = { stallForMs: 0, defects: null, lost: false, delay: { ms: 0, forMs: 0 }, tearPuts: { forMs: 0 } }

export class Duel {
  readonly event: LiveEvent
  readonly #options: DuelOptions
  readonly #world: World
  readonly #storage: RunStorage
  /** What was commanded of each side's policy, for an edge that comes back with the one that it was started with. */
  readonly #policies = new Map<Side, PolicyChange[]>()
  /** Ends what actions still mean to do later. */
  #acting = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #follows = 0
  readonly #watch: DuelWatch

  private constructor(options: DuelOptions, storage: RunStorage) {
    const { scenario, policies, folder } = options
    this.#options = options
    this.#storage = storage
    this.event = eventOf(scenario, now())
    this.#world = new World({
      scenario: doubled(scenario),
      contender: beside(scenario, policies),
      event: this.event,
      origin: { host: '127.0.0.1', port: 0 },
      runStorage: storage,
      folder,
      decisionLogs: 'on-demand',
    })
    const edges = { left: this.#edgeNames('left'), right: this.#edgeNames('right') }
    this.#watch = new DuelWatch({ world: this.#world, scenario, edges })
  }

  /** Starts everything; resolves when both fleets are on their way. Throws HarnessError; nothing is left behind then. */
  static async start(options: DuelOptions): Promise<Duel> {
    const { scenario, folder, tell, signal, players } = options
    mkdirSync(folder, { recursive: true })
    const storage = await startRunStorage(scenario, { folder, tell, signal })
    const duel = new Duel(options, storage)
    try {
      await duel.#world.start(tell, signal)
      tell('starting the fleets')
      const startMs = now()
      await Promise.all(
        sides.map(side => {
          const fleet = { name: fleetName(side), sites: sitesOf(side, scenario) }
          return duel.#world.startFleet(startMs, signal, fleet)
        }),
      )
      await duel.#world.processes.reset()
      await Promise.all(sides.map(side => duel.setPlayers(side, players)))
      return duel
    } catch (error) {
      await duel.stop()
      throw error
    }
  }

  /** Where players ask each edge of `side`. */
  edges(side: Side): { readonly edge: string; readonly url: string }[] {
    return this.#edgeNames(side).map(edge => ({ edge, url: this.#world.edgeUrl(edge) }))
  }

  /** How many players the fleet of `side` shall have. */
  async setPlayers(side: Side, players: number): Promise<void> {
    await this.#world.control(fleetName(side)).post('/fleet', { players })
  }

  /** Changes the policy of every edge of `side`. */
  async setPolicy(side: Side, change: PolicyChange): Promise<void> {
    const before = change.preset === undefined ? (this.#policies.get(side) ?? []) : []
    this.#policies.set(side, [...before, change])
    await Promise.all(this.#livingEdges(side).map(edge => this.#world.control(edge).post('/policy', change)))
  }

  /** Carries out `actions` at their instants after `startMs`; resolves when the last has ended. `tell` hears of each. */
  async act(
    actions: readonly Action[],
    startMs: EpochMs,
    tell: (what: Record<string, unknown>) => void,
  ): Promise<void> {
    const { scenario } = this.#options
    const expanded = actions.flatMap(action => onBothSides(action, scenario, site => this.#world.designatedIn(site)))
    await this.#carryOut(expanded, startMs, tell)
  }

  /** As `act`, for actions that name this duel's own edges. */
  actNow(actions: readonly Action[], tell: (what: Record<string, unknown>) => void): Promise<void> {
    return this.#carryOut(actions, now(), tell)
  }

  /** Sends one request of its own through `side` and follows it from place to place. */
  follow(side: Side): Promise<Followed> {
    const [site] = sitesOf(side, this.#options.scenario)
    const edges = edgesOf(this.#world.plan.scenario).filter(place => place.site === site)
    const id = `follow-${++this.#follows}`
    return followOne({ world: this.#world, event: this.event, edges: edges.map(({ edge }) => edge), id })
  }

  /** Everything as it was at the start: policies, fleets, faults, edges that are down, masks; counts begin anew. */
  async reset(): Promise<void> {
    this.#acting.abort()
    await Promise.allSettled(this.#running)
    this.#acting = new AbortController()
    const { signal, policies, players } = this.#options
    await this.#world.makeWhole(signal)
    const dead = sides.flatMap(side => this.#edgeNames(side).filter(edge => !this.#world.livingEdges.includes(edge)))
    await Promise.all(dead.map(edge => this.#world.reviveEdge(edge, signal)))
    await Promise.all(this.event.pipelines.map(pipeline => this.#world.pipeline(pipeline).post('/faults', sound)))
    await this.#liftMasks()
    for (const side of sides) {
      const { preset, switches } = parsePolicy(policies[side])
      await this.setPolicy(side, { preset, switches })
      // Who has given up comes back only as somebody new.
      await this.setPlayers(side, 0)
      await this.setPlayers(side, players)
    }
    await this.#world.processes.reset()
  }

  /** What everybody says of himself now, or said last where he is too busy; who does not live is left out. */
  read(): Promise<DuelReading> {
    return this.#watch.read()
  }

  /** Resolves when a process ends without having been asked to. */
  get death(): Promise<HarnessError> {
    return this.#world.death
  }

  async stop(): Promise<void> {
    this.#acting.abort()
    await Promise.allSettled(this.#running)
    await this.#world.stop()
    await this.#storage.stop()
  }

  async #carryOut(
    actions: readonly Action[],
    startMs: EpochMs,
    tell: (what: Record<string, unknown>) => void,
  ): Promise<void> {
    const acting = this.#acting.signal
    const running = carryOut(actions, this.#world, {
      startMs,
      signal: acting,
      tell: ({ action }) => {
        // A revived edge has the policy that it was started with. If it is gone again, it is told when it is back.
        if (action.do === 'revive-edge') void this.#repeatPolicy(String(action.edge)).catch(() => undefined)
        tell(action)
      },
    }).catch(error => {
      if (!acting.aborted) throw error
    })
    this.#running.add(running)
    await running.finally(() => this.#running.delete(running))
  }

  async #repeatPolicy(edge: string): Promise<void> {
    const side = sides.find(one => this.#edgeNames(one).includes(edge)) as Side
    for (const change of this.#policies.get(side) ?? []) await this.#world.control(edge).post('/policy', change)
  }

  async #liftMasks(): Promise<void> {
    const origin = this.#world.origins.commanded
    const { masks } = originState.parse(await origin.get('/state'))
    for (const mask of masks ?? []) await origin.post('/mask', { ...mask, lift: true })
  }

  #edgeNames(side: Side): string[] {
    const sites = sitesOf(side, this.#options.scenario)
    return edgesOf(this.#world.plan.scenario)
      .filter(({ site }) => sites.includes(site))
      .map(({ edge }) => edge)
  }

  #livingEdges(side: Side): string[] {
    return this.#edgeNames(side).filter(edge => this.#world.livingEdges.includes(edge))
  }
}
