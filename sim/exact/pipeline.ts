import { limits } from '../../live/limits.ts'
import { hash32 } from '../../live/random.ts'
import { captureEnd } from '../../live/template.ts'
import { between, type EpochMs } from '../../live/units.ts'
import type { PipelineEffect, PipelinePut, PipelineScheduleConfig } from '../../origin/core/pipeline-effect.ts'
import type { PipelineFaultChange } from '../../origin/core/pipeline-faults.ts'
import type { PutOutcome } from '../../origin/core/pipeline-retry.ts'
import { PipelineSchedule } from '../../origin/core/pipeline-schedule.ts'
import type { PutAnswer, PutBody } from '../../origin/core/verdict.ts'
import { Recorder } from '../../process/recorder.ts'
import type { Part } from '../../results/record/part.ts'
import { type CallId, noCall } from './agenda.ts'
import { foldPipelineEffects, foldPut } from './folding.ts'
import type { Ground } from './ground.ts'
import type { SimOrigin } from './origin.ts'

// A pipeline's packager and the origin's publish side in virtual time: what origin/pipeline/packager.ts and
// origin/http/publish.ts do. A body is its size and its identity; the checksum in its ETag stands for the latter.

export class SimPipeline {
  readonly #ground: Ground
  readonly #origin: SimOrigin
  readonly #schedule: PipelineSchedule
  readonly #config: PipelineScheduleConfig
  readonly #place: number
  readonly #recorder: Recorder
  #wake: CallId = noCall

  constructor(ground: Ground, origin: SimOrigin, config: PipelineScheduleConfig, beganMs: EpochMs) {
    this.#ground = ground
    this.#origin = origin
    this.#config = config
    this.#place = config.event.pipelines.indexOf(config.pipeline)
    this.#schedule = new PipelineSchedule(config, beganMs)
    this.#recorder = new Recorder({ role: 'pipeline', name: `pipeline-${config.pipeline}` })
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
    const leavesMs =
      (now as number) +
      (labour.pipelinePut.cpuMs(body.bodyBytes as number) as number) +
      (labour.pipelinePut.besideMs() as number)
    const end = (outcome: PutOutcome, at: EpochMs) => this.#ended(put, body, outcome, now, at)
    agenda.at(leavesMs + (ways.pipelineOrigin.oneWayMs() as number), at => this.#arrives(body, at, end))
  }

  /** At the origin: judged by its head, then by its body, stored, made visible, answered. */
  #arrives(body: PutBody, now: EpochMs, end: (outcome: PutOutcome, at: EpochMs) => void): void {
    const { agenda, hash, labour, ways } = this.#ground
    const { core, cores, books } = this.#origin
    const answer = ({ status, reason }: Pick<PutAnswer, 'status' | 'reason'>, at: EpochMs) => {
      books.putEnded(reason, now, at)
      agenda.at((at as number) + (ways.pipelineOrigin.oneWayMs() as number), endMs => end({ status }, endMs))
    }
    const offered = core.offer(body, now)
    foldPut(hash, offered)
    this.#origin.schedule()
    if (offered.do === 'answer') {
      answer(offered, now)
      return
    }
    agenda.at(labour.originPublish.doneBy(cores, body.bodyBytes as number, now), arrivedMs => {
      const judged = core.arrived(body, arrivedMs)
      foldPut(hash, judged)
      if (judged.do === 'answer') {
        answer(judged, arrivedMs)
        return
      }
      agenda.at(labour.storeWrite.doneBy(cores, body.bodyBytes as number, arrivedMs), storedMs => {
        const stored = core.stored(body, storedMs)
        if (stored.answer.reason === 'accepted' && body.number !== undefined) {
          books.published(core.eventConfig(), body.rendition, body.number, storedMs)
        }
        // Those who wait come before the packager, which has nobody waiting for it.
        this.#origin.apply(stored.effects, storedMs, body)
        answer(stored.answer, storedMs)
      })
    })
  }

  #ended(put: PipelinePut, body: PutBody, outcome: PutOutcome, begunMs: EpochMs, now: EpochMs): void {
    const tookMs = between(begunMs, now)
    this.#recorder.time('put_ms', tookMs)
    const came: PutOutcome = (tookMs as number) > limits.putTimeoutMs ? { failure: 'timeout' } : outcome
    if ('status' in came) {
      this.#recorder.count(`puts.status.${came.status}`)
      this.#recorder.count('bytes_sent', body.bodyBytes as number)
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
