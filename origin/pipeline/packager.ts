import type { Pool } from 'undici'
import { formatIngestAddress } from '../../live/address.ts'
import type { LiveEvent } from '../../live/event.ts'
import { formatDefects, liveFields, requestIdField } from '../../live/live-state.ts'
import { now } from '../../process/clock.ts'
import type { Recorder } from '../../process/recorder.ts'
import type { PipelineEffect, PipelinePut, PipelineScheduleState } from '../core/pipeline-effect.ts'
import type { PipelineFaultChange } from '../core/pipeline-faults.ts'
import type { PutOutcome } from '../core/pipeline-retry.ts'
import type { PipelineSchedule } from '../core/pipeline-schedule.ts'
import type { Acknowledged } from './acknowledged.ts'
import type { Encoder } from './encoder.ts'
import { captureOf } from './feed.ts'
import { openPublishPool, putBody, tearPut } from './put.ts'

// The packager: carries out what the schedule says, towards one origin. Each origin has a packager of its own, so that
// one that is slow or gone does not hold up another.

export interface PackagerOptions {
  readonly event: LiveEvent
  readonly pipeline: string
  /** The origin's publish listener. */
  readonly target: string
  readonly publishToken: string
  readonly schedule: PipelineSchedule
  readonly encoder: Encoder
  readonly recorder: Recorder
  /** Takes what the origin has acknowledged. */
  readonly acknowledged: Acknowledged
  /** Takes a line for people. */
  readonly complain: (message: string) => void
}

/** Longer than Node's timers go. */
const longestTimerMs = 2 ** 31 - 1

export class Packager {
  readonly #options: PackagerOptions
  readonly #pool: Pool
  readonly #running = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #ending = false
  #saidFailure = ''

  constructor(options: PackagerOptions) {
    this.#options = options
    this.#pool = openPublishPool(options.target)
  }

  /** Begins to put what is due. */
  start(): void {
    this.#turn()
  }

  changeFaults(change: PipelineFaultChange): void {
    this.#options.schedule.changeFaults(change, now())
    this.#turn()
  }

  state(): PipelineScheduleState & { readonly target: string } {
    return { target: this.#options.target, ...this.#options.schedule.state() }
  }

  /** No further PUT begins; resolves when those that run have ended. */
  async close(): Promise<void> {
    this.#ending = true
    clearTimeout(this.#timer)
    await Promise.all(this.#running)
    await this.#pool.close()
  }

  #turn(): void {
    if (this.#ending) return
    clearTimeout(this.#timer)
    const { schedule } = this.#options
    for (const effect of schedule.wake(now())) this.#carryOut(effect)
    const wakeMs = schedule.nextWakeMs() as number
    if (wakeMs === Infinity) return
    const pauseMs = Math.min(longestTimerMs, Math.max(0, Math.ceil(wakeMs - (now() as number))))
    this.#timer = setTimeout(() => this.#turn(), pauseMs)
  }

  #carryOut(effect: PipelineEffect): void {
    if (effect.do === 'give-up') this.#giveUp(effect)
    else {
      const running = this.#put(effect).finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
  }

  async #put(put: PipelinePut): Promise<void> {
    const { pipeline, event, recorder, schedule, target, acknowledged } = this.#options
    const { rendition, number, attempt } = put
    const path = formatIngestAddress({ pipeline, event: event.event, rendition, number })
    const body = this.#encode(put)
    const begunMs = now()
    recorder.count('puts')
    recorder.tick('puts', begunMs)
    if (attempt > 1) recorder.count('put_retries')
    if (put.torn) recorder.count('puts_torn')
    const headers = this.#headers(put)
    const answer = put.torn ? tearPut(new URL(path, target), headers, body) : putBody(this.#pool, path, headers, body)
    const { outcome, words, etag } = await answer
    const endedMs = now()
    recorder.time('put_ms', endedMs - begunMs)
    if ('status' in outcome) {
      recorder.count(`puts.status.${outcome.status}`)
      recorder.count('bytes_sent', body.byteLength)
      if (outcome.status < 300 && etag) acknowledged.add({ target, pipeline, rendition, number, etag })
    } else recorder.count(`puts.failure.${outcome.failure}`)
    this.#sayFailure(path, outcome, words)
    for (const effect of schedule.putEnded({ rendition, number }, outcome, endedMs)) this.#carryOut(effect)
    this.#turn()
  }

  /** An outage is one line, not one for every PUT that it fails. */
  #sayFailure(path: string, outcome: PutOutcome, words: string): void {
    const failure = words === '' ? '' : JSON.stringify(outcome)
    if (failure !== '' && failure !== this.#saidFailure) this.#options.complain(`PUT ${path}: ${failure} ${words}`)
    this.#saidFailure = failure
  }

  #encode({ rendition: name, number, defects, plannedMs }: PipelinePut): Uint8Array {
    const { event, encoder } = this.#options
    const rendition = event.renditions.find(r => r.name === name)!
    if (number === undefined) return encoder.init(rendition)
    return encoder.segment(rendition, captureOf(event, number), defects, plannedMs)
  }

  #headers({ rendition, number, attempt, defects }: PipelinePut): Record<string, string> {
    const { pipeline, event, publishToken } = this.#options
    const kind = event.renditions.find(r => r.name === rendition)!.kind
    const field = formatDefects(defects)
    return {
      authorization: `Bearer ${publishToken}`,
      'content-type': `${kind}/mp4`,
      [requestIdField]: `${pipeline}-${rendition}-${number ?? 'init'}-${attempt}`,
      ...(field === undefined ? {} : { [liveFields.defects]: field }),
    }
  }

  #giveUp({ rendition, number, attempts, why }: Extract<PipelineEffect, { do: 'give-up' }>): void {
    const { recorder, complain } = this.#options
    recorder.count('given_up')
    recorder.count(`given_up.${why}`)
    if (why !== 'lost') complain(`gave up ${rendition}/${number ?? 'init'} after ${attempts} attempts: ${why}`)
  }
}
