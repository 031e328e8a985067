import { now } from '../process/clock.ts'
import {
  type DuelReading,
  type EdgeReading,
  edgeState,
  fleetState,
  originState,
  pipelineState,
  type SideReading,
} from './duel-readings.ts'
import { fleetName, type Scenario, type Side, sitesOf } from './duel-scenario.ts'
import { Watched } from './watched.ts'
import type { World } from './world.ts'

// Looks at all processes of a duel at once.

export interface DuelWatchOptions {
  readonly world: World
  /** As it is for one side. */
  readonly scenario: Scenario
  readonly edges: Readonly<Record<Side, readonly string[]>>
}

export class DuelWatch {
  readonly #options: DuelWatchOptions
  readonly #origin: Watched<typeof originState>
  readonly #pipelines: { readonly pipeline: string; readonly watched: Watched<typeof pipelineState> }[]
  readonly #fleets: Readonly<Record<Side, Watched<typeof fleetState>>>
  readonly #edges: Readonly<Record<Side, { readonly edge: string; readonly watched: Watched<typeof edgeState> }[]>>

  constructor(options: DuelWatchOptions) {
    const { world, edges } = options
    this.#options = options
    this.#origin = new Watched(() => world.origins.commanded, originState)
    this.#pipelines = world.plan.event.pipelines.map(pipeline => ({
      pipeline,
      watched: new Watched(() => world.pipeline(pipeline), pipelineState),
    }))
    const edgesOn = (side: Side) =>
      edges[side].map(edge => ({ edge, watched: new Watched(() => world.control(edge), edgeState) }))
    const fleetOn = (side: Side) => new Watched(() => world.control(fleetName(side)), fleetState)
    this.#edges = { left: edgesOn('left'), right: edgesOn('right') }
    this.#fleets = { left: fleetOn('left'), right: fleetOn('right') }
  }

  async read(): Promise<DuelReading> {
    const [origin, left, right, ...pipelines] = await Promise.all([
      this.#origin.look(),
      this.#readSide('left'),
      this.#readSide('right'),
      ...this.#pipelines.map(async ({ pipeline, watched }) => ({ pipeline, state: await watched.look() })),
    ])
    const traffic = (side: Side) => {
      const sites = sitesOf(side, this.#options.scenario).flatMap(site => origin?.sites[site] ?? [])
      const sum = (of: 'requests' | 'held') => sites.reduce((total, site) => total + site[of], 0)
      return { requests: sum('requests'), held: sum('held') }
    }
    return {
      atMs: now(),
      sides: { left: { ...left, traffic: traffic('left') }, right: { ...right, traffic: traffic('right') } },
      origin,
      pipelines,
    }
  }

  async #readSide(side: Side): Promise<Omit<SideReading, 'traffic'>> {
    const [fleet, ...edges] = await Promise.all([
      this.#fleets[side].look(),
      ...this.#edges[side].map(
        async ({ edge, watched }): Promise<EdgeReading> => ({ edge, state: await watched.look() }),
      ),
    ])
    return { fleet, edges }
  }
}
