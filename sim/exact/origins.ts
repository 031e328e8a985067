import { limits } from '../../live/limits.ts'
import { RandomStream } from '../../live/random.ts'
import { after, type EpochMs } from '../../live/units.ts'
import type { Part } from '../../results/record/part.ts'
import { delivers, type OriginPlace, originsOf, publishedTo, takesPuts } from '../../scenarios/origin-places.ts'
import type { Scenario } from '../../scenarios/schema.ts'
import { isSharedStore } from '../../scenarios/store-schema.ts'
import { Draws } from '../network/latency.ts'
import { Following, type Told } from './following.ts'
import type { Ground } from './ground.ts'
import { SimOrigin } from './origin.ts'
import type { SimStorage } from './storage.ts'

// The origin processes of a world, of every region and role: what lab/origins.ts starts. Each follows the publishing ones;
// they are killed and come back over what their stores kept.

export interface OriginsOptions {
  readonly ground: Ground
  readonly scenario: Scenario
  readonly storage: SimStorage
  readonly backlogUntilMs: EpochMs
}

export class SimOrigins {
  readonly #options: OriginsOptions
  readonly #places: readonly OriginPlace[]
  readonly #living = new Map<string, SimOrigin>()
  /** By the names of the follower and the followed. */
  readonly #followings = new Map<string, Following>()
  readonly #start: Draws
  readonly #backoff: RandomStream
  /** What origins that have died had counted. */
  readonly #kept: Part[] = []

  constructor(options: OriginsOptions) {
    const { scenario, ground } = options
    this.#options = options
    this.#places = originsOf(scenario)
    this.#start = new Draws(ground.calibration.generator.edgeStartMs, scenario.seed, 'origin-start')
    this.#backoff = new RandomStream(scenario.seed, 'feed-backoff')
  }

  /** All of them begin. */
  start(now: EpochMs): void {
    for (const place of this.#places) this.#begin(place, now)
    for (const place of this.#places) this.#follow(place, now)
  }

  parts(): Part[] {
    return [...this.#kept, ...this.living().map(origin => origin.books.part())]
  }

  reset(): void {
    for (const origin of this.living()) origin.books.reset()
  }

  /** Every living process, of `region` or of all. */
  living(region?: string): SimOrigin[] {
    return this.#in(region).flatMap(({ name }) => this.#living.get(name) ?? [])
  }

  /** Who answers edges in `region`; undefined: nobody listens there. */
  deliveryIn(region: string): SimOrigin | undefined {
    const place = this.#places.find(one => one.region === region && delivers(one))
    return place && this.#living.get(place.name)
  }

  /** The names of the places where `pipeline` publishes. */
  publishTargets(pipeline: string): string[] {
    const { scenario, ground } = this.#options
    return publishedTo(scenario, pipeline, ground.event.pipelines).map(({ name }) => name)
  }

  /** Who takes PUTs at a place; undefined: nobody listens there. */
  at(name: string): SimOrigin | undefined {
    return this.#living.get(name)
  }

  /** The region of a place. */
  regionOf(name: string): string {
    return this.#places.find(place => place.name === name)?.region as string
  }

  /** Whom operators command; undefined: nobody lives who takes commands. */
  get commanded(): SimOrigin | undefined {
    const place = this.#places.find(one => takesPuts(one) && this.#living.has(one.name))
    return place && this.#living.get(place.name)
  }

  /** Ends every process of `region` without warning; what they had counted is kept. */
  kill(region: string, now: EpochMs): void {
    for (const { name } of this.#in(region)) {
      const origin = this.#living.get(name)
      if (!origin) continue
      this.#living.delete(name)
      origin.die(now)
      this.#kept.push(origin.books.part())
      this.#options.storage.originDied(region)
    }
  }

  /** Starts what does not live of `region`; `then` is called when all of it is there. */
  revive(region: string, now: EpochMs, then: (at: EpochMs) => void): void {
    const absent = this.#in(region).filter(({ name }) => !this.#living.has(name))
    this.#options.ground.agenda.at(after(now, this.#start.next()), at => {
      for (const place of absent) if (!this.#living.has(place.name)) this.#begin(place, at)
      for (const place of absent) this.#follow(place, at)
      then(at)
    })
  }

  /** Whether `place` takes up what others announce, and is told of it. */
  #follow(place: OriginPlace, now: EpochMs): void {
    for (const other of this.#places) {
      if (other === place) continue
      if (delivers(place) && takesPuts(other)) this.#connect(place, other, now)
      // Who followed the dead one asks again, ever less often.
      const isFollowed =
        delivers(other) && takesPuts(place) && this.#followings.get(`${other.name}<${place.name}`)?.isOver
      if (isFollowed) {
        const againMs = after(now, this.#backoff.next() * limits.feedBackoffMs)
        this.#options.ground.agenda.at(againMs, at => this.#connect(other, place, at))
      }
    }
  }

  #connect(place: OriginPlace, other: OriginPlace, now: EpochMs): void {
    const [follower, followed] = [this.#living.get(place.name), this.#living.get(other.name)]
    const name = `${place.name}<${other.name}`
    const before = this.#followings.get(name)
    if (!follower || !followed || before?.isOver === false) return
    const { ground, scenario } = this.#options
    const takesCandidates = isSharedStore(scenario.store)
    const wasLost = before !== undefined
    const following = new Following({ ground, follower, followed, takesCandidates, wasLost })
    this.#followings.set(name, following)
    following.begin(now)
  }

  #begin(place: OriginPlace, now: EpochMs): void {
    const { ground, storage, backlogUntilMs } = this.#options
    const tell = (line: Told, at: EpochMs) => {
      for (const other of this.#places) this.#followings.get(`${other.name}<${place.name}`)?.tell(line, at)
    }
    const origin = new SimOrigin(ground, { place, storage, startedMs: now, backlogUntilMs, tell })
    this.#living.set(place.name, origin)
    origin.begin(now)
  }

  #in(region: string | undefined): OriginPlace[] {
    return this.#places.filter(place => region === undefined || place.region === region)
  }
}
