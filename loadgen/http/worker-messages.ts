import type { Part } from '../../results/record/part.ts'
import type { FleetConfig } from './config.ts'

// What a fleet's main thread and its workers say to each other.

export type WorkerCall =
  | { readonly do: 'resize'; readonly players: number }
  | { readonly do: 'retarget'; readonly sites: FleetConfig['sites'] }
  | { readonly do: 'reset' | 'state' | 'record' | 'stop' }

/** To a worker. */
export interface WorkerRequest {
  readonly id: number
  readonly call: WorkerCall
}

export interface WorkerAnswer {
  readonly is: 'answer'
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

/** From a worker. */
export type WorkerMessage = { readonly is: 'ready' } | { readonly is: 'done'; readonly part: Part } | WorkerAnswer
