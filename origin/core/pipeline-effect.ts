import type { Distribution } from '../../live/distribution.ts'
import type { LiveEvent } from '../../live/event.ts'
import type { Defect } from '../../live/live-state.ts'
import type { EpochMs, SegmentNumber } from '../../live/units.ts'
import type { PipelineFaults } from './pipeline-faults.ts'

// What goes into a pipeline's schedule and what comes out: plain data. The packager and the simulator speak to it in
// these words only.

export interface PipelineScheduleConfig {
  readonly event: LiveEvent
  /** Which of the event's pipelines this is. */
  readonly pipeline: string
  /** From a segment's expected publication to the instant at which its PUT begins; negative is earlier. */
  readonly publishJitter: Distribution
  /** How many segments of each rendition before the first live one are put at once, as far as the window goes. */
  readonly backlogSegments: number
  readonly seed: number
}

/** One PUT. */
export interface PipelinePut {
  readonly rendition: string
  /** Undefined: the initialisation segment. */
  readonly number: SegmentNumber | undefined
  /** 1 for the first. */
  readonly attempt: number
  readonly defects: readonly Defect[]
  /** The instant at which the first attempt should begin. The same for every attempt, so that all carry one body. */
  readonly plannedMs: EpochMs
  /** A fault: the packager dies in the middle of the body. */
  readonly torn?: true | undefined
}

export type PipelineEffect =
  | ({ readonly do: 'put' } & PipelinePut)
  | {
      readonly do: 'give-up'
      readonly rendition: string
      readonly number: SegmentNumber | undefined
      /** PUTs that were made. */
      readonly attempts: number
      /** The origin's answer is final, the retry deadline has passed, or the pipeline is lost. */
      readonly why: 'refused' | 'deadline' | 'lost'
    }

/** For people and the live page. */
export interface PipelineScheduleState {
  /** The next number whose capture ends. */
  readonly nextNumber: SegmentNumber
  /** Initialisation segments that the origin has neither taken nor refused; nothing else is put before. */
  readonly initsLeft: number
  /** Segments of the backlog that the origin has neither taken nor refused. */
  readonly backlogLeft: number
  readonly waiting: number
  readonly inFlight: number
  readonly faults: PipelineFaults
}
