import type { LiveEvent } from '../live/event.ts'
import type { EpochMs } from '../live/units.ts'
import {
  delivers,
  type OriginPlace,
  originsOf,
  preferredRegions,
  publishedTo,
  takesPuts,
} from '../scenarios/origin-places.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { freePort } from '../services/free-port.ts'
import type { ControlClient } from './control-client.ts'
import { HarnessError } from './harness-error.ts'
import { originConfig } from './process-configs.ts'
import type { Processes } from './processes.ts'
import type { VariantStorage } from './storage/variant-storage.ts'

// The origin processes of a variant: of every region and role, each told of the publishing ones that it follows, killed
// and brought back at the same addresses.

/** Where an origin listens; 0: any free port. */
export interface Listening {
  readonly host: string
  readonly port: number
}

interface Ports {
  readonly deliveryPort: number
  readonly publishPort: number
  readonly controlPort: number
}

export interface OriginsOptions {
  readonly processes: Processes
  readonly scenario: Scenario
  readonly event: LiveEvent
  readonly storage: VariantStorage
  /** Where the first region's delivery listener shall be. */
  readonly first: Listening
}

export class Origins {
  readonly #options: OriginsOptions
  readonly #places: readonly OriginPlace[]
  readonly #ports = new Map<string, Ports>()
  readonly #reviving = new Map<string, Promise<unknown>>()
  #backlogUntilMs: EpochMs = 0

  constructor(options: OriginsOptions) {
    this.#options = options
    this.#places = originsOf(options.scenario)
  }

  /** Starts them in turn: the first one makes what a shared store needs. */
  async start(backlogUntilMs: EpochMs, signal: AbortSignal): Promise<void> {
    this.#backlogUntilMs = backlogUntilMs
    const firstDelivery = this.#places.find(delivers)
    // Who follows must know where before anybody stands.
    const knowsControl = this.#places.length > 1
    for (const place of this.#places) {
      this.#ports.set(place.name, {
        deliveryPort: place === firstDelivery ? this.#options.first.port : 0,
        publishPort: 0,
        controlPort: knowsControl ? await freePort() : 0,
      })
    }
    for (const place of this.#places) await this.#start(place, signal)
  }

  /** The delivery listener of a region's origin. */
  deliveryUrl(region: string): string {
    const place = this.#places.find(one => one.region === region && delivers(one))
    if (!place) throw new HarnessError(`no origin delivers in ${region}`)
    return this.#options.processes.child(place.name).url('delivery')
  }

  /** The origins of a site's edges, in the order of preference. */
  preferredBy(site: string): { readonly region: string; readonly url: string }[] {
    return preferredRegions(this.#options.scenario, site).map(region => ({ region, url: this.deliveryUrl(region) }))
  }

  /** Where `pipeline` publishes: the process, and its publish listener. */
  publishTargets(pipeline: string): { readonly name: string; readonly url: string }[] {
    const { scenario, event, processes } = this.#options
    return publishedTo(scenario, pipeline, event.pipelines).map(({ name }) => ({
      name,
      url: processes.child(name).url('publish'),
    }))
  }

  /** The living process whose publish listener is at `url`; undefined where there is none. */
  publishingAt(url: string): ControlClient | undefined {
    const { processes } = this.#options
    const wanted = new URL(url).origin
    const place = this.#places.find(one => {
      return takesPuts(one) && processes.isAlive(one.name) && processes.child(one.name).url('publish') === wanted
    })
    return place && processes.control(place.name)
  }

  /** Whom operators command: the others follow. */
  get commanded(): ControlClient {
    const alive = this.#places.find(place => takesPuts(place) && this.#options.processes.isAlive(place.name))
    if (!alive) throw new HarnessError('no origin lives that takes commands')
    return this.#options.processes.control(alive.name)
  }

  /** Every living process of `region`, or of all. */
  living(region?: string): ControlClient[] {
    const { processes } = this.#options
    return this.#in(region)
      .filter(({ name }) => processes.isAlive(name))
      .map(({ name }) => processes.control(name))
  }

  /** SIGKILL to every process of `region`; what they had counted is kept. */
  async kill(region: string): Promise<void> {
    const { processes } = this.#options
    const alive = this.#in(region).filter(({ name }) => processes.isAlive(name))
    await Promise.all(alive.map(({ name }) => processes.kill(name)))
  }

  /** Starts what does not live of `region`, or of all, at the addresses that it had. */
  async revive(region: string | undefined, signal: AbortSignal): Promise<void> {
    for (const place of this.#in(region)) {
      // An attempt that the end of the storm has cut short is over before the next begins.
      await this.#reviving.get(place.name)?.catch(() => undefined)
      if (this.#options.processes.isAlive(place.name)) continue
      const reviving = this.#start(place, signal)
      this.#reviving.set(place.name, reviving)
      await reviving.finally(() => this.#reviving.delete(place.name))
    }
  }

  #in(region: string | undefined): OriginPlace[] {
    return this.#places.filter(place => region === undefined || place.region === region)
  }

  async #start(place: OriginPlace, signal: AbortSignal): Promise<void> {
    const { processes, event, storage, first } = this.#options
    const { host } = first
    const ports = this.#ports.get(place.name) as Ports
    const options = {
      ...place,
      ...ports,
      host,
      store: storage.configFor(place.region),
      follow: this.#followedBy(place, host),
      backlogUntilMs: this.#backlogUntilMs,
    }
    const child = await processes.start(
      'origin',
      place.name,
      signal,
      common => originConfig(common, event, options),
      storage.environment,
    )
    // A restart must be found where it was.
    const portOf = (purpose: string) => Number(new URL(child.url(purpose)).port)
    this.#ports.set(place.name, {
      deliveryPort: delivers(place) ? portOf('delivery') : 0,
      publishPort: takesPuts(place) ? portOf('publish') : 0,
      controlPort: portOf('control'),
    })
  }

  /** The control listeners of all other publishing processes, for one that delivers what they take. */
  #followedBy(place: OriginPlace, host: string): { region: string; url: string }[] {
    if (!delivers(place)) return []
    return this.#places
      .filter(one => one !== place && takesPuts(one))
      .map(({ name, region }) => ({ region, url: `http://${host}:${this.#ports.get(name)?.controlPort}` }))
  }
}
