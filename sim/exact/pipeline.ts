import { limits } from '../../live/limits.ts'
import { hash32 } from '../../live/random.ts'
import { captureEnd } from '../../live/template.ts'
import { between, type EpochMs } from '../../live/units.ts'
import type { PipelineEffect, PipelinePut, PipelineScheduleConfig } from '../../origin/core/pipeline-effect.ts'
import type { PipelineFaultChange } from '../../origin/core/pipeline-faults.ts'
import type { PutOutcome } from '../../origin/core/pipeline-retry.ts'
import { PipelineSchedule } from '../../origin/core/pipeline-schedule.ts'
import type { PutBody } from '../../origin/core/verdict.ts'
import { Acknowledged } from '../../origin/pipeline/acknowledged.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import { Cores } from '../network/cores.ts'
import { type CallId, noCall } from './agenda.ts'
import { foldPipelineEffects } from './folding.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'
import type { PutEnded } from './publish-side.ts'

// A pipeline's packager towards one origin in virtual time: what origin/pipeline/packager.ts does over HTTP. A body is its size and its identity; the checksum in its ETag stands for the latter.

/** Where a packager puts. */
export interface PublishTarget {
  readonly target: string
  /** Undefined: nobody listens there. */
  at(): SimOrigin | undefined
}

export class SimPipeline {
  /** What the origin has acknowledged. */
  readonly acknowledged = new Acknowledged()
  readonly #ground: Ground
  readonly #target: PublishTarget
  readonly #schedule: PipelineSchedule
  readonly #config: PipelineScheduleConfig
  readonly #place: number
  readonly #recorder: Recorder
  /** Where it shares its machine with what is measured; elsewhere a packager has a machine that is never busy. */
  readonly #cores: Cores | undefined
  #wake: CallId = noCall

  constructor(ground: Ground, target: PublishTarget, config: PipelineScheduleConfig, beganMs: EpochMs) {
    this.#ground = ground
    this.#target = target
    this.#config = config
    this.#place = config.event.pipelines.indexOf(config.pipeline)
    this.#schedule = new PipelineSchedule(config, beganMs)
    const name = `pipeline-${config.pipeline}`
    this.#recorder = new Recorder({ role: 'pipeline', name })
    this.#cores =
      ground.machine && new Cores(1, ground.machine, ground.pausesOf('pipeline', `${name}/${target.target}`))
  }

  get name(): string {
    return this.#config.pipeline
  }

  part(): Part {
    return this.#recorder.part()
  }

  /** Segments of the backlog that are still to come. */
  get backlogLeft(): number {
    return this.#schedule.state().backlogLeft
  }

  changeFaults(change: PipelineFaultChange, now: EpochMs): void {
    this.#schedule.changeFaults(change, now)
    this.turn(now)
  }

  /** Does what is due, and sets the call for what comes next. */
  turn(now: EpochMs): void {
    const { agenda } = this.#ground
    agenda.takeBack(this.#wake)
    this.#carryOut(this.#schedule.wake(now), now)
    const wakeMs = this.#schedule.nextWakeMs() as number
    this.#wake =
      wakeMs === Infinity
        ? noCall
        : agenda.at(wakeMs, at => {
            this.#wake = noCall
            this.turn(at)
          })
  }

  #carryOut(effects: readonly PipelineEffect[], now: EpochMs): void {
    foldPipelineEffects(this.#ground.hash, this.#place, effects)
    for (const effect of effects) {
      if (effect.do === 'put') this.#put(effect, now)
      else {
        this.#recorder.count('given_up')
        this.#recorder.count(`given_up.${effect.why}`)
      }
    }
  }

  #put(put: PipelinePut, now: EpochMs): void {
    const { agenda, labour, ways } = this.#ground
    const body = this.#bodyOf(put)
    this.#recorder.count('puts')
    this.#recorder.tick('puts', now)
    if (put.attempt > 1) this.#recorder.count('put_retries')
    const leavesMs = this.#cores
      ? labour.pipelinePut.doneBy(this.#cores, body.bodyBytes as number, now)
      : now + labour.pipelinePut.cpuMs(body.bodyBytes as number) + labour.pipelinePut.besideMs()
    if (put.torn) {
      this.#tear(put, body, now, leavesMs)
      return
    }
    const ended: PutEnded = (outcome, etag, at) => {
      agenda.at((at as number) + (ways.pipelineOrigin.oneWayMs() as number), endMs =>
        this.#ended(put, body, { outcome, etag }, now, endMs),
      )
    }
    agenda.at(leavesMs + (ways.pipelineOrigin.oneWayMs() as number), at => {
      const origin = this.#target.at()
      if (origin) origin.publishSide.put(body, at, ended)
      else ended({ failure: 'refused' }, undefined, at)
    })
  }

  /** The packager dies when half of the body has left. */
  #tear(put: PipelinePut, body: PutBody, begunMs: EpochMs, leavesMs: EpochMs): void {
    const { agenda, ways } = this.#ground
    this.#recorder.count('puts_torn')
    agenda.at((leavesMs as number) + (ways.pipelineOrigin.oneWayMs() as number), at =>
      this.#target.at()?.publishSide.tornPut(body, at),
    )
    agenda.at(leavesMs, at => this.#ended(put, body, { outcome: { failure: 'reset' }, etag: undefined }, begunMs, at))
  }

  #ended(
    put: PipelinePut,
    body: PutBody,
    { outcome, etag }: { readonly outcome: PutOutcome; readonly etag: string | undefined },
    begunMs: EpochMs,
    now: EpochMs,
  ): void {
    const tookMs = between(begunMs, now)
    this.#recorder.time('put_ms', tookMs)
    const came: PutOutcome = (tookMs as number) > limits.putTimeoutMs ? { failure: 'timeout' } : outcome
    if ('status' in came) {
      this.#recorder.count(`puts.status.${came.status}`)
      this.#recorder.count('bytes_sent', body.bodyBytes as number)
      const { rendition, number } = put
      if (came.status < 300 && etag !== undefined) {
        this.acknowledged.add({ target: this.#target.target, pipeline: this.name, rendition, number, etag })
      }
    } else this.#recorder.count(`puts.failure.${came.failure}`)
    this.#carryOut(this.#schedule.putEnded(put, came, now), now)
    this.turn(now)
  }

  #bodyOf({ rendition, number, defects, plannedMs }: PipelinePut): PutBody {
    const { media, event } = this.#ground
    const bodyBytes = number === undefined ? media.initBytes(rendition) : media.segmentBytes(rendition, number, defects)
    // Real media looped by two encoders is the same to the byte but for its producer's clock, which both take from the
    // capture; synthetic bodies name their publication. Either way the pipeline stands in front.
    const made = event.body === 'cmaf' && number !== undefined ? captureEnd(event, number) : plannedMs
    const identity = `${rendition}/${number ?? 'init'}/${number === undefined ? '' : made}`
    const etag = `"${this.name}-${hash32(identity).toString(16).padStart(8, '0')}-${bodyBytes}"`
    return { pipeline: this.name, event: event.event, rendition, number, bodyBytes, defects, etag }
  }
}
