import { EdgeCore } from '../../edge/core/edge.ts'
import type { EdgePolicy } from '../../edge/core/policy.ts'
import type { CopyId, Effect, FetchId, ShortAnswer, TicketId } from '../../edge/core/verdict.ts'
import { EdgeRecorder } from '../../edge/http/edge-recorder.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { EdgeReason } from '../../live/reasons.ts'
import type { EpochMs } from '../../live/units.ts'
import type { Part } from '../../results/record/part.ts'
import { Cores } from '../network/cores.ts'
import type { SharedLink } from '../network/shared-link.ts'
import { SimCopies } from './copies.ts'
import { CoreWake } from './core-wake.ts'
import { EdgePlayers, type PlayerEnd } from './edge-players.ts'
import { EdgeSiblings } from './edge-siblings.ts'
import { SimFetches, type Upstreams } from './fetches.ts'
import { foldEdgeEffects } from './folding.ts'
import type { Ground } from './ground.ts'
import type { SharedAnswers } from './shared-answers.ts'

// One edge in virtual time: what edge/http/driver.ts does over sockets. It carries out what the core decides, and decides
// nothing itself. Those who ask: edge-players.ts, edge-siblings.ts; whom it asks: fetches.ts.

/** What the edge needs of the world around it. */
export interface EdgeWorld extends Upstreams {
  /** Of every edge. */
  readonly shared: SharedAnswers
  readonly players: PlayerEnd
  /** The edge asks the origin for `event.json`. */
  learn(edge: SimEdge, now: EpochMs): void
  siblingRefused(asker: SimEdge, sibling: string, now: EpochMs): void
}

export interface EdgePlace {
  /** Its place among all edges. */
  readonly index: number
  readonly name: string
  readonly site: string
  readonly policy: EdgePolicy
  /** Regions of the origins, in the order of preference. */
  readonly origins: readonly string[]
}

export class SimEdge {
  readonly index: number
  readonly name: string
  readonly site: string
  readonly core: EdgeCore
  readonly recorder: EdgeRecorder
  readonly cores: Cores
  readonly link: SharedLink
  readonly ground: Ground
  readonly shared: SharedAnswers
  readonly copies = new SimCopies()
  readonly players: EdgePlayers
  readonly siblings: EdgeSiblings
  alive = true
  readonly #world: EdgeWorld
  readonly #fetches: SimFetches
  readonly #wake: CoreWake

  constructor(ground: Ground, world: EdgeWorld, { index, name, site, policy, origins }: EdgePlace) {
    const { calibration } = ground
    this.ground = ground
    this.shared = world.shared
    this.index = index
    this.name = name
    this.site = site
    this.#world = world
    this.core = new EdgeCore({ name, site, policy, origins })
    this.#wake = new CoreWake(ground.agenda, this.core, now => this.apply(this.core.wake(now), now))
    this.recorder = new EdgeRecorder(name, site)
    this.cores = new Cores(calibration.cores.edge, ground.machine, ground.pausesOf('edge', name))
    this.link = ground.link(calibration.links.edge.bitsPerSecond)
    this.#fetches = new SimFetches(ground, this, world)
    this.players = new EdgePlayers(this, world.players)
    this.siblings = new EdgeSiblings(this)
  }

  part(): Part {
    this.players.flush()
    return this.recorder.part(this.core.stats().evictions)
  }

  /** What it has counted so far; cheaper than `part` for somebody who looks in often. */
  counts(): ReadonlyMap<string, number> {
    this.players.flush()
    return this.recorder.counts()
  }

  reset(): void {
    this.players.flush()
    this.recorder.reset(this.core.stats().evictions)
  }

  /** All edges of the site, this one among them. */
  setTopology(edges: readonly string[], now: EpochMs): void {
    this.core.siblings({ edges }, now)
  }

  siblingAlive(edge: string, alive: boolean, now: EpochMs): void {
    this.core.siblingAlive(edge, alive, now)
    this.schedule()
  }

