import type { EpochMs, Ms } from '../../live/units.ts'
import type { Part } from '../../results/record/part.ts'
import type { FleetConfig } from './config.ts'

/** What `GET /state` says of a fleet. */
export interface FleetState {
  readonly shard: FleetConfig['shard']
  /** Of the whole fleet, all shards together. */
  readonly players: number
  /** Players of this process that are there now. */
  readonly present: number
  readonly inFlight: number
  /** Requests that may still be sent; absent where there is no budget. */
  readonly budgetLeft?: number | undefined
  readonly startMs: EpochMs
  readonly durationMs: Ms
  readonly sites: FleetConfig['sites']
  /** As in the record, since it began. */
  readonly counts: Readonly<Record<string, number>>
  /** Waits from publication to first byte since the fleet began: how many in each bucket, the last one without a bound. */
  readonly waits: { readonly boundsMs: readonly Ms[]; readonly counts: readonly number[] }
}

/** A fleet that runs: in this thread, or in workers. */
export interface RunningFleet {
  /** The part as it stands when the storm is over: at its end, or after `stop`. */
  readonly done: Promise<Part>
  resize(players: number): Promise<void>
  retarget(sites: FleetConfig['sites']): Promise<void>
  reset(): Promise<void>
  state(): Promise<FleetState>
  record(): Promise<Part>
  /** Everybody leaves at once. Resolves when all is closed. */
  stop(): Promise<void>
}
