import type { EpochMs } from '../../live/units.ts'
import type { OperatorState } from '../../origin/core/operator-state.ts'
import { OriginCore } from '../../origin/core/origin-core.ts'
import type { Candidate, OriginEffect } from '../../origin/core/verdict.ts'
import { OriginBooks } from '../../origin/http/origin-books.ts'
import { type OriginPlace, takesPuts } from '../../scenarios/origin-places.ts'
import { Cores } from '../network/cores.ts'
import { CoreWake } from './core-wake.ts'
import { DeliverySide, type FreshBody } from './delivery-side.ts'
import { foldOriginEffects } from './folding.ts'
import type { Told } from './following.ts'
import type { Ground } from './ground.ts'
import { SimOriginStore } from './origin-store.ts'
import { PublishSide } from './publish-side.ts'
import type { SimStorage } from './storage.ts'

// One origin process in virtual time: what its two sides share, as origin/http/origin-runtime.ts, and its life and death.

export interface OriginOptions {
  readonly place: OriginPlace
  readonly storage: SimStorage
  readonly startedMs: EpochMs
  readonly backlogUntilMs: EpochMs
  /** Tells the origins that follow this one. */
  readonly tell: (line: Told, now: EpochMs) => void
}

export class SimOrigin {
  readonly name: string
  readonly region: string
  readonly core: OriginCore
  readonly books: OriginBooks
  readonly cores: Cores
  readonly store: SimOriginStore
  readonly publishSide: PublishSide
  readonly deliverySide: DeliverySide
  readonly tell: OriginOptions['tell']
  alive = true
  readonly #place: OriginPlace
  readonly #storage: SimStorage
  readonly #ground: Ground
  readonly #wake: CoreWake

  constructor(ground: Ground, { place, storage, startedMs, backlogUntilMs, tell }: OriginOptions) {
    const { event, seed, calibration } = ground
    const { name, region } = place
    this.#ground = ground
    this.#place = place
    this.#storage = storage
    this.name = name
    this.region = region
    this.tell = tell
    this.core = new OriginCore({ event, region, seed, startedMs, backlogUntilMs })
    this.#wake = new CoreWake(ground.agenda, this.core, now => this.apply(this.core.wake(now), now))
    this.books = new OriginBooks(name, region)
    this.cores = new Cores(calibration.cores.origin, ground.machine, ground.pausesOf('origin', name))
    const { core, books, cores } = this
    this.store = new SimOriginStore({ ground, storage, region, core, books, cores })
    this.publishSide = new PublishSide(ground, this)
    this.deliverySide = new DeliverySide(ground, this)
  }

  /** Takes up what its store holds of an earlier life, before anybody is let in. */
  begin(now: EpochMs): void {
    const { state } = this.#storage.of(this.region)
    if (state !== undefined) {
      this.adopt(state, now)
      if (takesPuts(this.#place)) this.core.raiseEpoch()
    }
    this.#save(now)
    this.restore(this.listStored(), now)
  }

  /** It is gone, without a word: every connection is reset. */
  die(now: EpochMs): void {
    this.alive = false
    this.#wake.stop()
    this.store.close()
    this.publishSide.die(now)
    this.deliverySide.die(now)
  }

  /** An operator has commanded something: it is saved, and told to those who follow. */
  commanded(now: EpochMs): void {
    this.#save(now)
    this.tell({ say: 'state', state: this.core.operatorState() }, now)
  }

  /** Joins what was commanded at another origin. */
  adopt(state: OperatorState, now: EpochMs): void {
    const { changed, effects } = this.core.adopt(state, now)
    if (changed) {
      this.books.count('feed.states_adopted')
      this.#save(now)
    }
    this.apply(effects, now)
  }

  /** Another process has stored `candidate`, and this one's store can give it. */
  learn(candidate: Candidate, now: EpochMs, fresh?: FreshBody): void {
    const { rendition, number, storedMs } = candidate
    if (number !== undefined) this.books.published(this.core.eventConfig(), rendition, number, storedMs)
    this.apply(this.core.learned(candidate, now), now, fresh)
  }

  /** Takes up candidates that this one's store holds. */
  restore(candidates: readonly Candidate[], now: EpochMs): void {
    const { effects } = this.core.restore(candidates, now)
    const event = this.core.eventConfig()
    for (const { rendition, number, storedMs } of candidates) {
      if (number !== undefined) this.books.published(event, rendition, number, storedMs)
    }
    this.apply(effects, now)
  }

  listStored(): readonly Candidate[] {
    const kept = this.#storage.of(this.region)
    return kept.answers ? kept.list() : []
  }

  /** Carries out what the core wants done. */
  apply(effects: readonly OriginEffect[], now: EpochMs, fresh?: FreshBody): void {
    foldOriginEffects(this.#ground.hash, effects)
    for (const effect of effects) {
      if (effect.do === 'release') this.deliverySide.release(effect.tickets, effect.verdict, now, fresh)
      // Who puts removes: several processes of one store need not do it several times.
      else if (takesPuts(this.#place)) {
        const { rendition, number, pipelines } = effect
        for (const pipeline of pipelines) this.store.remove({ pipeline, rendition, number }, now)
      }
    }
    this.schedule()
  }

  /** Sets the one call to the core's next wake-up. */
  schedule(): void {
    this.#wake.schedule()
  }

  #save(now: EpochMs): void {
    if (!takesPuts(this.#place)) return
    this.books.count('store_states_saved')
    this.#storage.saveState(this.core.operatorState(), this.region, now)
  }
}