  originAlive(region: string, alive: boolean, now: EpochMs): void {
    this.core.originAlive(region, alive, now)
    this.schedule()
  }

  siblingRefused(edge: string, now: EpochMs): void {
    this.#world.siblingRefused(this, edge, now)
  }

  learned(config: LiveEvent | undefined, now: EpochMs): void {
    if (!this.alive) return
    if (config) this.apply(this.core.learn(config, now), now)
    else {
      this.core.learnFailed(this.ground.event.event, now)
      this.schedule()
    }
  }

  flush(now: EpochMs): void {
    this.apply(this.core.flush(now), now)
  }

  /** It is gone, without a word. Whoever waited or read here finds the connection reset; players are the world's. */
  die(now: EpochMs): void {
    this.alive = false
    this.#wake.stop()
    this.#fetches.abandonAll(now)
    this.siblings.resetAll(now)
  }

  /** Carries out what the core decided. */
  apply(effects: readonly Effect[], now: EpochMs): void {
    foldEdgeEffects(this.ground.hash, this.index, effects)
    for (const effect of effects) this.#carryOut(effect, now)
    this.schedule()
  }

  /** The core is woken when it wants to be. */
  schedule(): void {
    if (this.alive) this.#wake.schedule()
  }

  #carryOut(effect: Effect, now: EpochMs): void {
    switch (effect.do) {
      case 'fetch':
        this.recorder.fetched(effect.plan, now)
        this.#fetches.send(effect.fetch, effect.plan, now)
        break
      case 'abandon':
        this.#fetches.abandon(effect.fetch, now)
        break
      case 'collect':
        this.#collect(effect.fetch, effect.copy)
        break
      case 'deliver':
        this.#deliver(effect.ticket, effect.copy, effect.reason, effect.collapsed, now)
        break
      case 'answer':
        this.#answer(effect.ticket, effect.answer, now)
        break
      case 'break':
        this.#break(effect.copy, now)
        break
      case 'complete':
        this.#complete(effect.copy, now)
        break
      case 'drop':
        this.copies.drop(effect.copy)
        break
      case 'learn-event':
        this.#world.learn(this, now)
    }
  }

  #collect(fetch: FetchId, id: CopyId): void {
    const from = this.#fetches.get(fetch)
    const copy = this.copies.open(id)
    if (!from) return
    from.copy = copy
    copy.facts = from.facts
  }

  #deliver(ticket: TicketId, copy: CopyId, reason: EdgeReason, collapsed: boolean, now: EpochMs): void {
    const player = this.players.take(ticket, now)
    if (player !== undefined) {
      this.players.deliver(player, copy, reason, collapsed, now)
      return
    }
    const sibling = this.siblings.take(ticket, now)
    if (sibling) this.siblings.deliver(sibling, copy, reason, collapsed, now)
  }

  #answer(ticket: TicketId, answer: ShortAnswer, now: EpochMs): void {
    const player = this.players.take(ticket, now)
    if (player !== undefined) {
      this.players.answer(player, answer, now)
      return
    }
    const sibling = this.siblings.take(ticket, now)
    if (sibling) this.siblings.answer(sibling, answer, now)
  }

  #complete(id: CopyId, now: EpochMs): void {
    const copy = this.copies.open(id)
    copy.state = 'whole'
    const { readers, siblings } = copy
    copy.readers = []
    copy.siblings = []
    this.players.complete(readers, copy, now)
    for (const sibling of siblings) sibling.complete(copy.receivedBytes, now)
  }

  #break(id: CopyId, now: EpochMs): void {
    const copy = this.copies.get(id)
    if (!copy) return
    copy.state = 'broken'
    this.players.break(copy.readers, now)
    for (const sibling of copy.siblings) sibling.broken(now)
    copy.readers = []
    copy.siblings = []
  }
}
