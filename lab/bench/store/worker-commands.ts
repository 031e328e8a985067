import type { Bytes, Ms } from '../../../live/units.ts'
import type { KnownBody } from '../../../origin/store/segment-store.ts'
import type { StoreConfig } from '../../../origin/store/store-config.ts'

// What a process of the store benchmark is told over its channel, and what it answers.

/** Publishes numbers `first`, `first + 1`, … one every `everyMs`, each counted from its planned instant on. */
export interface PublishPlan {
  readonly do: 'publish'
  readonly first: number
  readonly count: number
  readonly everyMs: Ms
  readonly bodyBytes: Bytes
}
export interface Published {
  /** Each acknowledged publish, from its planned instant to its acknowledgement. */
  readonly durationsMs: readonly Ms[]
  readonly failed: number
  readonly bodies: readonly StormBody[]
}

export interface StormBody {
  readonly number: number
  readonly known: KnownBody
}

/** Twenty cold edges: reads at planned instants, `readsPerS` of all of them, each of any of `bodies`. */
export interface StormPlan {
  readonly do: 'storm'
  readonly bodies: readonly StormBody[]
  readonly readsPerS: number
  readonly forMs: Ms
  readonly seed: number
}
export interface Stormed {
  readonly reads: number
  readonly failed: number
  readonly bytes: number
  /** From the planned instant to the last byte. */
  readonly durationsMs: readonly Ms[]
  /** How much later than planned the last read was begun: a generator that does not keep up is no open loop. */
  readonly lagMs: Ms
  /** What the store and its tier counted meanwhile, by name. */
  readonly counts: Readonly<Record<string, number>>
}

/** The same instants and bytes as the storm of this seed, from a plain socket: no store is touched. */
export interface PlainPlan {
  readonly do: 'plain'
  /** CPU time that each read spends in vain, so that the core is as busy as in a storm. */
  readonly spinMs: Ms
  readonly bodyBytes: Bytes
  /** Of different bodies. */
  readonly count: number
  readonly readsPerS: number
  readonly forMs: Ms
  readonly seed: number
}

/** Reads `bodies` in turn, `inFlight` at once, as fast as they come. */
export interface DeliverPlan {
  readonly do: 'deliver'
  readonly bodies: readonly StormBody[]
  readonly inFlight: number
  readonly forMs: Ms
}
export interface Delivered {
  readonly bytes: number
  readonly tookMs: Ms
  readonly cpuMs: Ms
}

/** Asks for one body until it is there: when, on the clock that all processes of a machine share. */
export interface AwaitPlan {
  readonly do: 'await'
  readonly body: StormBody
}
export interface Awaited {
  readonly atMs: number
}

export interface OpenPlan {
  readonly do: 'open'
  readonly config: StoreConfig
  readonly budgetMs: Ms
  readonly keepMs: Ms
}

export type Plan = OpenPlan | PublishPlan | StormPlan | PlainPlan | DeliverPlan | AwaitPlan
export type Result<P extends Plan> = P extends PublishPlan
  ? Published
  : P extends StormPlan
    ? Stormed
    : P extends DeliverPlan
      ? Delivered
      : P extends AwaitPlan
        ? Awaited
        : Record<string, never>
