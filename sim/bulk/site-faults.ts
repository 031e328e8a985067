import type { LiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { newestNumbers } from '../../live/template.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import type { Agenda } from './agenda.ts'
import { type BulkFault, type Fate, touches } from './faults.ts'
import type { SiteEdge } from './site-edge.ts'
import type { SiteOrigin } from './site-origin.ts'

// What faults do to the edges and origins of simulated sites, each at its instant.

/** What faults can reach of a world (site-world.ts). */
export interface FaultyWorld {
  readonly agenda: Agenda
  /** By region. */
  readonly origins: ReadonlyMap<string, SiteOrigin>
  readonly sites: readonly (readonly SiteEdge[])[]
  /** Of all sites. */
  readonly edges: readonly SiteEdge[]
  /** The region whose origin the sites ask. */
  serving: string
  /** Tells an edge that has just begun of the event and its siblings. */
  introduce(edge: SiteEdge): void
  /** An edge asks for `event.json`. */
  learn(edge: SiteEdge): void
}

export interface FaultPlan {
  readonly event: LiveEvent
  readonly regions: readonly string[]
  readonly startMs: EpochMs
  readonly fate: Fate
  readonly faults: readonly BulkFault[]
}

export class SiteFaults {
  readonly #world: FaultyWorld
  readonly #plan: FaultPlan

  constructor(world: FaultyWorld, plan: FaultPlan) {
    this.#world = world
    this.#plan = plan
  }

  /** Puts on the agenda what is still to come and makes a difference to these sites. */
  arrange(): void {
    const { startMs, fate, faults } = this.#plan
    const { agenda } = this.#world
    for (const [place, fault] of faults.entries()) {
      if (fault.do !== 'lose-region' && !touches(fault, place, fate)) continue
      const atMs = after(startMs, fault.atMs)
      // What was over before this world began has left nothing behind that a warm-up does not bring.
      if (atMs >= agenda.now) agenda.at(atMs, () => this.#begin(fault))
    }
  }

  #begin(fault: BulkFault): void {
    const { sites, edges, agenda } = this.#world
    switch (fault.do) {
      case 'restart-edges':
        for (const site of sites) this.#restartFirst(site, fault.downMs)
        return
      case 'flush-edges':
        for (const edge of edges) this.#flush(edge)
        return
      case 'lose-region':
        this.#loseRegion(fault)
        return
      case 'stall-encoder':
        this.#pipelines(fault.pipeline, { stallForMs: fault.forMs })
        return
      case 'defects':
        this.#pipelines(fault.pipeline, { defects: { kind: fault.kind, ms: fault.ms, forMs: fault.forMs } })
        return
      case 'lose-pipeline':
        this.#pipelines(fault.pipeline, fault.forMs === undefined ? { lost: true } : { lostForMs: fault.forMs })
        return
      case 'publish-delay':
        this.#pipelines(fault.pipeline, { delay: { ms: fault.ms, forMs: fault.forMs } })
        return
      case 'raise-version':
        this.#eachCore(core => core.raiseVersion())
        this.#spreadNews()
        return
      case 'invalidate':
      case 'mask':
        this.#command(fault)
        return
      case 'notify':
        this.#eachCore(core => core.notify({ type: fault.type, atMs: agenda.now, text: fault.text }))
        return
      case 'shed':
        this.#eachCore(core => core.setFaults({ shed: fault.on }))
        return
      case 'origin-slow':
        this.#forAWhile(fault.forMs, { slowMs: fault.ms }, { slowMs: 0 })
        return
      case 'origin-down':
        this.#forAWhile(fault.forMs, { down: true }, { down: false })
        return
    }
  }

  /** The first edge of a site goes down and comes back with nothing stored. */
  #restartFirst(site: readonly SiteEdge[], downMs: Ms): void {
    const { agenda } = this.#world
    const edge = site[0] as SiteEdge
    edge.die()
    agenda.at(after(agenda.now, downMs), () => {
      edge.alive = true
      this.#world.introduce(edge)
      agenda.at(after(agenda.now, limits.heartbeatMs), () => {
        for (const other of site) if (other !== edge) other.core.siblingAlive(edge.name, true, agenda.now)
      })
    })
  }

  #flush(edge: SiteEdge): void {
    edge.forgetVerdicts()
    edge.apply(edge.core.flush(this.#world.agenda.now))
  }

  #loseRegion({ region, forMs, wayOverMs }: Extract<BulkFault, { do: 'lose-region' }>): void {
    const { origins, agenda } = this.#world
    const { regions, event } = this.#plan
    const lost = origins.get(region)
    if (!lost) return
    const next = regions.find(other => other !== region)
    lost.away = true
    // Each region has a pipeline of its own, in the order in which both are named.
    this.#pipelines(event.pipelines[regions.indexOf(region)], { lostForMs: forMs })
    if (this.#world.serving !== region || next === undefined) return
    agenda.at(after(agenda.now, wayOverMs), () => {
      this.#world.serving = next
    })
  }

  #pipelines(pipeline: string | undefined, change: Parameters<SiteOrigin['changePipeline']>[1]): void {
    const { pipelines } = this.#plan.event
    for (const name of pipeline === undefined ? pipelines : [pipeline]) {
      for (const origin of this.#world.origins.values()) origin.changePipeline(name, change)
    }
  }

  #command(fault: Extract<BulkFault, { do: 'invalidate' | 'mask' }>): void {
    const { now } = this.#world.agenda
    const range = newestNumbers(this.#plan.event, fault.lastSegments, now)
    if (!range) return
    for (const origin of this.#world.origins.values()) {
      if (fault.do === 'invalidate') {
        origin.core.invalidate({ ...range, pipeline: fault.pipeline, region: fault.region })
        continue
      }
      const commanded = origin.core.mask({ pipeline: fault.pipeline, ...range }, now)
      if (commanded.done) origin.apply(commanded.effects)
    }
    this.#spreadNews()
  }

  /** Edges ask for `event.json` by themselves, each at its own instant within the interval. */
  #spreadNews(): void {
    const { edges, agenda } = this.#world
    for (const [place, edge] of edges.entries()) {
      const waitMs = ((place + 0.5) / edges.length) * limits.eventConfigMs
      agenda.at(after(agenda.now, waitMs), () => this.#world.learn(edge))
    }
  }

  #forAWhile(forMs: Ms, begin: CoreFaults, end: CoreFaults): void {
    const { agenda } = this.#world
    this.#eachCore(core => core.setFaults(begin))
    agenda.at(after(agenda.now, forMs), () => this.#eachCore(core => core.setFaults(end)))
  }

  #eachCore(change: (core: SiteOrigin['core']) => void): void {
    for (const { core } of this.#world.origins.values()) change(core)
  }
}

type CoreFaults = Parameters<SiteOrigin['core']['setFaults']>[0]
